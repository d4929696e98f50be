/** The check of a plan for people: its steps as a table, and below it what is wrong, what may be short, and what it comes to. */
import { amountText, type BudgetCheck, type PlanCheck, type StepCheck } from '../../contract/index.ts';
import type { Output } from '../output.ts';
import { clean } from './clean.ts';
import type { Style } from './paint.ts';

const STYLES: Readonly<Record<StepCheck['policy'], Style | undefined>> = {
  allow: 'green',
  approval: 'yellow',
  maybe: 'yellow',
  deny: 'red',
  missing: 'red',
  none: undefined,
};

/** Without a line break at the end. */
export const planCheckText = (
  out: Pick<Output, 'table' | 'paint'>,
  { steps, problems, warnings, remarks, budgets, ...whole }: PlanCheck,
): string => {
  const final = steps.filter(({ effect }) => effect === 'irreversible').map(({ step }) => clean(step));
  const count = steps.filter(({ step }) => /^\w/.test(step)).length;
  return [
    out.table(steps, [
      { title: 'STEP', value: ({ step }) => step },
      { title: 'CALLS', value: ({ target }) => target || '-' },
      {
        title: 'EFFECT',
        value: effectOf,
        style: ({ effect }) => (effect === 'irreversible' ? 'red' : undefined),
      },
      { title: 'DOMAIN', value: ({ domain }) => domain || '-' },
      { title: 'AFTER', value: ({ needs }) => needs.join(', ') || '-' },
      { title: 'POLICY', value: ({ policy }) => policy, style: ({ policy }) => STYLES[policy] },
      { title: 'COST', value: ({ costMicros, items }) => costOf(costMicros, items), align: 'right' },
      { title: 'AT MOST', value: ({ mostMicros, items }) => costOf(mostMicros, items), align: 'right' },
      { title: 'TAKEN BACK BY', value: ({ compensatedBy }) => compensatedBy || '-' },
      { title: 'REASON', value: ({ reason }) => reason },
    ]),
    ...(final.length === 0 ? [] : [`${out.paint('red', 'cannot be undone')}: ${final.join(', ')}`]),
    ...problems.map((problem) => `${out.paint('red', 'error')}: ${clean(problem)}`),
    ...warnings.map((warning) => `${out.paint('yellow', 'warning')}: ${clean(warning)}`),
    ...remarks.map((remark) => `${out.paint('yellow', 'note')}: ${clean(remark)}`),
    ...budgets.map(budgetLine),
    `${clean(whole.plan)} ${whole.digest.slice(0, 12)}: ${count} steps, ${whole.depth} after each other; about ${moneyOf(whole.estimateMicros)}, at most ${moneyOf(whole.mostMicros)}`,
  ].join('\n');
};

const effectOf = ({ effect, idempotent }: StepCheck): string => {
  if (effect === '') return '-';
  return `${effect}${idempotent ? ', again' : ''}`;
};

/** Nothing is nothing for each item, too. */
const costOf = (micros: number | null, items: number | null): string => {
  if (micros === null || micros === 0 || items === 1) return moneyOf(micros);
  return items === null ? `${moneyOf(micros)} per item` : `${items} x ${moneyOf(micros)}`;
};

const budgetLine = ({ budget, holder, unit, left, limit, expected, isOpen, class: of }: BudgetCheck): string => {
  const whose = `${clean(budget)}${holder === '' ? '' : ` of ${clean(holder)}`}`;
  const has = left === null ? `${amountText(limit, unit)} in all` : `${amountText(left, unit)} left`;
  const only = of === '' ? '' : `, if its calls are of class ${clean(of)}`;
  return `budget ${whose}: ${has}; one run takes ${isOpen ? 'at least' : 'about'} ${amountText(expected, unit)}${only}`;
};

const moneyOf = (micros: number | null): string => (micros === null ? 'unknown' : amountText(micros, 'micros'));
