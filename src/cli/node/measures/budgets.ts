/** Where budgets stand when somebody scrapes: each by its fullest account, because that one refuses first. */
import type { Lessor } from '../../../budget/index.ts';
import type { Clock, Snapshot, Unit } from '../../../contract/index.ts';
import type { BudgetPort, BudgetView } from '../../../doors/admin/index.ts';
import type { Say, Source } from '../../../telemetry/index.ts';

export interface BudgetSourceParts {
  readonly port: Pick<BudgetPort, 'list'>;
  readonly snapshot: () => Pick<Snapshot, 'budgets'> | undefined;
  readonly clock: Clock;
}

export const budgetSource = ({ port, snapshot, clock }: BudgetSourceParts): Source => ({
  name: 'budgets',
  read: async (say) => {
    const tenants = new Set((snapshot()?.budgets ?? []).map(({ tenant }) => tenant));
    for (const tenant of tenants)
      for (const view of await port.list(tenant)) sayBudget(say, tenant, view, clock.wallMs());
  },
});

const sayBudget = (say: Say, tenant: string, { name, unit, limit, accounts }: BudgetView, nowMs: number): void => {
  const { extra = 0, spent = 0, reserved = 0, runsOutAtMs = null } = accounts[0] ?? {};
  const shown = unit === 'micros' ? 'usd' : unit;
  const labels = { tenant, budget: name, unit: shown };
  const whole = limit + extra;
  say('airspace_budget_spent', labels, inUnit(unit, spent));
  say('airspace_budget_reserved', labels, inUnit(unit, reserved));
  say('airspace_budget_limit', labels, inUnit(unit, whole));
  say('airspace_budget_used_ratio', labels, whole === 0 ? 1 : (spent + reserved) / whole);
  if (runsOutAtMs !== null) say('airspace_budget_runs_out_seconds', labels, Math.max(0, runsOutAtMs - nowMs) / 1_000);
};

/** Dollars and not micros: a base unit. */
const inUnit = (unit: Unit, amount: number): number => (unit === 'micros' ? amount / 1_000_000 : amount);

export const leaseSource = (lessor: Pick<Lessor, 'open'>): Source => ({
  name: 'leases',
  read: (say) => {
    for (const [node, open] of lessor.open()) say('airspace_leases_open', { node }, open);
  },
});
