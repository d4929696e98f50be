/**
 * The cost of a run against every budget that its calls would be charged to, as far as this node knows where those stand: its own
 * ledger, what its hub last said of accounts that it has leases of, and of all others the limit. Nothing is set aside.
 */
import { type Budgets, type Foreseen, isUnpriced, leftOf, type Share } from '../../budget/index.ts';
import {
  type AccountState,
  amountText,
  type BudgetCheck,
  type LedgerStore,
  type Principal,
  type RoutePlan,
  type StepKey,
  type Target,
  type Unit,
} from '../../contract/index.ts';

/** Where accounts stand. */
export interface Purse {
  /** Null: this node has no ledger, and refuses what falls under a budget. */
  readonly ledger: Pick<LedgerStore, 'account'> | null;
  /** Is a budget of this name one of the levels above, of which this node knows only what it was told? */
  readonly isAbove: (tenant: string, budget: string) => boolean;
}

/** A call that a run would make. */
export interface Charged {
  /** Of the step; empty for the start itself. */
  readonly step: StepKey;
  readonly target: Target;
  /** Absent: it is a question to people, or a start, and costs nothing but a call. */
  readonly called?: Pick<RoutePlan, 'target' | 'operation'>;
  /** Undefined: nobody can say what it comes to, besides that it is a call. */
  readonly foreseen: Foreseen | undefined;
  /** Null: for each item of a list whose length is not known. */
  readonly items: number | null;
  /** Runs only when something fails: it may be refused, and is not part of what is expected. */
  readonly isBack: boolean;
}

const CALL = { micros: 0, tokens: 0, calls: 1 };
/** A start, or a question to people. */
export const FREE: Foreseen = { least: CALL, expected: CALL, most: CALL };

export interface BudgetQuestion {
  readonly budgets: Budgets;
  readonly purse: Purse;
  readonly caller: Principal;
  readonly charged: readonly Charged[];
  readonly wallMs: number;
}

export interface BudgetAnswer {
  readonly budgets: readonly BudgetCheck[];
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

export const checkBudgets = async (asked: BudgetQuestion): Promise<BudgetAnswer> => {
  const drawn = drawnBy(asked);
  const found = await Promise.all(drawn.map(async (one) => ({ ...one, state: await stateOf(one.share, asked) })));
  return {
    budgets: found.map(checkOf),
    warnings: found.flatMap(warningsOn),
    problems: found.flatMap(problemsOf),
  };
};

interface Drawn {
  readonly share: Share;
  readonly calls: readonly Charged[];
}

interface Found extends Drawn {
  /** Undefined: this node does not know. */
  readonly state: AccountState | undefined;
}

/** Each account once, with the calls that draw on it. */
const drawnBy = ({ budgets, caller, charged, wallMs }: BudgetQuestion): readonly Drawn[] => {
  const classes = [...new Set(budgets.of(caller.tenant).flatMap((one) => one.class ?? []))].join('+');
  const drawn = new Map<string, { readonly share: Share; readonly calls: Charged[] }>();
  for (const call of charged) {
    // A run of its own is a tree of its own: its account is new.
    const payer = { principal: caller, target: call.target, lineage: { root: '', depth: 0 } };
    for (const share of budgets.sharesOf(payer, classes, wallMs)) {
      const known = drawn.get(share.account.id) ?? { share, calls: [] };
      drawn.set(share.account.id, known);
      known.calls.push(call);
    }
  }
  return [...drawn.values()];
};

const stateOf = async ({ account, budget }: Share, { purse }: BudgetQuestion): Promise<AccountState | undefined> => {
  const fresh = { ...account, spent: 0, reserved: 0, extra: 0 };
  if (budget.per === 'tree') return fresh;
  const known = await purse.ledger?.account(account.tenant, account.id);
  if (known !== undefined) return { ...known, ...account };
  return purse.ledger === null || purse.isAbove(budget.tenant, budget.name) ? undefined : fresh;
};

/** Undefined: nobody can say. */
const amountOf = ({ foreseen }: Pick<Charged, 'foreseen'>, unit: Unit, which: keyof Foreseen): number | undefined =>
  unit === 'calls' ? 1 : foreseen?.[which][unit];

const checkOf = ({ share: { budget, account }, calls, state }: Found): BudgetCheck => {
  const ahead = calls.filter(({ isBack }) => !isBack);
  const amounts = ahead.map((call) => amountOf(call, budget.unit, 'expected'));
  const drawing = ahead.filter((_, at) => amounts[at] !== 0);
  return {
    budget: budget.name,
    holder: budget.per === 'tree' ? '' : account.holder,
    unit: budget.unit,
    left: state === undefined ? null : leftOf(state),
    limit: budget.limit + (state?.extra ?? 0),
    windowEndMs: account.windowEndMs,
    expected: ahead.reduce((sum, { items }, at) => sum + (amounts[at] ?? 0) * (items ?? 1), 0),
    isOpen: ahead.some(({ items }, at) => amounts[at] === undefined || (items === null && amounts[at] !== 0)),
    class: budget.class ?? '',
    steps: drawing.map(({ step }) => step).filter((step) => step !== ''),
  };
};

/** It may be filled up, or begin anew: that is no reason against the plan. */
const warningsOn = (found: Found): readonly string[] => {
  const { budget } = found.share;
  const { expected, isOpen, left, limit, windowEndMs } = checkOf(found);
  if (expected === 0 || expected <= (left ?? limit)) return [];
  const isPerItem = found.calls.some(({ items, isBack }) => items === null && !isBack);
  const counted = isPerItem ? ', with one item of each list of unknown length' : '';
  const needs = `one run needs ${isOpen ? 'at least' : 'about'} ${amountText(expected, budget.unit)}${counted}`;
  const has =
    left === null
      ? `has ${amountText(limit, budget.unit)} in all, and what is left of it is known at a level above`
      : `has ${amountText(left, budget.unit)} left`;
  const then = budget.hard === 'pause' ? 'the run would wait for it' : 'the run would be refused a step';
  const whose = budget.class === null ? '' : ` for calls of class \`${budget.class}\``;
  return [`budget \`${budget.name}\`${whose} ${has}, and ${needs}: ${then}; ${remedy(windowEndMs)}`];
};

const remedy = (windowEndMs: number | null): string =>
  windowEndMs === null ? 'raise it' : `raise it, or wait until ${new Date(windowEndMs).toISOString()}`;

/** A call that this budget refuses however little was spent. What belongs to a class is decided later, and nothing is sure of it. */
const problemsOf = ({ share: { budget }, calls, state }: Found): readonly string[] => {
  if (budget.class !== null) return [];
  const limit = budget.limit + (state?.extra ?? 0);
  return calls.flatMap((call) => {
    const { step, called } = call;
    if (budget.unit === 'micros' && called !== undefined && isUnpriced(called))
      return [
        `\`${step}\`: \`${called.target.kind}/${called.target.name}\` has no price for \`${called.operation.name}\`, and budget \`${budget.name}\` counts money: every such call is refused; declare \`price\` on it`,
      ];
    const least = amountOf(call, budget.unit, 'least') ?? 0;
    if (least <= limit) return [];
    return [
      `\`${step}\` costs ${amountText(least, budget.unit)} a call, and budget \`${budget.name}\` has ${amountText(limit, budget.unit)} in all: it is refused every time; raise the limit, or call something cheaper`,
    ];
  });
};
