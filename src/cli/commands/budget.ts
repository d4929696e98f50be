/** `airspace budget`: what may be spent, what is spent, when it runs out, who pays, and more of it. */
import { amountText, moneyOf, type StoredResource, type Unit } from '../../contract/index.ts';
import type { BudgetAccount, BudgetView, PayersView } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { budgetTree, styleFor, untilOf } from '../render/budget.ts';
import { clean } from '../render/clean.ts';

const EMPTY = 'no budget yet; write one: airspace explain budget';

const budgetsOf = async ({ admin }: Context, name?: string): Promise<readonly BudgetView[]> => {
  const { items } = await (await admin()).get<{ items: BudgetView[] }>('/v1/budgets');
  if (name === undefined) return items;
  const found = items.filter((budget) => budget.name === name);
  if (found.length > 0) return found;
  const known = items.map((budget) => budget.name).join(', ');
  throw new Failure(EXIT.notFound, `there is no budget \`${name}\``, {
    code: 'not_found',
    ...(known === '' ? {} : { because: `there are ${known}` }),
    try: 'airspace budget ls',
  });
};

export const list = async (context: Context): Promise<number> => {
  const fullest = ({ accounts, limit }: BudgetView): Pick<BudgetAccount, 'spent' | 'reserved' | 'left'> =>
    accounts[0] ?? { spent: 0, reserved: 0, left: limit };
  await context.out.list({
    kind: 'Budget',
    rows: await budgetsOf(context),
    columns: [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'FOR', value: ({ scope, per }) => `${scope}${per === null ? '' : `, each ${per}`}` },
      { title: 'LIMIT', value: ({ limit, unit }) => amountText(limit, unit), align: 'right' },
      { title: 'SPENT', value: (one) => amountText(fullest(one).spent, one.unit), align: 'right' },
      { title: 'SET ASIDE', value: (one) => amountText(fullest(one).reserved, one.unit), align: 'right' },
      {
        title: 'LEFT',
        value: (one) => amountText(fullest(one).left, one.unit),
        align: 'right',
        style: (one) => styleFor(one.limit - fullest(one).left, one.limit),
      },
      { title: 'ACCOUNTS', value: ({ accountCount }) => accountCount, align: 'right' },
      { title: 'UNTIL', value: untilOf },
      { title: 'THEN', value: ({ hard }) => hard },
    ],
    name: ({ name }) => `budget/${name}`,
    empty: EMPTY,
  });
  return EXIT.ok;
};

export const show = async (context: Context, name?: string): Promise<number> => {
  const budgets = await budgetsOf(context, name);
  if (budgets.length === 0) context.out.note(EMPTY);
  else await context.out.one({ items: budgets }, () => budgetTree(budgets, context.out.paint));
  return EXIT.ok;
};

/** A change of the configuration like any other: it has an author, a reason and a revision to go back to. */
export const set = async (
  context: Context,
  name: string,
  limit: string,
  options: { readonly reason?: string },
): Promise<number> => {
  const admin = await context.admin();
  const { items } = await admin.get<{ items: StoredResource[] }>('/v1/resources', { kind: 'Budget', name });
  const [stored] = items;
  if (stored?.resource.kind !== 'Budget')
    throw new Failure(EXIT.notFound, `there is no budget \`${name}\``, {
      code: 'not_found',
      try: 'airspace budget ls',
    });
  const { resource, version } = stored;
  const amount = amountIn(limit, resource.spec.unit === 'usd' ? 'micros' : resource.spec.unit);
  if (amount === undefined) throw usage(`\`${limit}\` is no amount`, `airspace budget set ${name} "20 USD"`);
  await admin.post('/v1/resources:apply', {
    // As people write it: that is what `get -o yaml` shows afterwards.
    resources: [{ ...resource, spec: { ...resource.spec, limit: resource.spec.unit === 'usd' ? limit : amount } }],
    origins: ['this command'],
    reason: options.reason ?? `limit of ${name} set to ${limit}`,
    ifVersions: { [`${resource.metadata.tenant}/Budget/${name}`]: version },
  });
  const [budget] = await budgetsOf(context, name);
  await context.out.one(budget, () => budgetTree([budget!], context.out.paint));
  return EXIT.ok;
};

