/** Usage in SQL: rows that are added up where they stand, and one question that groups them by whatever was asked. */
import type { Expression, ExpressionBuilder } from 'kysely';
import { type Awaitable, type Db, type Session, statement } from './statement.ts';
import { type Tables, USAGE_COUNTS, USAGE_KEY, type UsageColumns } from './tables.ts';
import { type Used, usageRows } from './usage-rows.ts';

const valuesOf = (p: UsageColumns): UsageColumns =>
  Object.fromEntries([...USAGE_KEY, ...USAGE_COUNTS].map((column) => [column, p[column]])) as unknown as UsageColumns;

type Adding = ExpressionBuilder<{ usage_row: UsageColumns; excluded: UsageColumns }, 'usage_row' | 'excluded'>;

/** `excluded` is the row that found another in its place. A sum that gets too far stays at the end of whole numbers. */
const added = (set: unknown) => {
  const or = set as Adding;
  const most = or.lit(Number.MAX_SAFE_INTEGER);
  return Object.fromEntries(
    USAGE_COUNTS.map((column) => {
      const sum = or(`usage_row.${column}`, '+', or.ref(`excluded.${column}`));
      return [column, or.case().when(sum, '>', most).then(most).else(sum).end()];
    }),
  );
};

/** Rows of one tenant in one step share their room. */
type Place = Pick<UsageColumns, 'tenant' | 'step_ms' | 'start_ms'>;

/** `by...`: 1 for yes. Null filters nothing. `none` stands for what was not asked by. */
export interface UsageArgs {
  readonly tenant: string;
  readonly step: number;
  readonly from: number;
  readonly to: number;
  readonly caller: string | null;
  readonly target: string | null;
  readonly operation: string | null;
  readonly byCaller: number;
  readonly byTarget: number;
  readonly byOperation: number;
  readonly byTime: number;
  readonly sort: SizeName;
  readonly none: string;
  readonly limit: number;
}

type Asking = ExpressionBuilder<Tables, 'usage_row'>;
type Name = 'caller' | 'target' | 'operation';

const isAsked = (or: Asking, flag: number) => or(or.cast<number>(or.val(flag), 'bigint'), '=', or.lit(1));

const told = (or: Asking, column: Name, flag: number, none: string) =>
  or
    .case()
    .when(isAsked(or, flag))
    .then(or.ref(column))
    .else(or.cast<string>(or.val(none), 'text'))
    .end()
    .as(column);

const fits = (or: Asking, column: Name, wanted: string | null) =>
  or.or([or(or.cast(or.val(wanted), 'text'), 'is', null), or(column, '=', wanted)]);

/** The rows without what they are not to be told apart by, so that the rest can be grouped by its names. */
const grouped = (db: Db, p: UsageArgs) =>
  db
    .selectFrom('usage_row')
    .select((or) => [
      told(or, 'caller', p.byCaller, p.none),
      told(or, 'target', p.byTarget, p.none),
      told(or, 'operation', p.byOperation, p.none),
      or.case().when(isAsked(or, p.byTime)).then(or.ref('start_ms')).else(or.lit(0)).end().as('start_ms'),
    ])
    .select([...USAGE_COUNTS])
    .where('tenant', '=', p.tenant)
    .where('step_ms', '=', p.step)
    .where('start_ms', '>=', p.from)
    .where('start_ms', '<', p.to)
    .where((or) => fits(or, 'caller', p.caller))
    .where((or) => fits(or, 'target', p.target))
    .where((or) => fits(or, 'operation', p.operation))
    .as('told');

type Told = ExpressionBuilder<{ told: UsageColumns }, 'told'>;
type Column = (typeof USAGE_COUNTS)[number];

/** Doubles hold whole numbers exactly as far as we count, and go on beyond where integers would end the question. */
const total = (or: Told, column: Column) => or.fn<number>('sum', [or.cast(or.ref(column), 'double precision')]);

const totals = (or: Told, first: Column, ...more: readonly Column[]): Expression<number> =>
  more.reduce<Expression<number>>((sum, column) => or(sum, '+', total(or, column)), total(or, first));

/** What the largest come first by, in the words of the contract. */
const SIZES = {
  calls: (or: Told) => totals(or, 'calls'),
  errors: (or: Told) =>
    totals(or, 'error_target', 'error_timeout', 'error_unreachable', 'error_overloaded', 'error_own'),
  denied: (or: Told) => totals(or, 'denied'),
  held: (or: Told) => totals(or, 'held'),
  cost: (or: Told) => totals(or, 'cost_micros'),
  tokens: (or: Told) => totals(or, 'input_tokens', 'output_tokens'),
  took: (or: Told) => totals(or, 'took_micros'),
  waited: (or: Told) => totals(or, 'waited_micros'),
  mean: (or: Told) =>
    or
      .case()
      .when(total(or, 'calls'), '=', or.lit(0))
      .then(or.cast<number>(or.lit(0), 'double precision'))
      .else(or(total(or, 'took_micros'), '/', total(or, 'calls')))
      .end(),
} as const;

