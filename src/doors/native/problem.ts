/** Faults as problem documents (RFC 9457): what went wrong, whether the work may have run, and when to come back. */
import type { ServerResponse } from 'node:http';
import { type Fault, HEADERS } from '../../contract/index.ts';
import { PROBLEM_TYPE_PREFIX, PROBLEMS } from './status.ts';

export interface Occurrence {
  readonly callId?: string;
  readonly traceId?: string;
}

/** Deviations that HTTP itself asks for, such as 405 with `allow`. */
export interface HttpDetail {
  readonly status?: number;
  readonly headers?: readonly string[];
}

const DEFAULT_RETRY_MS = 1_000;

/** INVARIANT: causes and stacks never get in here. */
export const problemOf = (fault: Fault, { callId, traceId }: Occurrence, status?: number): string =>
  JSON.stringify({
    type: PROBLEM_TYPE_PREFIX + fault.code,
    title: PROBLEMS[fault.code].title,
    status: status ?? PROBLEMS[fault.code].status,
    detail: fault.message,
    code: fault.code,
    callId,
    traceId,
    executed: fault.executed,
    facts: fault.facts,
  });

/** Seconds, up to half as many again by chance: callers that were turned away together must not return together. */
const retryAfter = (fault: Fault, random: () => number): string =>
  String(Math.ceil(((fault.retryAfterMs ?? DEFAULT_RETRY_MS) * (1 + random() / 2)) / 1_000));

export const writeProblem = (
  res: ServerResponse,
  fault: Fault,
  where: Occurrence,
  random: () => number,
  detail: HttpDetail = {},
): void => {
  if (res.headersSent || res.destroyed) return;
  const kind = PROBLEMS[fault.code];
  const status = detail.status ?? kind.status;
  const body = problemOf(fault, where, status);
  const headers = [
    'content-type',
    'application/problem+json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
    HEADERS.executed,
    fault.executed,
  ];
  if (where.callId !== undefined) headers.push(HEADERS.callId, where.callId);
  if (where.traceId !== undefined) headers.push(HEADERS.traceId, where.traceId);
  const { policyVersion } = fault.facts;
  if (typeof policyVersion === 'string' && /^[\x21-\x7e]+$/.test(policyVersion))
    headers.push(HEADERS.policy, policyVersion);
  if (fault.code === 'unauthenticated') headers.push('www-authenticate', 'Bearer realm="airspace"');
  if (kind.later || fault.retryAfterMs !== undefined) headers.push('retry-after', retryAfter(fault, random));
  if (detail.headers !== undefined) headers.push(...detail.headers);
  res.writeHead(status, headers);
  res.end(body);
};