/** On a command line a bare number is dollars for nobody: money needs its currency. */
const amountIn = (text: string, unit: Unit): number | undefined => {
  if (unit === 'micros') return /^\d+$/.test(text) ? undefined : moneyOf(text);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

export const topUp = async (
  context: Context,
  name: string,
  text: string,
  options: { readonly holder?: string; readonly reason?: string },
): Promise<number> => {
  const [budget] = await budgetsOf(context, name);
  const { unit } = budget!;
  const amount = amountIn(text, unit);
  if (amount === undefined || amount === 0)
    throw usage(`\`${text}\` is no amount`, `airspace budget topup ${name} "5 USD"`);
  const account = await (await context.admin()).post<BudgetAccount>(`/v1/budgets/${name}:topup`, {
    amount,
    holder: options.holder ?? '',
    reason: options.reason ?? '',
  });
  await context.out.one(
    account,
    () => `${amountText(amount, unit)} on top; ${clean(name)} has ${amountText(account.left, unit)} left`,
  );
  return EXIT.ok;
};

interface Row extends BudgetAccount {
  readonly budget: BudgetView;
}

export const forecast = async (context: Context, name?: string): Promise<number> => {
  const budgets = await budgetsOf(context, name);
  const rows: readonly Row[] = budgets.flatMap((budget) => budget.accounts.map((account) => ({ ...account, budget })));
  await context.out.list({
    kind: 'Forecast',
    rows,
    columns: [
      { title: 'BUDGET', value: ({ budget }) => budget.name },
      { title: 'HOLDER', value: ({ holder }) => holder || '-' },
      { title: 'LEFT', value: ({ left, budget }) => amountText(left, budget.unit), align: 'right' },
      { title: 'PER HOUR', value: ({ perHour, budget }) => amountText(perHour, budget.unit), align: 'right' },
      { title: 'RUNS OUT', value: runsOut, style: ({ runsOutAtMs }) => (runsOutAtMs === null ? 'green' : 'red') },
      { title: 'WINDOW ENDS', value: ({ budget }) => untilOf(budget) },
    ],
    name: ({ budget, holder }) => `budget/${budget.name}${holder === '' ? '' : `/${holder}`}`,
    empty: EMPTY,
  });
  return rows.some(({ runsOutAtMs }) => runsOutAtMs !== null) ? EXIT.no : EXIT.ok;
};

const runsOut = ({ runsOutAtMs, left }: Row): string => {
  if (left === 0) return 'is empty';
  return runsOutAtMs === null ? 'not at this pace' : new Date(runsOutAtMs).toISOString().slice(0, 16).replace('T', ' ');
};

export const whoPays = async (context: Context, name: string, options: { readonly by?: string }): Promise<number> => {
  const { items, unit, by } = await (await context.admin()).get<PayersView>(`/v1/budgets/${name}/payers`, {
    by: options.by ?? 'principal',
  });
  const total = items.reduce((sum, { spent }) => sum + spent, 0);
  await context.out.list({
    kind: 'Payer',
    rows: items,
    columns: [
      { title: by.toUpperCase(), value: ({ who }) => who },
      { title: 'SPENT', value: ({ spent }) => amountText(spent, unit), align: 'right' },
      { title: 'SET ASIDE', value: ({ reserved }) => amountText(reserved, unit), align: 'right' },
      { title: 'CALLS', value: ({ calls }) => calls, align: 'right' },
      {
        title: 'SHARE',
        value: ({ spent }) => (total === 0 ? '-' : `${Math.round((spent / total) * 100)} %`),
        align: 'right',
      },
    ],
    name: ({ who }) => who,
    empty: `nobody has drawn on budget \`${name}\` in its present window`,
  });
  return EXIT.ok;
};
