/** Fault codes as a registry of agents says them: the only place of this door where statuses of faults are written. */
import type { FaultCode } from '../../contract/index.ts';

interface RegistryError {
  readonly status: number;
  readonly code: string;
}

const ERRORS: Partial<Record<FaultCode, RegistryError>> = {
  bad_request: { status: 400, code: 'INVALID_ARGUMENT' },
  too_large: { status: 400, code: 'INVALID_ARGUMENT' },
  unauthenticated: { status: 401, code: 'UNAUTHENTICATED' },
  denied: { status: 403, code: 'PERMISSION_DENIED' },
  not_found: { status: 404, code: 'NOT_FOUND' },
  rate_limited: { status: 429, code: 'RATE_LIMIT_EXCEEDED' },
  stale: { status: 503, code: 'UNAVAILABLE' },
  unavailable: { status: 503, code: 'UNAVAILABLE' },
  overloaded: { status: 503, code: 'UNAVAILABLE' },
};

export const errorOf = (code: FaultCode): RegistryError => ERRORS[code] ?? { status: 500, code: 'INTERNAL_ERROR' };
