/** Fault codes as HTTP speaks them: the only place of this door where statuses of faults are written. */
import type { FaultCode } from '../../contract/index.ts';

export interface ProblemKind {
  readonly status: number;
  /** Short and the same for every occurrence (RFC 9457). */
  readonly title: string;
  /** Trying again later can help, so say when. */
  readonly later?: true;
}

export const PROBLEMS: Readonly<Record<FaultCode, ProblemKind>> = {
  bad_request: { status: 400, title: 'The request is not valid' },
  too_large: { status: 413, title: 'The payload is too large' },
  unauthenticated: { status: 401, title: 'The caller could not be identified' },
  denied: { status: 403, title: 'Policy does not allow this call' },
  approval_required: { status: 403, title: 'This call needs an approval' },
  not_found: { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'The state does not allow this' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key belongs to another payload' },
  idempotency_in_flight: {
    status: 409,
    title: 'The first call with this idempotency key is still running',
    later: true,
  },
  loop_detected: { status: 508, title: 'The call would go in a circle' },
  expired: { status: 504, title: 'The time of the call was over before it was sent' },
  timeout: { status: 504, title: 'The target did not answer in time' },
  /** Nobody waits for it any more; the number is what access logs commonly show. */
  cancelled: { status: 499, title: 'The call was cancelled' },
  /** Not 429: trying again does not help, and clients that see 429 do. */
  budget_exhausted: { status: 402, title: 'The budget has too little left for this call' },
  rate_limited: { status: 429, title: 'Too many calls', later: true },
  overloaded: { status: 503, title: 'Airspace is overloaded', later: true },
  unavailable: { status: 503, title: 'No endpoint is available', later: true },
  unreachable: { status: 502, title: 'The target could not be reached' },
  refused: { status: 503, title: 'The target refused the call', later: true },
  upstream_broken: { status: 502, title: 'The connection to the target broke' },
  upstream_invalid: { status: 502, title: 'The target answered something invalid' },
  slow_consumer: { status: 503, title: 'The reader was too slow' },
  stale: { status: 503, title: 'The configuration of this node is too old', later: true },
  storage: { status: 503, title: 'A record could not be written', later: true },
  internal: { status: 500, title: 'Something went wrong inside Airspace' },
};

export const PROBLEM_TYPE_PREFIX = 'https://airspace.dev/problems/';
