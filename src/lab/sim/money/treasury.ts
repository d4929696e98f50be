/** The price layer of the product as the room for money: estimates, meters, extensions and sweeps as they are. */
import { Budgets, price, Treasury } from '../../../budget/index.ts';
import type { BudgetEntry, Call } from '../../../contract/index.ts';
import { planFor, TENANTS } from './operations.ts';
import type { Limits } from './purse.ts';
import type { Room, RoomParts } from './rooms.ts';

/** After the deadline of a call, until what was set aside for it counts as spent. */
const GRACE_MS = 5_000;

/** The same accounts as those of the plain purse, by another way. */
const budgetsOf = ({ tenant, agent, calls }: Limits): readonly BudgetEntry[] =>
  TENANTS.flatMap((name) => [
    entry(name, 'tenant', { limit: tenant }),
    entry(name, 'agent', { limit: agent, per: 'agent' }),
    entry(name, 'calls', { limit: calls, unit: 'calls' }),
  ]);

const entry = (
  tenant: string,
  name: string,
  change: Partial<BudgetEntry> & { readonly limit: number },
): BudgetEntry => ({
  ...{
    tenant,
    name,
    scope: { kind: 'organisation' },
    per: null,
    class: null,
    unit: 'micros',
    soft: null,
    hard: 'refuse',
  },
  window: { every: 'none', timezone: 'UTC' },
  ...change,
});

export const treasury =
  (limits: Limits) =>
  ({ store, life, node }: RoomParts): Room => {
    const budgets = new Budgets({ budgets: budgetsOf(limits), domains: [] });
    const held = new Treasury({ ledger: store.ledger, clock: life.world.clock, graceMs: GRACE_MS });
    held.adopt(budgets);
    return { layer: price({ planOf, treasury: held, budgets, node }), attempts: 2, start: () => held.start() };
  };

const planOf = ({ principal, target }: Call) => planFor(principal?.tenant ?? '', target.operation);
