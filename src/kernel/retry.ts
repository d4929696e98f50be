/** Tries a call again when that is safe, useful and affordable. The only place in a path that may (R1). */
import type { Call, Executed, Reply, Scope } from '../contract/index.ts';
import { Fault, targetKey } from '../contract/index.ts';
import { Admission } from './admission.ts';
import { type Handler, invoke, type Layer } from './handler.ts';
import type { RetryBudgets } from './retry-budget.ts';
import { remainingMs, wait } from './scope.ts';

/** R1: whatever a route asks for, nobody gets more. */
const MOST_ATTEMPTS = 3;
/** R3. */
const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 2000;

export interface RetryOptions {
  /** Tries in total that the route grants, 1 to 3. */
  readonly attemptsOf: (call: Call) => number;
  /** May the operation run twice without harm? Only then is a try repeated that may have run (O2). */
  readonly idempotentOf: (call: Call) => boolean;
  /** Shared by all calls of a node, so that it outlives snapshots. */
  readonly budgets: RetryBudgets;
  /** A target that asks for a longer pause than this, with this fault, is not waited for. Default: as long as the call has time. */
  readonly patienceMs?: (call: Call, fault: Fault) => number;
}

/** R1 to R5 and O2. A `Reply` is final, also a failed one and the start of a stream; only a `Fault` may be tried again. */
export const retry =
  (options: RetryOptions): Layer =>
  (next) =>
  async (call, scope) => {
    const tracked: Call = call.avoid === undefined ? { ...call, avoid: [] } : call;
    const key = targetKey(call.principal?.tenant ?? '', call.target.kind, call.target.name);
    const budget = options.budgets.of(key, scope.clock.nowMs());
    let executed: Executed = 'no';
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await tryOnce(next, tracked, scope, attempt);
      if (!(outcome instanceof Fault)) {
        if (outcome.outcome === 'ok') budget.succeeded();
        return outcome.attempts === attempt ? outcome : { ...outcome, attempts: attempt };
      }
      executed = worse(executed, outcome.executed);
      const fault = withExecuted(outcome, executed);
      if (attempt >= attemptsFor(call, options) || !mayRepeat(outcome, call, options)) throw fault;
      if ((outcome.retryAfterMs ?? 0) > (options.patienceMs?.(call, outcome) ?? Number.POSITIVE_INFINITY)) throw fault;
      const delayMs = backoffMs(outcome, attempt, scope, tracked);
      if (delayMs >= remainingMs(scope) || !budget.take(scope.clock.nowMs())) throw fault;
      await pause(scope, delayMs, executed);
      if (outcome.executed !== 'no') await costAgain(tracked, executed);
    }
  };

/** A body that streams can be read once only, so it gets one try; so does a call that another node retries (R1). */
const attemptsFor = (call: Call, options: RetryOptions): number =>
  call.retriedElsewhere || call.body.kind === 'stream' ? 1 : Math.min(MOST_ATTEMPTS, options.attemptsOf(call));

/** O2 and R4: the code must allow it, and the target must not have run, or may run twice. */
const mayRepeat = (fault: Fault, call: Call, options: RetryOptions): boolean =>
  fault.retryable && (fault.executed === 'no' || options.idempotentOf(call));

const tryOnce = async (next: Handler, call: Call, scope: Scope, attempt: number): Promise<Reply | Fault> => {
  const startMs = scope.clock.nowMs();
  try {
    const reply = await invoke(next, call, scope);
    const { endpoint, outcome, status } = reply;
    scope.span.step('attempt', startMs, { attempt, endpoint, outcome, code: '', status });
    return reply;
  } catch (thrown) {
    const fault = Fault.from(thrown);
    const endpoint = call.avoid?.at(-1) ?? '';
    scope.span.step('attempt', startMs, { attempt, endpoint, outcome: outcomeOf(fault), code: fault.code });
    return fault;
  }
};

const outcomeOf = (fault: Fault): string => (fault.executed === 'unknown' ? 'unknown' : 'failed');

/**
 * R3. `Retry-After` is a floor, except when one endpoint of several is resting behind its breaker: another may be well.
 * A resting endpoint was picked, so the list of the tried is as long as the number of the attempt.
 */
const backoffMs = (fault: Fault, attempt: number, scope: Scope, call: Call): number => {
  const ceilingMs = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  const jitteredMs = scope.random() * ceilingMs;
  const oneIsResting = fault.code === 'unavailable' && (call.avoid?.length ?? 0) >= attempt;
  return oneIsResting ? jitteredMs : Math.max(jitteredMs, fault.retryAfterMs ?? 0);
};

const pause = async (scope: Scope, delayMs: number, executed: Executed): Promise<void> => {
  try {
    await wait(scope, delayMs);
  } catch (thrown) {
    throw withExecuted(Fault.from(thrown), executed);
  }
};

/** A try that may have run is paid for, and so is the next one. */
const costAgain = async (call: Call, executed: Executed): Promise<void> => {
  try {
    await Admission.find(call)?.beforeAgain?.();
  } catch (thrown) {
    throw withExecuted(Fault.from(thrown), executed);
  }
};

const RANK: Readonly<Record<Executed, number>> = { no: 0, unknown: 1, yes: 2 };

const worse = (a: Executed, b: Executed): Executed => (RANK[a] >= RANK[b] ? a : b);

/** INVARIANT: the last try speaks for all of them. One that never left cannot undo what an earlier one may have done. */
const withExecuted = (fault: Fault, executed: Executed): Fault => {
  if (fault.executed === executed) return fault;
  const { code, message, cause, facts, remote, retryAfterMs } = fault;
  return new Fault(code, message, {
    executed,
    cause,
    facts,
    remote,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
};
