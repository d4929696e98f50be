/** Faults as MCP speaks them: the only place of this door that says which of them a model hears and which its client. */
import type { Fault, FaultCode } from '../../contract/index.ts';
import { CODES } from '../../dialects/mcp/index.ts';
import { type Json, REFUSED, type RpcError } from './message.ts';

interface Spoken {
  /**
   * What a tool call that meets it ends as. `result`: with `isError`, because a model can do something about it, or must hear it.
   * `error`: the client's own affair.
   */
  readonly tool: 'result' | 'error';
  /** Of the JSON-RPC error, where it is one. */
  readonly code: number;
}

const heard = (code: number = REFUSED): Spoken => ({ tool: 'result', code });

export const SPOKEN: Readonly<Record<FaultCode, Spoken>> = {
  /** Arguments that do not fit: a model that hears why can write others. */
  bad_request: heard(CODES.invalidParams),
  too_large: heard(CODES.invalidParams),
  /** Answered with 401 before it comes to this; only a key that ends meanwhile does. */
  unauthenticated: { tool: 'error', code: REFUSED },
  denied: heard(),
  approval_required: heard(),
  not_found: heard(CODES.invalidParams),
  conflict: heard(),
  idempotency_mismatch: heard(),
  idempotency_in_flight: heard(),
  loop_detected: heard(),
  expired: heard(),
  timeout: heard(),
  /** Nobody waits for it any more. */
  cancelled: { tool: 'error', code: REFUSED },
  budget_exhausted: heard(),
  rate_limited: heard(),
  overloaded: heard(),
  unavailable: heard(),
  unreachable: heard(),
  refused: heard(),
  upstream_broken: heard(CODES.internal),
  upstream_invalid: heard(CODES.internal),
  slow_consumer: { tool: 'error', code: REFUSED },
  stale: heard(),
  storage: heard(),
  internal: heard(CODES.internal),
};

export interface Occurrence {
  readonly callId: string;
  readonly traceId: string;
}

/** Key in `_meta` of a result, and in `data` of an error. */
export const FAULT_META = 'dev.airspace/fault';

/** INVARIANT: causes and stacks never get in here. */
const detailsOf = ({ code, executed, retryAfterMs, facts }: Fault, occurrence: Partial<Occurrence>): Json => ({
  code,
  executed,
  ...occurrence,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  facts,
});

export const errorOf = (fault: Fault, occurrence: Partial<Occurrence>): RpcError => ({
  code: SPOKEN[fault.code].code,
  message: fault.message,
  data: { [FAULT_META]: detailsOf(fault, occurrence) },
});

/** A tool call that was refused or failed, as the model reads it. */
export const toolResultOf = (fault: Fault, occurrence: Partial<Occurrence>): Json => ({
  content: [{ type: 'text', text: `${fault.message}${RAN[fault.executed]}` }],
  isError: true,
  _meta: { [FAULT_META]: detailsOf(fault, occurrence) },
});

const RAN = {
  no: ' (nothing was done)',
  yes: '',
  unknown: ' (it is not known whether anything was done)',
} as const;
