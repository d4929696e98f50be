/** Fault codes as the Anthropic API speaks them: the only place of this door where statuses of faults are written. */
import type { FaultCode } from '../../contract/index.ts';

export interface Kind {
  readonly status: number;
  readonly type: string;
  /** Trying again later can help. */
  readonly later?: true;
}

const INVALID = 'invalid_request_error';
const SERVER = 'api_error';

export const KINDS: Readonly<Record<FaultCode, Kind>> = {
  bad_request: { status: 400, type: INVALID },
  too_large: { status: 413, type: 'request_too_large' },
  unauthenticated: { status: 401, type: 'authentication_error' },
  denied: { status: 403, type: 'permission_error' },
  approval_required: { status: 403, type: 'permission_error' },
  not_found: { status: 404, type: 'not_found_error' },
  conflict: { status: 409, type: INVALID },
  idempotency_mismatch: { status: 422, type: INVALID },
  idempotency_in_flight: { status: 409, type: INVALID, later: true },
  loop_detected: { status: 508, type: INVALID },
  expired: { status: 504, type: 'timeout_error' },
  timeout: { status: 504, type: 'timeout_error' },
  cancelled: { status: 499, type: SERVER },
  /** Not 429: trying again does not help, and clients that see 429 do. */
  budget_exhausted: { status: 402, type: 'billing_error' },
  rate_limited: { status: 429, type: 'rate_limit_error', later: true },
  overloaded: { status: 529, type: 'overloaded_error', later: true },
  unavailable: { status: 503, type: SERVER, later: true },
  unreachable: { status: 502, type: SERVER, later: true },
  refused: { status: 503, type: SERVER, later: true },
  upstream_broken: { status: 502, type: SERVER },
  upstream_invalid: { status: 502, type: SERVER },
  slow_consumer: { status: 503, type: SERVER },
  stale: { status: 503, type: SERVER, later: true },
  storage: { status: 503, type: SERVER, later: true },
  internal: { status: 500, type: SERVER },
};

/** What the provider itself said, where this API has a word for it. */
export const REFUSED: Readonly<Record<number, Kind>> = {
  429: { status: 429, type: 'rate_limit_error', later: true },
  529: { status: 529, type: 'overloaded_error', later: true },
};
