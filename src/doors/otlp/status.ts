/** Fault codes as OTLP over HTTP says them: the only place of this door where statuses are written. Exporters try again on 429, 502, 503 and 504 only. */
import type { FaultCode } from '../../contract/index.ts';

interface OtlpStatus {
  readonly http: number;
  /** Of `google.rpc.Code`. */
  readonly grpc: number;
  /** Trying again later can help. */
  readonly later?: true;
}

const INTERNAL: OtlpStatus = { http: 500, grpc: 13 };
const UNAVAILABLE: OtlpStatus = { http: 503, grpc: 14, later: true };

const STATUSES: Partial<Record<FaultCode, OtlpStatus>> = {
  bad_request: { http: 400, grpc: 3 },
  too_large: { http: 413, grpc: 8 },
  unauthenticated: { http: 401, grpc: 16 },
  denied: { http: 403, grpc: 7 },
  not_found: { http: 404, grpc: 5 },
  rate_limited: { http: 429, grpc: 8, later: true },
  overloaded: UNAVAILABLE,
  unavailable: UNAVAILABLE,
  stale: UNAVAILABLE,
  storage: UNAVAILABLE,
};

export const statusOf = (code: FaultCode): OtlpStatus => STATUSES[code] ?? INTERNAL;
