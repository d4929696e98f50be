/**
 * Writes payloads down where a limit of policy says so (`@log_payload("full")`), and nowhere else. Stands outside of what takes fields out
 * of replies, and behind what takes them out of payloads: INVARIANT: what a limit keeps from somebody is in no log.
 */
import { type Body, type Call, type LogLevel, PAYLOAD_OF_CALL, PAYLOAD_OF_REPLY } from '../contract/index.ts';
import { type Handler, type Layer, Permit } from '../kernel/index.ts';

/** Characters of one payload; of a longer one the beginning is kept, and its length said. */
const MOST_CHARACTERS = 4_096;

type Log = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

/** `log` must return at once and not throw. */
export const payloads =
  (log: Log): Layer =>
  (next) =>
  (call, scope) =>
    Permit.check(call).constraints.logPayload === 'full' ? written(log, next)(call, scope) : next(call, scope);

const written =
  (log: Log, next: Handler): Handler =>
  async (call, scope) => {
    log('info', PAYLOAD_OF_CALL, { ...about(call), ...textOf(call.body, call.contentType) });
    const reply = await next(call, scope);
    log('info', PAYLOAD_OF_REPLY, {
      ...about(call),
      ...{ http_status: reply.status, ...textOf(reply.body, reply.contentType) },
    });
    return reply;
  };

const about = ({ id, trace, principal, target }: Call): Readonly<Record<string, unknown>> => ({
  ...{ trace_id: trace.trace, call_id: id, tenant: principal?.tenant ?? '' },
  ...(principal?.domain === undefined ? {} : { domain: principal.domain }),
  agent: principal?.kind === 'agent' ? principal.id : target.kind === 'agent' ? target.name : '',
  ...{ caller: principal?.id ?? '', caller_kind: principal?.kind ?? '' },
  target: `${target.kind}/${target.name}/${target.operation}`,
});

/** What is sent piece by piece is not held back to be written down, and what is no text says how long it is. */
const textOf = (body: Body, contentType: string): Readonly<Record<string, unknown>> => {
  const said = { content_type: contentType };
  if (body.kind === 'stream') return { ...said, payload_kept: 'no: it was streamed' };
  const { byteLength: bytes } = body.bytes;
  if (!TEXT.test(contentType)) return { ...said, bytes, payload_kept: 'no: it is no text' };
  const text = new TextDecoder().decode(body.bytes.subarray(0, 4 * MOST_CHARACTERS));
  return text.length <= MOST_CHARACTERS && bytes <= 4 * MOST_CHARACTERS
    ? { ...said, bytes, payload: text }
    : {
        ...said,
        bytes,
        payload: text.slice(0, MOST_CHARACTERS),
        payload_kept: `the first ${MOST_CHARACTERS} characters`,
      };
};

const TEXT = /^(text\/|application\/([\w.+-]+\+)?json\b)/i;
