/** Writes answers and faults of a model API: the provider's own bytes where it spoke, and the words of the API where we do. */
import { type Call, Fault, type Form, HEADERS, outwards, type Reply } from '../../contract/index.ts';
import { pour } from '../http/index.ts';
import type { Entering } from './entering.ts';
import type { Occurrence } from './words.ts';

const DEFAULT_RETRY_MS = 1_000;
const JSON_TYPE = /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i;

export const writeAnswer = ({ res, api }: Entering, value: unknown, where: Occurrence): void => {
  const body = JSON.stringify(value);
  res.writeHead(200, [
    ...['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))],
    ...['cache-control', 'no-store', 'x-content-type-options', 'nosniff', api.requestId, where.callId ?? ''],
  ]);
  res.end(body);
};

/** Statuses after which the SDKs try again by themselves, unless they are told otherwise. */
const triedAgain = (status: number): boolean => status === 408 || status === 409 || status === 429 || status >= 500;

export const writeFault = ({ res, api, options }: Entering, fault: Fault, where: Occurrence): void => {
  if (res.headersSent || res.destroyed) return;
  const { status, later, body } = api.fault(fault, where);
  const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))];
  headers.push('cache-control', 'no-store', 'x-content-type-options', 'nosniff', HEADERS.executed, fault.executed);
  if (where.callId !== undefined) headers.push(HEADERS.callId, where.callId, api.requestId, where.callId);
  if (where.traceId !== undefined && where.traceId !== '') headers.push(HEADERS.traceId, where.traceId);
  if (fault.code === 'unauthenticated') headers.push('www-authenticate', 'Bearer realm="airspace"');
  const { allow } = fault.facts;
  if (typeof allow === 'string') headers.push('allow', allow);
  if (later) headers.push('retry-after', retryAfter(fault, options.world.random));
  if (triedAgain(status)) headers.push('x-should-retry', String(later && fault.executed === 'no'));
  res.writeHead(status, headers);
  res.end(body);
};

/** Seconds, up to half as many again by chance: callers that were turned away together must not return together. */
const retryAfter = (fault: Fault, random: () => number): string =>
  String(Math.ceil(((fault.retryAfterMs ?? DEFAULT_RETRY_MS) * (1 + random() / 2)) / 1_000));

interface Replying {
  readonly call: Call;
  readonly form: Form;
  readonly cancel: (reason: Fault) => void;
}

/** Resolves when the last byte is handed to the socket. Throws the fault that a reply stands for which is no answer in this API. */
export const writeReply = (entering: Entering, { call, form, cancel }: Replying, reply: Reply): Promise<void> => {
  const { res, api, options } = entering;
  const where = { callId: call.id, traceId: call.trace.trace };
  const wrong = faultOf(reply, call);
  if (wrong !== undefined) {
    cancel(wrong);
    writeFault(entering, wrong, where);
    return Promise.resolve();
  }
  return pour(
    {
      res,
      clock: options.world.clock,
      cancel,
      onFault: (fault, between) => `${between ? '' : '\n\n'}${api.lastWords(fault, where, form)}`,
    },
    reply.status,
    headersOf(entering, call, reply),
    reply.body,
    reply.contentType.startsWith('text/event-stream'),
  );
};

/** What waits for people has no answer yet, and what a provider says beside its API is not passed on as if it belonged to it. */
const faultOf = (reply: Reply, call: Call): Fault | undefined => {
  if (reply.attempts === 0 && reply.status === 202)
    return new Fault(
      'approval_required',
      `people are asked about this call; ask \`GET /v1/calls/${call.id}\` how it stands`,
      { facts: { call: call.id } },
    );
  if (reply.outcome === 'ok' || JSON_TYPE.test(reply.contentType)) return undefined;
  return new Fault(
    'upstream_invalid',
    `${call.target.kind} \`${call.target.name}\` answered ${reply.status} without an error document`,
    {
      executed: 'yes',
      facts: { status: reply.status },
    },
  );
};

const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

const headersOf = ({ api }: Entering, call: Call, reply: Reply): string[] => {
  const out = [HEADERS.callId, call.id, HEADERS.traceId, call.trace.trace, 'x-content-type-options', 'nosniff'];
  if (reply.attempts > 0)
    out.push(HEADERS.endpoint, reply.endpoint, HEADERS.attempts, String(reply.attempts), HEADERS.executed, 'yes');
  if (reply.contentType !== '') out.push('content-type', outwards(reply.contentType));
  if (reply.version !== undefined && FIELD_TEXT.test(reply.version)) out.push(HEADERS.version, reply.version);
  if (reply.notes !== undefined && reply.notes.length > 0) out.push(HEADERS.notes, reply.notes.join(', '));
  for (const [name, value] of reply.headers) out.push(name, value);
  if (!reply.headers.some(([name]) => name === api.requestId)) out.push(api.requestId, call.id);
  return out;
};