type SizeName = keyof typeof SIZES;

const question = (size: SizeName) =>
  statement(`usage.by.${size}`, (db, p: UsageArgs) =>
    db
      .selectFrom(grouped(db, p))
      .select(['caller', 'target', 'operation', 'start_ms'])
      .select((or) => USAGE_COUNTS.map((column) => total(or as unknown as Told, column).as(column)))
      .groupBy(['caller', 'target', 'operation', 'start_ms'])
      .orderBy((or) => SIZES[size](or as unknown as Told), 'desc')
      .orderBy('start_ms')
      .orderBy('caller')
      .orderBy('target')
      .orderBy('operation')
      .limit(p.limit),
  );

const QUESTIONS = {
  calls: question('calls'),
  errors: question('errors'),
  denied: question('denied'),
  held: question('held'),
  cost: question('cost'),
  tokens: question('tokens'),
  took: question('took'),
  waited: question('waited'),
  mean: question('mean'),
} satisfies Record<SizeName, unknown>;

const S = {
  add: statement('usage.add', (db, p: UsageColumns) =>
    db
      .insertInto('usage_row')
      .values(valuesOf(p))
      .onConflict((conflict) => conflict.columns([...USAGE_KEY]).doUpdateSet(added)),
  ),
  taken: statement('usage.taken', (db, p: Place) =>
    db
      .selectFrom('usage_row')
      .select((or) => or.fn.countAll<number>().as('rows'))
      .where('tenant', '=', p.tenant)
      .where('step_ms', '=', p.step_ms)
      .where('start_ms', '=', p.start_ms),
  ),
  names: statement('usage.names', (db, p: Place) =>
    db
      .selectFrom('usage_row')
      .select(['caller', 'target', 'operation'])
      .where('tenant', '=', p.tenant)
      .where('step_ms', '=', p.step_ms)
      .where('start_ms', '=', p.start_ms),
  ),
  /** One step at a time. */
  prune: statement('usage.prune', (db, p: { step: number; before: number; same: number }) =>
    db
      .deleteFrom('usage_row')
      .where('step_ms', '=', p.step)
      .where('start_ms', '=', (q) =>
        q
          .selectFrom('usage_row')
          .select((or) => or.fn.min('start_ms').as('oldest'))
          .where('step_ms', '=', p.same)
          .where('start_ms', '<', p.before),
      ),
  ),
};

export const usageStatements = [...Object.values(S), ...Object.values(QUESTIONS)];

export interface AddUsageArgs {
  readonly used: readonly Used[];
  /** Lengths of the steps, in milliseconds. */
  readonly steps: readonly number[];
  /** Rows of a tenant in one step; beyond it they are called `other`. */
  readonly most: number;
  readonly other: string;
}

/** As part of keeping events. */
export const addUsage = async (session: Session, { used, steps, most, other }: AddUsageArgs): Promise<null> => {
  for (const [, rows] of Map.groupBy(usageRows(used, steps), placeOf)) {
    const [{ rows: taken } = { rows: 0 }] = await session.all(S.taken, rows[0]!);
    // Who is there already matters only when it gets narrow.
    const fitting = taken + rows.length <= most ? rows : await withinRoom(session, rows, most, other);
    // All at once: a connection that answers later can send them one behind the other.
    await Promise.all(fitting.map((row) => session.run(S.add, row)));
  }
  return null;
};

const placeOf = ({ tenant, step_ms, start_ms }: Place): string => `${step_ms} ${start_ms} ${tenant}`;

const withinRoom = async (
  session: Session,
  rows: readonly UsageColumns[],
  most: number,
  other: string,
): Promise<readonly UsageColumns[]> => {
  const known = new Set((await session.all(S.names, rows[0]!)).map(nameOf));
  return rows.map((row) => {
    const name = nameOf(row);
    if (known.size < most) known.add(name);
    return known.has(name) ? row : { ...row, caller: other, target: other, operation: other };
  });
};

const nameOf = ({ caller, target, operation }: Pick<UsageColumns, Name>): string =>
  JSON.stringify([caller, target, operation]);

export const readUsage = (session: Session, args: UsageArgs) => session.all(QUESTIONS[args.sort], args);

/** The oldest step of one length, if it began before that time. Answers how many rows that were. */
export const pruneUsage = (
  session: Session,
  { step, before }: { readonly step: number; readonly before: number },
): Awaitable<number> => session.run(S.prune, { step, before, same: step });
