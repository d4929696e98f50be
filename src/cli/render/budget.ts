/** Budgets as a tree over the organisation, each account with a bar of what is spent, what is set aside and what is left. */
import { amountText } from '../../contract/index.ts';
import type { BudgetAccount, BudgetView } from '../../doors/admin/index.ts';
import { clean } from './clean.ts';
import type { Paint, Style } from './paint.ts';

const BAR_WIDTH = 24;
/** Accounts of one budget that are drawn; the fullest are the ones that matter. */
const MOST_DRAWN = 10;

export const budgetTree = (budgets: readonly BudgetView[], paint: Paint): string =>
  budgets
    .toSorted((a, b) => compare(placeOf(a), placeOf(b)))
    .flatMap((budget) => linesOf(budget, '  '.repeat(budget.path.length), paint))
    .join('\n');

const placeOf = ({ path, name }: BudgetView): string => [...path, name].join('\u0000');

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const linesOf = (budget: BudgetView, lead: string, paint: Paint): readonly string[] => {
  const { accounts, accountCount } = budget;
  const drawn = accounts.slice(0, MOST_DRAWN).map((account) => `${lead}  ${accountLine(budget, account, paint)}`);
  const rest = accountCount - drawn.length;
  return [
    `${lead}${clean(titleOf(budget))}`,
    ...drawn,
    ...(rest > 0 ? [`${lead}  and ${rest} more, with more left`] : []),
    ...(accounts.length === 0 ? [`${lead}  nobody has drawn on it`] : []),
  ];
};

export const titleOf = ({ name, scope, per, class: kind, limit, unit, hard, soft, ...budget }: BudgetView): string => {
  const each = per === null ? '' : `, each ${per}`;
  const only = kind === null ? '' : `, class ${kind}`;
  const warned =
    soft === null ? '' : `, from ${soft.percent} % on ${soft.do === 'model' ? `model ${soft.model}` : soft.do}`;
  return `${name}  ${amountText(limit, unit)}${windowOf(budget.window)} for ${scope}${each}${only}${warned}, then ${hard}`;
};

export const windowOf = ({ every }: BudgetView['window']): string => (every === 'none' ? '' : ` a ${every}`);

export const untilOf = ({ window }: BudgetView): string =>
  window.endMs === null ? '-' : new Date(window.endMs).toISOString().slice(0, 16).replace('T', ' ');

const accountLine = ({ unit }: BudgetView, account: BudgetAccount, paint: Paint): string => {
  const { holder, limit, extra, spent, reserved, left } = account;
  const total = limit + extra;
  const cells = (amount: number): number =>
    total === 0 ? 0 : Math.min(BAR_WIDTH, Math.round((amount / total) * BAR_WIDTH));
  const full = cells(spent);
  const held = Math.min(BAR_WIDTH - full, Math.max(reserved > 0 ? 1 : 0, cells(spent + reserved) - full));
  const bar = `${'█'.repeat(full)}${'▒'.repeat(held)}${'░'.repeat(BAR_WIDTH - full - held)}`;
  return [
    paint(styleFor(spent + reserved, total), bar),
    `${amountText(spent, unit)} spent`,
    ...(reserved === 0 ? [] : [`${amountText(reserved, unit)} set aside`]),
    `${amountText(left, unit)} left`,
    ...(extra === 0 ? [] : [`${amountText(extra, unit)} of it on top`]),
    ...(holder === '' ? [] : [clean(holder)]),
  ].join('  ');
};

export const styleFor = (used: number, total: number): Style =>
  used >= total ? 'red' : used * 5 >= total * 4 ? 'yellow' : 'green';
