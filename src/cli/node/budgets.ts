/** What a hub answers about its budgets: the configuration beside the ledger. */
import { leftOf, type Treasury, termsOf, windowAt } from '../../budget/index.ts';
import {
  type AccountState,
  type BudgetEntry,
  type BudgetScope,
  Fault,
  type LedgerEntry,
  type LedgerStore,
  type Snapshot,
} from '../../contract/index.ts';
import type { BudgetAccount, BudgetPort, BudgetView, Payer, PayerKind } from '../../doors/admin/index.ts';
import type { Gauge, Logger } from '../../telemetry/index.ts';

export interface BudgetParts {
  readonly treasury: Treasury;
  readonly ledger: LedgerStore;
  readonly snapshot: () => Snapshot | undefined;
  readonly logger: Logger;
}

/** The pace of a forecast: what was spent in this time. */
const PACE_MS = 3_600_000;
/** Entries that are looked at; what is older shows as one remainder. */
const MOST_ENTRIES = 100_000;

export const budgetPort = (parts: BudgetParts): BudgetPort => ({
  list: async (tenant) => {
    const nowMs = parts.treasury.clock.wallMs();
    const budgets = parts.treasury.budgets.of(tenant);
    const paces = await pacesOf(parts.ledger, tenant, nowMs);
    return Promise.all(budgets.map((budget) => viewOf(parts, budget, paces, nowMs)));
  },
  payers: async (tenant, name, by) => {
    const budget = found(parts, tenant, name);
    const accounts = await present(parts, budget);
    const entries = await Promise.all(
      accounts.map(({ id }) => parts.ledger.entries({ tenant, account: id, limit: MOST_ENTRIES })),
    );
    return { unit: budget.unit, by, items: payersIn(accounts, entries, by) };
  },
  topUp: async ({ tenant, budget: name, holder, amount, by, reason }) => {
    const budget = found(parts, tenant, name);
    const terms = termsOf(budget, holder, parts.treasury.clock.wallMs());
    await refuseUnknownHolder(parts, budget, holder);
    const account = await parts.ledger.credit(terms, amount);
    parts.logger.log('warn', 'budget topped up', { tenant, budget: name, holder, amount, by, reason });
    parts.treasury.waiting.wake(account.id);
    return accountView(account, 0, parts.treasury.clock.wallMs());
  },
});

/** Numbers of this node since it started; where accounts stand is for the ledger to say. */
export const budgetGauges = ({ counts, waiting }: Treasury): readonly Gauge[] => [
  counter('airspace_budget_spent_micros_total', 'Micro-USD that priced calls came to.', () => counts.micros),
  counter('airspace_budget_refused_total', 'Calls that a budget had too little left for.', () => counts.refused),
  counter('airspace_budget_cut_total', 'Streams that a budget cut.', () => counts.cut),
  counter('airspace_budget_soft_total', 'Accounts that reached their soft limit.', () => counts.soft),
  counter('airspace_budget_flagged_total', 'Calls whose reported usage could not be true.', () => counts.flagged),
  counter('airspace_budget_expired_total', 'Reservations that nobody settled in time.', () => counts.expired),
  { name: 'airspace_budget_paused', help: 'Calls that wait for room in a budget.', read: () => waiting.count },
];

const counter = (name: string, help: string, read: () => number): Gauge => ({ name, help, read, type: 'counter' });

/** A hub without a ledger of its own has nothing to say about money. */
export const budgetsAbove = (elsewhere: () => Fault): BudgetPort => ({
  list: () => Promise.reject(elsewhere()),
  payers: () => Promise.reject(elsewhere()),
  topUp: () => Promise.reject(elsewhere()),
});

const found = ({ treasury }: BudgetParts, tenant: string, name: string): BudgetEntry => {
  const budget = treasury.budgets.find(tenant, name);
  if (budget !== undefined) return budget;
  const names = treasury.budgets.of(tenant).map((one) => `\`${one.name}\``);
  const known = names.length === 0 ? 'there is none yet' : `there are ${names.join(', ')}`;
  throw new Fault('not_found', `there is no budget \`${name}\`; ${known}`);
};

/** A misspelt holder would get an account that nobody draws on. */
const refuseUnknownHolder = async (parts: BudgetParts, budget: BudgetEntry, holder: string): Promise<void> => {
  if (holder === '') return;
  const holders = (await present(parts, budget)).map((account) => account.holder);
  if (holders.includes(holder)) return;
  const known =
    holders.length === 0 ? 'nobody has drawn on it yet' : `those who have are ${holders.slice(0, 10).join(', ')}`;
  throw new Fault('not_found', `budget \`${budget.name}\` has no account for \`${holder}\`; ${known}`);
};

const present = async (
  { ledger, treasury }: BudgetParts,
  { tenant, name, window }: BudgetEntry,
): Promise<readonly AccountState[]> => {
  const nowMs = treasury.clock.wallMs();
  const { startMs } = windowAt(window, nowMs);
  const all = await ledger.accounts({ tenant, budget: name, sinceMs: nowMs });
  return all.filter(({ windowStartMs }) => windowStartMs === startMs);
};

