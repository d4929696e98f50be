/** Static stability with stated bounds: for how long a node without its hub goes on, by what a call does to the world. */
import type { Call, RoutePlan } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import type { Layer } from '../kernel/index.ts';

const MINUTE_MS = 60_000;

/** Table 3.12 of the reliability rules: what only reads goes on with the last good snapshot. */
const READ_BOUND_MS = 12 * 60 * MINUTE_MS;
/**
 * The same table: no write on orders to stop that are older than a minute, which covers many heartbeats that were missed. The
 * snapshot itself would do for longer, but whoever says stop must know when even a node that hears nobody does.
 */
const KILLS_BOUND_MS = MINUTE_MS;

export interface FreshOptions {
  readonly planOf: (call: Call) => RoutePlan;
  /** Milliseconds since the hub was last heard; Infinity when it never was and nothing is known. */
  readonly ageMs: () => number;
  /** Milliseconds since the hub last confirmed that the orders held here are all there are; Infinity when it never did. */
  readonly killsAgeMs: () => number;
}

export const fresh =
  ({ planOf, ageMs, killsAgeMs }: FreshOptions): Layer =>
  (next) =>
  (call, scope) => {
    const { effect } = planOf(call).operation;
    if (effect === 'read' ? ageMs() > READ_BOUND_MS : killsAgeMs() > KILLS_BOUND_MS) throw tooOld(effect);
    return next(call, scope);
  };

const tooOld = (effect: RoutePlan['operation']['effect']): Fault =>
  effect === 'read'
    ? new Fault(
        'stale',
        'the hub has been away for longer than the 12 h that a call which only reads may run without it',
      )
    : new Fault(
        'stale',
        `for more than 60 s the hub has not confirmed which orders to stop there are, and a \`${effect}\` call must not miss one`,
      );
