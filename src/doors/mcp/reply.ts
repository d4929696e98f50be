/** What came back for a call, as messages of MCP: notifications and questions on the way, and one end. */
import { Buffer } from 'node:buffer';
import { Fault, formOf, type Reply, type StoredReply } from '../../contract/index.ts';
import { dialectOf, readEvents } from '../../dialects/index.ts';
import { exactJson } from '../../kernel/index.ts';
import { guardJson } from '../http/index.ts';
import { type Id, isJson, type Json, type RpcError } from './message.ts';

export type End =
  | { readonly kind: 'result'; readonly result: Json }
  | { readonly kind: 'error'; readonly error: RpcError };

export type Heard =
  | { readonly kind: 'notification'; readonly method: string; readonly params: Json }
  | { readonly kind: 'request'; readonly id: Id; readonly method: string; readonly params: Json }
  | End;

/** Airspace's own answer: people are asked about the call first. */
export const isHeld = ({ status, attempts, body }: Reply): boolean =>
  status === 202 && attempts === 0 && body.kind === 'bytes';

const LONGEST = 16 * 1024 * 1024;

const invalid = (why: string): Fault =>
  new Fault('upstream_invalid', `the server answered ${why}`, { executed: 'yes' });

/** Ends with exactly one end. Throws Fault `upstream_invalid`, `upstream_broken`. */
export async function* heardIn(reply: Reply, operation: string): AsyncGenerator<Heard> {
  if (isHeld(reply))
    throw new Fault('approval_required', `\`${operation}\` wants an approval, and nothing here can wait for it`);
  if (reply.body.kind === 'bytes' || !reply.contentType.startsWith('text/event-stream')) {
    yield endIn({ ...reply, bytes: await collected(reply) }, operation);
    return;
  }
  let end: Heard | undefined;
  for await (const { data } of readEvents(reply.body.chunks)) {
    if (end !== undefined) break;
    const heard = messageIn(parsed(Buffer.from(data)));
    if (heard.kind === 'result' || heard.kind === 'error') end = heard;
    else yield heard;
  }
  // Whoever leaves before the stream is over has given the call up, and its record says so.
  if (end !== undefined) return yield end;
  throw new Fault('upstream_broken', 'the server closed its stream before it answered');
}

const collected = async ({ body }: Reply): Promise<Uint8Array> => {
  if (body.kind === 'bytes') return body.bytes;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > LONGEST) throw invalid(`with more than ${LONGEST} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
};

const parsed = (bytes: Uint8Array): unknown => {
  try {
    guardJson(bytes, { maxDepth: 128, maxTokens: 1_000_000 });
    return exactJson(bytes);
  } catch (thrown) {
    throw invalid(
      thrown instanceof Fault ? `something else than JSON (${thrown.message})` : 'something else than JSON',
    );
  }
};

const messageIn = (value: unknown): Heard => {
  if (!isJson(value)) throw invalid('something that is no message');
  const { id, method, params = {}, result, error } = value;
  if (typeof method === 'string' && isJson(params))
    return typeof id === 'string' || typeof id === 'number'
      ? { kind: 'request', id, method, params }
      : { kind: 'notification', method, params };
  if (isJson(result)) return { kind: 'result', result };
  return { kind: 'error', error: errorIn(error) };
};

const errorIn = (value: unknown): RpcError => {
  if (!isJson(value) || typeof value['code'] !== 'number' || typeof value['message'] !== 'string')
    throw invalid('neither a result nor an error');
  const { code, message, data } = value;
  return { code: code as number, message: message as string, ...(data === undefined ? {} : { data }) };
};

/** One whole answer, fresh or kept. What is in other words than ours is said in ours. */
export const endIn = (
  {
    outcome,
    status,
    contentType,
    bytes,
  }: Pick<Reply, 'status' | 'contentType'> & {
    readonly outcome: StoredReply['outcome'];
    readonly bytes: Uint8Array;
  },
  operation: string,
): End => {
  const form = formOf(contentType);
  if (form === 'mcp' && contentType.startsWith('text/event-stream')) return lastIn(bytes);
  const payload = bytes.byteLength === 0 ? {} : isText(contentType) ? Buffer.from(bytes).toString() : parsed(bytes);
  if (form === 'mcp') {
    if (!isJson(payload)) throw invalid('something that is no object');
    return outcome === 'ok' ? { kind: 'result', result: payload } : { kind: 'error', error: errorIn(payload['error']) };
  }
  const [spoken, ours] = [dialectOf(form), dialectOf('mcp')];
  const about = { kind: 'tool', operation, model: '', callId: '', atS: 0 } as const;
  if (outcome === 'ok')
    return { kind: 'result', result: ours.writeAnswer(spoken.readAnswer(payload, about), about) as Json };
  const { message } = spoken.readFailure(payload, status);
  return { kind: 'result', result: { content: [{ type: 'text', text: message }], isError: true } };
};

/** Of messages that were kept: the end of them. */
const lastIn = (bytes: Uint8Array): End => {
  const last = Buffer.from(bytes).toString().trimEnd().split('\n\n').at(-1) ?? '';
  const data = last.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : []));
  const heard = messageIn(parsed(Buffer.from(data.join('\n'))));
  if (heard.kind === 'result' || heard.kind === 'error') return heard;
  throw invalid('messages without an end');
};

const isText = (contentType: string): boolean => contentType === '' || contentType.startsWith('text/');
