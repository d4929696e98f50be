/** Fault codes as the OpenAI API speaks them: the only place of this door where statuses of faults are written. */
import type { FaultCode } from '../../contract/index.ts';

export interface Kind {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  /** Trying again later can help. */
  readonly later?: true;
}

const INVALID = 'invalid_request_error';
const SERVER = 'server_error';

export const KINDS: Readonly<Record<FaultCode, Kind>> = {
  bad_request: { status: 400, type: INVALID, code: 'invalid_request' },
  too_large: { status: 413, type: INVALID, code: 'request_too_large' },
  unauthenticated: { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  denied: { status: 403, type: 'permission_error', code: 'denied' },
  approval_required: { status: 403, type: 'permission_error', code: 'approval_required' },
  not_found: { status: 404, type: INVALID, code: 'not_found' },
  conflict: { status: 409, type: INVALID, code: 'conflict' },
  idempotency_mismatch: { status: 422, type: INVALID, code: 'idempotency_mismatch' },
  idempotency_in_flight: { status: 409, type: INVALID, code: 'idempotency_in_flight', later: true },
  loop_detected: { status: 508, type: INVALID, code: 'loop_detected' },
  expired: { status: 504, type: SERVER, code: 'expired' },
  timeout: { status: 504, type: SERVER, code: 'timeout' },
  cancelled: { status: 499, type: SERVER, code: 'cancelled' },
  /** Not 429: trying again does not help, and clients that see 429 do. */
  budget_exhausted: { status: 402, type: 'insufficient_quota', code: 'budget_exhausted' },
  rate_limited: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', later: true },
  overloaded: { status: 503, type: SERVER, code: 'overloaded', later: true },
  unavailable: { status: 503, type: SERVER, code: 'unavailable', later: true },
  unreachable: { status: 502, type: SERVER, code: 'unreachable', later: true },
  refused: { status: 503, type: SERVER, code: 'refused', later: true },
  upstream_broken: { status: 502, type: SERVER, code: 'upstream_broken' },
  upstream_invalid: { status: 502, type: SERVER, code: 'upstream_invalid' },
  slow_consumer: { status: 503, type: SERVER, code: 'slow_consumer' },
  stale: { status: 503, type: SERVER, code: 'stale', later: true },
  storage: { status: 503, type: SERVER, code: 'storage', later: true },
  internal: { status: 500, type: SERVER, code: 'internal' },
};

/** The provider itself had too many calls. */
export const RATE_LIMITED: Kind = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', later: true };
