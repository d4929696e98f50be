/** What a hub answers about its budgets: the configuration beside the ledger. */
import { type Lessor, leftOf, type Treasury, termsOf, windowAt } from '../../budget/index.ts';
import {
  type AccountState,
  type BudgetEntry,
  type BudgetScope,
  Fault,
  type LedgerEntry,
  type LedgerStore,
  type Snapshot,
} from '../../contract/index.ts';
import { parseLeaseRequest } from '../../control/index.ts';
import type { BudgetAccount, BudgetPort, BudgetView, Payer, PayerKind } from '../../doors/admin/index.ts';
import type { Gauge, Logger } from '../../telemetry/index.ts';

export interface BudgetParts {
  readonly treasury: Treasury;
  readonly ledger: LedgerStore;
  readonly snapshot: () => Snapshot | undefined;
  readonly logger: Logger;
  readonly lessor: Lessor;
}

/** The pace of a forecast: what was spent in this time, or by as many entries as are looked at for it. */
const PACE_MS = 3_600_000;
const MOST_PACED = 2_000;
/** Entries that are looked at for who pays; what is older shows as one remainder. A hub must not stand still for a question. */
const MOST_ENTRIES = 20_000;

export const budgetPort = (parts: BudgetParts): BudgetPort => ({
  list: async (tenant) => {
    const nowMs = parts.treasury.clock.wallMs();
    const budgets = parts.treasury.budgets.of(tenant);
    const paces = await pacesOf(parts.ledger, tenant, nowMs);
    const accounts = Map.groupBy(await parts.ledger.accounts({ tenant, sinceMs: nowMs }), (account) => account.budget);
    return budgets.map((budget) =>
      viewOf(budget, inWindow(budget, accounts.get(budget.name) ?? [], nowMs), paces, parts, nowMs),
    );
  },
  payers: async (tenant, name, by) => {
    const budget = found(parts, tenant, name);
    const accounts = await present(parts, budget);
    const { startMs } = windowAt(budget.window, parts.treasury.clock.wallMs());
    // One look for all accounts: there may be one for each session.
    const entries = await parts.ledger.entries({ tenant, sinceMs: startMs, limit: MOST_ENTRIES });
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
  lease: async (node, request) => parts.lessor.take(node, parseLeaseRequest(request)),
  leases: () => parts.lessor.open(),
});

/** Numbers of this node since it started; where accounts stand is for the ledger to say. */
export const budgetGauges = ({ counts, waiting }: Treasury): readonly Gauge[] => [
  { name: 'airspace_budget_refused_total', read: () => counts.refused },
  { name: 'airspace_budget_cut_total', read: () => counts.cut },
  { name: 'airspace_budget_soft_total', read: () => counts.soft },
  { name: 'airspace_budget_flagged_total', read: () => counts.flagged },
  { name: 'airspace_budget_expired_total', read: () => counts.expired },
  { name: 'airspace_budget_paused', read: () => waiting.count },
];

const found = ({ treasury }: BudgetParts, tenant: string, name: string): BudgetEntry => {
  const budget = treasury.budgets.find(tenant, name);
  if (budget !== undefined) return budget;
  const names = treasury.budgets.of(tenant).map((one) => `\`${one.name}\``);
  const known = names.length === 0 ? 'there is none yet' : `there are ${names.join(', ')}`;
  throw new Fault('not_found', `there is no budget \`${name}\`; ${known}`);
};

/** A misspelt holder would get an account that nobody draws on. */
const refuseUnknownHolder = async (parts: BudgetParts, budget: BudgetEntry, holder: string): Promise<void> => {
  if (holder === '' && budget.per === null) return;
  const holders = (await present(parts, budget)).map((account) => account.holder);
  if (holders.includes(holder)) return;
  const known =
    holders.length === 0 ? 'nobody has drawn on it yet' : `those who have are ${holders.slice(0, 10).join(', ')}`;
  const whose = holder === '' ? `is one account for each ${budget.per}; say which` : `has no account for \`${holder}\``;
  throw new Fault('not_found', `budget \`${budget.name}\` ${whose}; ${known}`);
};

const present = async ({ ledger, treasury }: BudgetParts, budget: BudgetEntry): Promise<readonly AccountState[]> => {
  const nowMs = treasury.clock.wallMs();
  return inWindow(budget, await ledger.accounts({ tenant: budget.tenant, budget: budget.name, sinceMs: nowMs }), nowMs);
};

/** A budget that had another window yesterday has accounts of that one too. */
const inWindow = (
  { window }: BudgetEntry,
  accounts: readonly AccountState[],
  nowMs: number,
): readonly AccountState[] => {
  const { startMs } = windowAt(window, nowMs);
  return accounts.filter(({ windowStartMs }) => windowStartMs === startMs);
};

/** Accounts that are told; there may be one for each call tree. */
const MOST_TOLD = 100;

const viewOf = (
  budget: BudgetEntry,
  present: readonly AccountState[],
  paces: Paces,
  { snapshot }: BudgetParts,
  nowMs: number,
): BudgetView => {
  const accounts = present.map((account) => ({ ...account, limit: budget.limit }));
  const { startMs, endMs } = windowAt(budget.window, nowMs);
  // Nobody has drawn on it yet: that is an account too, and a full one.
  if (accounts.length === 0 && budget.per === null)
    accounts.push({ ...termsOf(budget, '', nowMs), spent: 0, reserved: 0, extra: 0 });
  return {
    ...{ name: budget.name, scope: scopeText(budget.scope), path: pathOf(budget, snapshot()), per: budget.per },
    ...{ class: budget.class, unit: budget.unit, limit: budget.limit, soft: budget.soft, hard: budget.hard },
    window: { ...budget.window, startMs, endMs },
    accountCount: accounts.length,
    accounts: accounts
      .sort((a, b) => b.spent + b.reserved - a.spent - a.reserved)
      .slice(0, MOST_TOLD)
      .map((account) => accountView(account, paceIn(account, paces, nowMs), nowMs)),
  };
};

const accountView = (account: AccountState, perHour: number, nowMs: number): BudgetAccount => {
  const { holder, limit, extra, spent, reserved, windowEndMs } = account;
  const left = leftOf(account);
  const emptyAtMs = left === 0 ? nowMs : perHour === 0 ? null : Math.round(nowMs + (left / perHour) * PACE_MS);
  const lasts = emptyAtMs === null || (windowEndMs !== null && emptyAtMs >= windowEndMs);
  return { holder, limit, extra, spent, reserved, left, perHour, runsOutAtMs: lasts ? null : emptyAtMs };
};

interface Paces {
  /** What each account came to. */
  readonly amounts: ReadonlyMap<string, number>;
  readonly sinceMs: number;
}

const pacesOf = async (ledger: LedgerStore, tenant: string, nowMs: number): Promise<Paces> => {
  const entries = await ledger.entries({ tenant, sinceMs: nowMs - PACE_MS, limit: MOST_PACED });
  const amounts = new Map<string, number>();
  for (const { charges, state } of entries)
    for (const { account, spent, reserved } of charges)
      amounts.set(account, (amounts.get(account) ?? 0) + (state === 'reserved' ? reserved : spent));
  const isWhole = entries.length < MOST_PACED;
  return { amounts, sinceMs: isWhole ? nowMs - PACE_MS : entries.at(-1)!.atMs };
};

/** Less than a minute tells nothing about an hour. */
const LEAST_MS = 60_000;

/** A window that has just begun has no hour behind it. */
const paceIn = ({ id, windowStartMs }: AccountState, { amounts, sinceMs }: Paces, nowMs: number): number => {
  const elapsedMs = Math.max(LEAST_MS, nowMs - Math.max(sinceMs, windowStartMs));
  return Math.round(((amounts.get(id) ?? 0) * PACE_MS) / elapsedMs);
};

/** INVARIANT: the sums are those of the accounts, to the micro. */
const payersIn = (
  accounts: readonly AccountState[],
  entries: readonly LedgerEntry[],
  by: PayerKind,
): readonly Payer[] => {
  const payers = new Map<string, { spent: number; reserved: number; calls: number }>();
  const add = (who: string, spent: number, reserved: number, calls: number): void => {
    const payer = payers.get(who) ?? { spent: 0, reserved: 0, calls: 0 };
    payers.set(who, { spent: payer.spent + spent, reserved: payer.reserved + reserved, calls: payer.calls + calls });
  };
  const rest = new Map(accounts.map(({ id, spent, reserved }) => [id, { spent, reserved }]));
  for (const { labels, state, charges } of entries)
    for (const { account, spent, reserved } of charges) {
      const left = rest.get(account);
      if (left === undefined) continue;
      const held = state === 'reserved' ? reserved : 0;
      add(labels[by] ?? '-', spent, held, 1);
      rest.set(account, { spent: left.spent - spent, reserved: left.reserved - held });
    }
  for (const { spent, reserved } of rest.values())
    if (spent !== 0 || reserved !== 0) add('(older)', spent, reserved, 0);
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
