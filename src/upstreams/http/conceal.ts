/** Keeps the secret of a target out of what the target says: some of them repeat in an error what they were shown. */
import { Buffer } from 'node:buffer';
import type { Reply } from '../../contract/index.ts';

/** A shorter one stands in ordinary text, and a target with such a secret has none. */
const SHORTEST = 12;
const MASK = '[secret]';

export const concealed = (reply: Reply, secret: string): Reply => {
  if (secret.length < SHORTEST) return reply;
  const headers = reply.headers.some(([, value]) => value.includes(secret))
    ? reply.headers.map(([name, value]) => [name, value.replaceAll(secret, MASK)] as const)
    : reply.headers;
  const { body } = reply;
  if (body.kind === 'stream')
    return { ...reply, headers, body: { kind: 'stream', chunks: concealedChunks(body.chunks, Buffer.from(secret)) } };
  const bytes = view(body.bytes);
  const without = masked(bytes, Buffer.from(secret));
  return without === bytes && headers === reply.headers
    ? reply
    : { ...reply, headers, body: { kind: 'bytes', bytes: without } };
};

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The same buffer when there is nothing to hide. */
const masked = (bytes: Buffer, secret: Buffer): Buffer => {
  let at = bytes.indexOf(secret);
  if (at < 0) return bytes;
  const parts: Buffer[] = [];
  let from = 0;
  for (; at >= 0; at = bytes.indexOf(secret, from)) {
    parts.push(bytes.subarray(from, at), Buffer.from(MASK));
    from = at + secret.byteLength;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
};

/** Whoever leaves while a chunk is waited for leaves at once: a generator would wait for the chunk first. */
const concealedChunks = (chunks: AsyncIterable<Uint8Array>, secret: Buffer): AsyncIterableIterator<Uint8Array> => {
  const source = chunks[Symbol.asyncIterator]();
  const hidden = hiddenIn({ [Symbol.asyncIterator]: () => source }, secret);
  return {
    next: () => hidden.next(),
    return: async () => {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};

/** A chunk waits only where its end may be the beginning of the secret. */
async function* hiddenIn(chunks: AsyncIterable<Uint8Array>, secret: Buffer): AsyncGenerator<Uint8Array> {
  let kept = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = masked(kept.byteLength === 0 ? view(chunk) : Buffer.concat([kept, chunk]), secret);
    const end = bytes.byteLength - begun(bytes, secret);
    kept = Buffer.from(bytes.subarray(end));
    if (end > 0) yield bytes.subarray(0, end);
  }
  if (kept.byteLength > 0) yield kept;
}

/** How many bytes of the secret the end may be. */
const begun = (bytes: Buffer, secret: Buffer): number => {
  const most = Math.min(bytes.byteLength, secret.byteLength - 1);
  const tail = bytes.subarray(bytes.byteLength - most);
  for (let at = tail.indexOf(secret[0]!); at >= 0; at = tail.indexOf(secret[0]!, at + 1))
    if (tail.subarray(at).equals(secret.subarray(0, most - at))) return most - at;
  return 0;
};
