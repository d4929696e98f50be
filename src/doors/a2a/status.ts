/** Faults as A2A speaks them: the only place of this door where codes and statuses of faults are written. */
import type { Fault, FaultCode } from '../../contract/index.ts';
import { type A2aError, errorFor, type GrpcStatus, isReason } from '../../dialects/a2a/index.ts';
import { reasonOf } from './refuse.ts';

interface Kind {
  /** Of JSON-RPC. Those that A2A does not know are in its range for servers. */
  readonly code: number;
  readonly grpc: GrpcStatus;
  readonly http: number;
}

const kind = (code: number, grpc: GrpcStatus, http: number): Kind => ({ code, grpc, http });

export const KINDS: Readonly<Record<FaultCode, Kind>> = {
  bad_request: kind(-32602, 'INVALID_ARGUMENT', 400),
  too_large: kind(-32602, 'RESOURCE_EXHAUSTED', 413),
  unauthenticated: kind(-32020, 'UNAUTHENTICATED', 401),
  denied: kind(-32021, 'PERMISSION_DENIED', 403),
  approval_required: kind(-32022, 'PERMISSION_DENIED', 403),
  not_found: kind(-32023, 'NOT_FOUND', 404),
  conflict: kind(-32024, 'ABORTED', 409),
  idempotency_mismatch: kind(-32025, 'ALREADY_EXISTS', 409),
  idempotency_in_flight: kind(-32025, 'ABORTED', 409),
  loop_detected: kind(-32026, 'ABORTED', 508),
  expired: kind(-32027, 'DEADLINE_EXCEEDED', 504),
  timeout: kind(-32027, 'DEADLINE_EXCEEDED', 504),
  cancelled: kind(-32028, 'CANCELLED', 499),
  budget_exhausted: kind(-32029, 'RESOURCE_EXHAUSTED', 402),
  rate_limited: kind(-32030, 'RESOURCE_EXHAUSTED', 429),
  overloaded: kind(-32031, 'UNAVAILABLE', 503),
  unavailable: kind(-32031, 'UNAVAILABLE', 503),
  unreachable: kind(-32032, 'UNAVAILABLE', 502),
  refused: kind(-32032, 'UNAVAILABLE', 503),
  upstream_broken: kind(-32033, 'INTERNAL', 502),
  upstream_invalid: kind(-32006, 'INTERNAL', 500),
  slow_consumer: kind(-32031, 'UNAVAILABLE', 503),
  stale: kind(-32031, 'UNAVAILABLE', 503),
  storage: kind(-32031, 'UNAVAILABLE', 503),
  internal: kind(-32603, 'INTERNAL', 500),
};

/** Whose words `reason` is, when it is none of A2A's. */
const DOMAIN = 'airspace.dev';

/** Fault `bad_request` of a request that could not be read at all says so in its facts, with a reason of JSON-RPC. */
export const errorOf = (fault: Fault, about: Readonly<Record<string, string>> = {}): A2aError => {
  const { message, code, facts } = fault;
  const metadata = { code, executed: fault.executed, ...wordsIn(facts), ...about };
  const reason = reasonOf(fault);
  if (reason !== undefined) return errorFor(reason, message, { metadata });
  const rpc = facts['rpc'];
  if (typeof rpc === 'string' && isReason(rpc)) return errorFor(rpc, message, { metadata });
  if (code === 'bad_request') return errorFor('INVALID_PARAMS', message, { metadata });
  const own =
    typeof facts['code'] === 'string' && /^[A-Z][A-Z0-9_]{0,62}$/.test(facts['code'])
      ? facts['code']
      : code.toUpperCase();
  return { reason: own, message, ...KINDS[code], domain: DOMAIN, metadata };
};

/** What the error says in words of its own. */
const UNSAID: ReadonlySet<string> = new Set(['a2a', 'rpc', 'code', 'status', 'allow', 'reason']);

/** Metadata of `google.rpc.ErrorInfo` is texts. */
const wordsIn = (facts: Fault['facts']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(facts)
      .filter(([name, value]) => !UNSAID.has(name) && value !== '' && !(Array.isArray(value) && value.length === 0))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
