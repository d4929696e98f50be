/** Takes fields out of replies below the record, so that neither the caller nor the journal ever holds them. */
import { Buffer } from 'node:buffer';
import {
  type Body,
  type Constraints,
  documentIn,
  eventsIn,
  Fault,
  formOf,
  type Reply,
  type TargetKind,
} from '../contract/index.ts';
import { readEvents } from '../dialects/index.ts';
import { bytesOf, exactJson, type Handler, isJson, type Layer, Permit, payloadOf } from '../kernel/index.ts';
import { redactAnswer } from './documents.ts';
import { REDACTED } from './redact.ts';
import { withoutDigests } from './rewrite-call.ts';

/** Stands inside the record, around everything that sends. Reads the limits from the permit of the call. */
export const redactReplies = (): Layer => (next) => (call, scope) =>
  redacting(next, Permit.check(call).constraints)(call, scope);

/** What the journal kept before a limit was there is redacted when it is told again. */
export const redactReplays = (next: Handler, limits: Constraints): Handler =>
  redacting(next, limits, (reply) => reply.notes?.includes('replayed') === true);

const every = (): boolean => true;

const redacting = (next: Handler, { redactOut }: Constraints, concerns: (reply: Reply) => boolean = every): Handler =>
  redactOut === undefined
    ? next
    : async (call, scope) => {
        const reply = await next(call, scope);
        return concerns(reply) ? redactedReply(reply, redactOut, call.target.kind) : reply;
      };

/**
 * Throws Fault `upstream_invalid` (executed: yes) for an answer that is no JSON, or a stream of anything else. The target's own
 * error that is no JSON stays an error, and its text is withheld.
 */
export const redactedReply = async (reply: Reply, pointers: readonly string[], kind: TargetKind): Promise<Reply> => {
  const only = await resultOf(reply);
  if (only !== undefined) return redactedReply(only, pointers, kind);
  const body = await collected(reply);
  if (body?.bytes.byteLength === 0) return { ...reply, body };
  const bytes = body === undefined ? undefined : redactedBytes(body, reply.contentType, pointers, kind);
  if (bytes !== undefined) return withBytes(reply, bytes);
  if (reply.outcome === 'failed')
    return { ...withBytes(reply, bytesOf(REDACTED)), contentType: documentIn(formOf(reply.contentType)) };
  throw new Fault(
    'upstream_invalid',
    'the limits redact fields of this reply, and it is no JSON of at most 1 MiB; the target ran, and its reply is withheld',
    { executed: 'yes', facts: { code: 'CANNOT_REDACT' } },
  );
};

/**
 * MCP has one result, and before it notifications that may tell anything: only the result is left. Undefined: another reply, or one
 * without a result, or whose server wants an answer first.
 */
const resultOf = async ({ body, contentType, ...reply }: Reply): Promise<Reply | undefined> => {
  if (contentType !== eventsIn('mcp')) return undefined;
  let size = 0;
  let result: unknown;
  for await (const { data } of readEvents(body.kind === 'bytes' ? once(body.bytes) : body.chunks)) {
    size += data.length;
    if (result !== undefined || size > MOST_BYTES) break;
    const message = jsonIn(data) as Readonly<Record<string, unknown>>;
    result = message['result'];
    if (result === undefined && message['id'] !== undefined) break;
  }
  if (result === undefined) return undefined;
  return { ...reply, contentType: documentIn('mcp'), body: { kind: 'bytes', bytes: bytesOf(result) } };
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const jsonIn = (text: string): unknown => {
  try {
    return exactJson(Buffer.from(text)) ?? {};
  } catch {
    return {};
  }
};

const withBytes = (reply: Reply, bytes: Uint8Array): Reply => ({
  ...reply,
  headers: withoutDigests(reply.headers),
  body: { kind: 'bytes', bytes },
});

type Bytes = Extract<Body, { readonly kind: 'bytes' }>;

/** Undefined: nothing that can be redacted as a whole. */
const redactedBytes = (
  body: Bytes,
  contentType: string,
  pointers: readonly string[],
  kind: TargetKind,
): Uint8Array | undefined => {
  if ('problem' in payloadOf({ body, contentType })) return undefined;
  try {
    const json = exactJson(body.bytes);
    return redactAnswer(json, formOf(contentType), pointers, kind) ? bytesOf(json) : undefined;
  } catch {
    return undefined; // nested deeper than can be walked
  }
};

const MOST_BYTES = 1024 * 1024;

/** A JSON reply of unknown length comes as a stream and is still one document. Undefined: too long, or no JSON; it is ended. */
const collected = async ({ body, contentType }: Reply): Promise<Bytes | undefined> => {
  if (body.kind === 'bytes') return body;
  if (!isJson(contentType)) {
    await body.chunks[Symbol.asyncIterator]().return?.();
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return { kind: 'bytes', bytes: Buffer.concat(chunks) };
};
