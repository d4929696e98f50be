/** The one error of Airspace: a code from a closed list, a message for people, and whether the work may have run. */

/** Did the target execute the call? `unknown` arises when bytes were handed over and no complete reply came (O1). */
export type Executed = 'no' | 'yes' | 'unknown';

interface CodeRule {
  /** May a retrying layer try again, elsewhere or later? Only together with `executed: 'no'` or an idempotent call (O2). */
  readonly retryable: boolean;
  /** What is known about execution unless the thrower knows better. */
  readonly executed: Executed;
  /** Does it speak against the endpoint that was tried? Feeds breakers and ejection (C1). */
  readonly blamesEndpoint: boolean;
}

const rule = (retryable: boolean, executed: Executed, blamesEndpoint = false): CodeRule => ({
  retryable,
  executed,
  blamesEndpoint,
});

/** Retry or terminal follows from the code, so that no one guesses. */
export const FAULT_CODES = {
  bad_request: rule(false, 'no'),
  too_large: rule(false, 'no'),
  unauthenticated: rule(false, 'no'),
  denied: rule(false, 'no'),
  approval_required: rule(false, 'no'),
  not_found: rule(false, 'no'),
  conflict: rule(false, 'no'),
  idempotency_mismatch: rule(false, 'no'),
  idempotency_in_flight: rule(false, 'no'),
  loop_detected: rule(false, 'no'),
  /** The deadline passed before anything was sent (D3). */
  expired: rule(false, 'no'),
  /** The deadline passed after dispatch; the work may have run. */
  timeout: rule(false, 'unknown', true),
  /** The caller went away or cancelled. */
  cancelled: rule(false, 'unknown'),
  /** An account has too little left for this call. */
  budget_exhausted: rule(false, 'no'),
  rate_limited: rule(false, 'no'),
  /** Our own overload (L6). */
  overloaded: rule(true, 'no'),
  /** No endpoint is eligible, or its breaker is open. */
  unavailable: rule(true, 'no'),
  /** No connection: refused, unresolvable, timed out before a byte left. */
  unreachable: rule(true, 'no', true),
  /** The target said itself that it did not execute (503 or 429 with the explicit marker, R4). */
  refused: rule(true, 'no', true),
  /** The connection broke, or the reply ended early, after bytes were handed over. */
  upstream_broken: rule(true, 'unknown', true),
  /** The target answered something that is not a valid reply. */
  upstream_invalid: rule(false, 'unknown', true),
  slow_consumer: rule(false, 'yes'),
  /** Policy or registry is too old for this kind of call, or there is none yet. */
  stale: rule(false, 'no'),
  /** A durable write that the call depends on failed; nothing was sent. */
  storage: rule(true, 'no'),
  internal: rule(false, 'unknown'),
} as const satisfies Record<string, CodeRule>;

export type FaultCode = keyof typeof FAULT_CODES;

/** What passes by itself: whoever comes back later, and not at once as a retrying layer does, may find it gone. */
const PASSING: ReadonlySet<FaultCode> = new Set(['idempotency_in_flight', 'rate_limited', 'stale']);

/** Another try has a time of its own. */
const OVER_TIME: ReadonlySet<FaultCode> = new Set(['expired', 'timeout']);

/** Of a later try under the same key, such as the next attempt of a step. */
export const isWorthAnotherTry = ({ code, executed }: Pick<Fault, 'code' | 'executed'>): boolean =>
  FAULT_CODES[code].retryable || PASSING.has(code) || (executed === 'no' && OVER_TIME.has(code));

export interface FaultDetails {
  /** Overrides what the code says by default. */
  readonly executed?: Executed;
  readonly retryAfterMs?: number;
  /** For our logs only; it never reaches a caller. */
  readonly cause?: unknown;
  /** Another Airspace node reports it: what could be done there was done, and this hop is not to blame (R1). */
  readonly remote?: boolean;
  /** Small public facts: the rule that denied, the field that was wrong, file and line. */
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly executed: Executed;
  readonly retryAfterMs: number | undefined;
  readonly remote: boolean;
  readonly facts: Readonly<Record<string, string | number | boolean | readonly string[]>>;

  constructor(code: FaultCode, message: string, details: FaultDetails = {}) {
    // A refusal is an ordinary answer and must cost little: only what nobody expected pays for a stack trace.
    const limit = Error.stackTraceLimit;
    if (code !== 'internal') Error.stackTraceLimit = 0;
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Error.stackTraceLimit = limit;
    this.code = code;
    this.executed = details.executed ?? FAULT_CODES[code].executed;
    this.retryAfterMs = details.retryAfterMs;
    this.remote = details.remote ?? false;
    this.facts = details.facts ?? {};
  }

  get retryable(): boolean {
    return !this.remote && FAULT_CODES[this.code].retryable;
  }

  get blamesEndpoint(): boolean {
    return !this.remote && FAULT_CODES[this.code].blamesEndpoint;
  }

  /** Anything caught becomes a Fault; what is not one already is `internal`, and its text stays with us. */
  static from(thrown: unknown): Fault {
    if (thrown instanceof Fault) return thrown;
    return new Fault('internal', 'something went wrong inside airspace; the node log has the cause', { cause: thrown });
  }
}
