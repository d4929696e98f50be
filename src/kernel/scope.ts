/** Scopes of a call: the root one that a node makes, and narrower ones that layers derive. */
import type { Clock, Ids, Scope, Span, Timer } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Canceller } from './cancel.ts';

/** What a node has for all its calls. */
export interface World {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: () => number;
}

/** A span that forgets: for calls outside any trace, such as health checks. */
export const silentSpan = (spanId: string): Span => ({ spanId, set: () => {}, step: () => {} });

export const rootScope = (world: World, span: Span): { readonly scope: Scope; readonly canceller: Canceller } => {
  const canceller = new Canceller();
  const { clock, ids, random } = world;
  return { canceller, scope: { clock, ids, random, signal: canceller, deadlineMs: Number.POSITIVE_INFINITY, span } };
};

export interface TimedScope {
  readonly scope: Scope;
  /** Stops the timer and lets the parent forget this scope. Safe to call twice. */
  readonly release: () => void;
}

const noTimer: Timer = { cancel: () => {} };

/** A scope that ends `timeoutMs` from now at the latest, with the fault that `reason` makes. */
export const withTimeout = (scope: Scope, timeoutMs: number, reason: () => Fault): TimedScope => {
  const { clock, ids, random, span } = scope;
  const canceller = Canceller.childOf(scope.signal);
  const deadlineMs = Math.min(scope.deadlineMs, clock.nowMs() + timeoutMs);
  const timer =
    timeoutMs === Number.POSITIVE_INFINITY ? noTimer : clock.after(timeoutMs, () => canceller.cancel(reason()));
  return {
    scope: { clock, ids, random, signal: canceller, deadlineMs, span },
    release: () => {
      timer.cancel();
      canceller.release();
    },
  };
};

/** Time left, in milliseconds; Infinity when nothing bounds the scope. */
export const remainingMs = (scope: Scope): number => scope.deadlineMs - scope.clock.nowMs();

/** Throws the reason if the scope is already over. */
export const throwIfOver = (scope: Scope): void => {
  if (scope.signal.reason !== undefined) throw scope.signal.reason;
};

/** The same end, told by someone who knows that no byte was sent: a timeout becomes `expired` (D3). */
export const notSent = (reason: Fault): Fault => {
  if (reason.executed === 'no') return reason;
  if (reason.code === 'timeout')
    return new Fault('expired', 'the deadline passed before anything was sent; ask again with more time');
  return new Fault(reason.code, reason.message, {
    executed: 'no',
    cause: reason,
    facts: reason.facts,
    remote: reason.remote,
  });
};

/**
 * The last look before the first byte (D3): throws a fault with executed `no` when the scope is over.
 * It asks the clock too, because timers may fire a tick late.
 */
export const throwIfNotSendable = (scope: Scope): void => {
  if (scope.signal.reason !== undefined) throw notSent(scope.signal.reason);
  if (remainingMs(scope) <= 0)
    throw new Fault('expired', 'the deadline passed before anything was sent; ask again with more time');
};

/** Resolves after a delay, or rejects at once with the reason when the scope ends first. */
export const wait = (scope: Scope, delayMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let forget = (): void => {};
    const timer = scope.clock.after(delayMs, () => {
      forget();
      resolve();
    });
    forget = scope.signal.onCancel((reason) => {
      timer.cancel();
      reject(reason);
    });
  });
