/** The parts of a path that a defect may be planted in. `SOUND` is the product; nothing else in the simulation names a layer. */
import type { Clock } from '../../contract/index.ts';
import {
  type Breaker,
  type BulkheadOptions,
  bulkhead,
  type DeadlineOptions,
  deadline,
  guard,
  type Layer,
  type RetryOptions,
  retry,
} from '../../kernel/index.ts';

export interface Machinery {
  readonly deadline: (options: DeadlineOptions) => Layer;
  readonly retry: (options: RetryOptions) => Layer;
  readonly bulkhead: (options: BulkheadOptions) => Layer;
  readonly guard: (breaker: Breaker) => Layer;
  /** The time that breakers run on, as the router asks them. */
  readonly breakerNowMs: (clock: Clock) => number;
}

export const SOUND: Machinery = { deadline, retry, bulkhead, guard, breakerNowMs: (clock) => clock.nowMs() };
