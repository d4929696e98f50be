/** Static stability with stated bounds: how old a node's last good snapshot may be for what a call does to the world. */
import type { Call, RoutePlan } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import type { Layer } from '../kernel/index.ts';

const MINUTE_MS = 60_000;

/** Table 3.12 of the reliability rules. `irreversible` stops at once: a minute covers a heartbeat that was missed. */
const BOUND_MS: Readonly<Record<RoutePlan['operation']['effect'], number>> = {
  read: 12 * 60 * MINUTE_MS,
  write: 15 * MINUTE_MS,
  spend: 10 * MINUTE_MS,
  irreversible: MINUTE_MS,
};

export interface FreshOptions {
  readonly planOf: (call: Call) => RoutePlan;
  /** Milliseconds since the hub last confirmed that what this node runs is current; Infinity when it never did. */
  readonly ageMs: () => number;
}

export const fresh =
  ({ planOf, ageMs }: FreshOptions): Layer =>
  (next) =>
  (call, scope) => {
    const { effect } = planOf(call).operation;
    const age = ageMs();
    if (age > BOUND_MS[effect]) {
      const minutes = Math.round(BOUND_MS[effect] / MINUTE_MS);
      throw new Fault(
        'stale',
        `the hub has been away for longer than the ${minutes} min that a \`${effect}\` call may run without it`,
      );
    }
    return next(call, scope);
  };
