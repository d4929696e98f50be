/** Answers about calls that outlive their connection: how they stand, and what they replied. */
import type { ServerResponse } from 'node:http';
import { FAULT_CODES, Fault, type FaultCode, HEADERS, type StoredReply } from '../../contract/index.ts';
import type { AsyncCall } from './port.ts';
import { writeProblem } from './problem.ts';

const pathOf = (id: string): string => `/v1/calls/${id}`;

const writeJson = (res: ServerResponse, status: number, value: unknown, extra: readonly string[] = []): void => {
  const body = JSON.stringify(value);
  res.writeHead(status, [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
    ...extra,
  ]);
  res.end(body);
};

/** What the owner sees of a record; the reply's own bytes are at `reply.href`. */
const viewOf = (call: AsyncCall): unknown => ({
  id: call.id,
  state: call.state,
  ...(call.approval === undefined ? {} : { approval: call.approval }),
  target: call.target,
  traceId: call.trace,
  acceptedAt: new Date(call.acceptedAtMs).toISOString(),
  concludedAt: call.concludedAtMs === null ? null : new Date(call.concludedAtMs).toISOString(),
  reply:
    call.reply === null
      ? null
      : {
          outcome: call.reply.outcome,
          status: call.reply.status,
          contentType: call.reply.contentType,
          code: call.reply.code,
          message: call.reply.message,
          endpoint: call.reply.endpoint,
          attempts: call.reply.attempts,
          href: `${pathOf(call.id)}/reply`,
        },
});

/** Throws `conflict` when the reply is asked for before there is one. */
export const answerRecord = (res: ServerResponse, call: AsyncCall, reply: boolean, random: () => number): void => {
  const ids = [HEADERS.callId, call.id, HEADERS.traceId, call.trace];
  if (!reply) writeJson(res, 200, viewOf(call), ids);
  else if (call.reply !== null && call.reply.outcome !== 'fault') writeStored(res, call.reply, ids);
  else writeProblem(res, faultOf(call), { callId: call.id, traceId: call.trace }, random);
};

const writeStored = (res: ServerResponse, stored: StoredReply, ids: readonly string[]): void => {
  const headers = [
    'content-length',
    String(stored.body.byteLength),
    'x-content-type-options',
    'nosniff',
    HEADERS.endpoint,
    stored.endpoint,
    HEADERS.attempts,
    String(stored.attempts),
    HEADERS.executed,
    'yes',
    ...ids,
  ];
  if (stored.contentType !== '') headers.push('content-type', stored.contentType);
  res.writeHead(stored.status, headers);
  res.end(stored.body);
};

const isCode = (code: string): code is FaultCode => Object.hasOwn(FAULT_CODES, code);

const faultOf = ({ id, state, reply }: AsyncCall): Fault => {
  if (reply !== null && isCode(reply.code)) return new Fault(reply.code, reply.message);
  if (state === 'cancelled') return new Fault('cancelled', `call \`${id}\` was cancelled`);
  if (state === 'unknown')
    return new Fault('upstream_broken', `how call \`${id}\` ended is not known; the work may have run`);
  return new Fault('conflict', `call \`${id}\` is still ${state}; ask again later`, { retryAfterMs: 1_000 });
};