const viewOf = async (
  parts: BudgetParts,
  budget: BudgetEntry,
  paces: ReadonlyMap<string, number>,
  nowMs: number,
): Promise<BudgetView> => {
  const accounts = (await present(parts, budget)).map((account) => ({ ...account, limit: budget.limit }));
  const { startMs, endMs } = windowAt(budget.window, nowMs);
  // Nobody has drawn on it yet: that is an account too, and a full one.
  if (accounts.length === 0 && budget.per === null)
    accounts.push({ ...termsOf(budget, '', nowMs), spent: 0, reserved: 0, extra: 0 });
  return {
    ...{ name: budget.name, scope: scopeText(budget.scope), path: pathOf(budget, parts.snapshot()), per: budget.per },
    ...{ class: budget.class, unit: budget.unit, limit: budget.limit, soft: budget.soft, hard: budget.hard },
    window: { ...budget.window, startMs, endMs },
    accounts: accounts
      .map((account) => accountView(account, paceIn(account, paces, nowMs), nowMs))
      .sort((a, b) => b.spent + b.reserved - a.spent - a.reserved),
  };
};

const accountView = (account: AccountState, perHour: number, nowMs: number): BudgetAccount => {
  const { holder, limit, extra, spent, reserved, windowEndMs } = account;
  const left = leftOf(account);
  const emptyAtMs = left === 0 ? nowMs : perHour === 0 ? null : Math.round(nowMs + (left / perHour) * PACE_MS);
  const lasts = emptyAtMs === null || (windowEndMs !== null && emptyAtMs >= windowEndMs);
  return { holder, limit, extra, spent, reserved, left, perHour, runsOutAtMs: lasts ? null : emptyAtMs };
};

/** What each account came to in the last hour. */
const pacesOf = async (ledger: LedgerStore, tenant: string, nowMs: number): Promise<ReadonlyMap<string, number>> => {
  const paces = new Map<string, number>();
  for (const { charges, state } of await ledger.entries({ tenant, sinceMs: nowMs - PACE_MS, limit: MOST_ENTRIES }))
    for (const { account, spent, reserved } of charges)
      paces.set(account, (paces.get(account) ?? 0) + (state === 'reserved' ? reserved : spent));
  return paces;
};

/** A window that has just begun has no hour behind it; five minutes is the least that tells anything. */
const paceIn = ({ id, windowStartMs }: AccountState, paces: ReadonlyMap<string, number>, nowMs: number): number => {
  const elapsedMs = Math.min(PACE_MS, Math.max(300_000, nowMs - windowStartMs));
  return Math.round(((paces.get(id) ?? 0) * PACE_MS) / elapsedMs);
};

/** INVARIANT: the sums are those of the accounts, to the micro. */
const payersIn = (
  accounts: readonly AccountState[],
  entries: readonly (readonly LedgerEntry[])[],
  by: PayerKind,
): readonly Payer[] => {
  const payers = new Map<string, { spent: number; reserved: number; calls: number }>();
  const add = (who: string, spent: number, reserved: number, calls: number): void => {
    const payer = payers.get(who) ?? { spent: 0, reserved: 0, calls: 0 };
    payers.set(who, { spent: payer.spent + spent, reserved: payer.reserved + reserved, calls: payer.calls + calls });
  };
  for (const [at, account] of accounts.entries()) {
    let { spent, reserved } = account;
    for (const { labels, state, charges } of entries[at]!) {
      const charge = charges.find((one) => one.account === account.id)!;
      const held = state === 'reserved' ? charge.reserved : 0;
      add(labels[by] ?? '-', charge.spent, held, 1);
      spent -= charge.spent;
      reserved -= held;
    }
    if (spent !== 0 || reserved !== 0) add('(older)', spent, reserved, 0);
  }
  return [...payers]
    .map(([who, sums]) => ({ who, ...sums }))
    .sort((a, b) => b.spent - a.spent || (a.who < b.who ? -1 : 1));
};

const scopeText = (scope: BudgetScope): string => {
  if (scope.kind === 'organisation') return 'organisation';
  return scope.kind === 'target' ? `target ${scope.target}/${scope.name}` : `${scope.kind} ${scope.name}`;
};

/** Where it stands in the tree of the organisation, from the top. */
const pathOf = ({ tenant, scope }: BudgetEntry, snapshot: Snapshot | undefined): readonly string[] => {
  if (scope.kind === 'organisation' || snapshot === undefined) return [];
  if (scope.kind === 'domain') return domainsAbove(tenant, scope.name, snapshot);
  const home =
    scope.kind === 'agent'
      ? snapshot.targets.find((one) => one.tenant === tenant && one.kind === 'agent' && one.name === scope.name)?.domain
      : undefined;
  return [...(home === undefined || home === '' ? [] : domainsAbove(tenant, home, snapshot)), scopeText(scope)];
};

const domainsAbove = (tenant: string, name: string, { domains }: Snapshot): readonly string[] => {
  const way: string[] = [];
  for (
    let at = name;
    at !== '' && way.length < 64;
    at = domains.find((one) => one.tenant === tenant && one.name === at)?.parent ?? ''
  )
    way.unshift(`domain ${at}`);
  return way;
};
