/** What an agent sends, taken whole and read as JSON that means one thing only. */
import { Buffer } from 'node:buffer';
import { Fault, type Reply } from '../../contract/index.ts';
import { guardJson } from '../../kernel/index.ts';

/** Of one document or one event. Histories are long, so it is more than a caller may send. */
const LIMITS = { maxDepth: 64, maxTokens: 500_000 };

export const invalid = (problem: string, cause?: unknown): Fault =>
  new Fault('upstream_invalid', `the agent ${problem}`, { executed: 'yes', cause });

/** `at most` bytes are held. */
export const collected = async ({ body }: Pick<Reply, 'body'>, atMost: number): Promise<Buffer> => {
  if (body.kind === 'bytes') {
    if (body.bytes.byteLength > atMost) throw invalid(`answered more than ${atMost} bytes`);
    return Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > atMost) throw invalid(`answered more than ${atMost} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
};

/** Throws `upstream_invalid` for duplicate members, depths, floods, and what is no JSON. */
export const jsonIn = (bytes: Uint8Array): unknown => {
  try {
    guardJson(bytes, LIMITS);
  } catch (cause) {
    const problem = cause instanceof Fault ? cause.facts['problem'] : undefined;
    throw invalid(`answered JSON that is refused${typeof problem === 'string' ? `: ${problem}` : ''}`, cause);
  }
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
};

/** A failure may be said in any way: what cannot be read is text. */
export const failureIn = (bytes: Uint8Array): unknown => {
  try {
    return jsonIn(bytes);
  } catch {
    return Buffer.from(bytes.subarray(0, 2_000)).toString('utf8');
  }
};

export const isJsonType = (contentType: string): boolean =>
  /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(contentType);

export const isEventStream = (contentType: string): boolean => /^text\/event-stream\s*(;|$)/i.test(contentType);
