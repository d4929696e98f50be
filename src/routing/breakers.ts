/** What routing asks of a circuit breaker, so that any one can be plugged in: the rules C1 to C6 live in the breaker. */

import type { TargetEntry } from '../contract/index.ts';
import type { Verdict } from '../kernel/index.ts';

/** The kernel's `Breaker` is one. All instants are on the monotonic clock. */
export interface BreakerLike {
  /** Would a call pass now? Takes nothing: it is asked about every candidate. */
  accepts(nowMs: number): boolean;
  /** A ticket for `settle`, or `REFUSED` at once (C2, C3). */
  enter(nowMs: number): number;
  /** Exactly once per ticket. */
  settle(ticket: number, verdict: Verdict, nowMs: number): void;
  /** A call that was settled as a success broke later, in the middle of its stream. */
  blame(ticket: number, nowMs: number): void;
  /** For people; `closed` is the one word with a meaning here. */
  state(nowMs: number): string;
  /** Milliseconds until a call may pass again; 0 when one may pass now. */
  retryAfterMs(nowMs: number): number;
  /** C6: null gives it back to the evidence. */
  force(mode: 'open' | 'closed' | null, nowMs: number): void;
  /** What somebody holds it at. */
  readonly forced: 'open' | 'closed' | null;
}

/** Makes the breaker of an endpoint when the endpoint is first seen. */
export type BreakerFor = (endpointId: string, target: Pick<TargetEntry, 'tenant'>) => BreakerLike;

/** Never opens: for endpoints that somebody else already guards, and for tests. */
export const alwaysClosed: BreakerLike = {
  accepts: () => true,
  enter: () => 0,
  settle: () => {},
  blame: () => {},
  state: () => 'closed',
  retryAfterMs: () => 0,
  force: () => {},
  forced: null,
};
