/** Sums per minute in SQL: rows that are added up where they stand, those that wait for the parent, and how far nodes have come. */
import type { ExpressionBuilder } from 'kysely';
import { type Session, statement } from './statement.ts';
import { DURATION_COLUMNS, type SumColumns, type Tables } from './tables.ts';

/** `most`: rows of a domain in one minute. */
export interface AddSumsArgs {
  readonly rows: readonly SumColumns[];
  readonly onward: boolean;
  readonly most: number;
}

const KEY = ['minute', 'tenant', 'domain', 'kind', 'target', 'caller'] as const;
const COUNTS = [
  ...(['calls', 'errors', 'denied', 'held', 'cost_micros', 'input_tokens', 'output_tokens'] as const),
  ...DURATION_COLUMNS,
];
const COLUMNS = [...KEY, ...COUNTS] as const;

const valuesOf = (p: SumColumns): SumColumns =>
  Object.fromEntries(COLUMNS.map((column) => [column, p[column]])) as unknown as SumColumns;

type Adding = ExpressionBuilder<{ sum_row: SumColumns; excluded: SumColumns }, 'sum_row' | 'excluded'>;

/** `excluded` is the row that found another in its place. A sum that gets too far stays at the end of whole numbers. */
const added = (set: unknown, table: 'sum_row' | 'sum_out') => {
  // The same columns in both tables, which the types of the builder cannot say.
  const or = set as Adding;
  return Object.fromEntries(
    COUNTS.map((column) => {
      const sum = or(or.ref(`${table as 'sum_row'}.${column}`), '+', or.ref(`excluded.${column}`));
      const most = or.lit(Number.MAX_SAFE_INTEGER);
      return [column, or.case().when(sum, '>', most).then(most).else(sum).end()];
    }),
  );
};

interface Place {
  readonly minute: number;
  readonly tenant: string;
  readonly domain: string;
}

const S = {
  add: statement('sums.add', (db, p: SumColumns) =>
    db
      .insertInto('sum_row')
      .values(valuesOf(p))
      .onConflict((conflict) => conflict.columns([...KEY]).doUpdateSet((set) => added(set, 'sum_row'))),
  ),
  addOut: statement('sums.addOut', (db, p: SumColumns) =>
    db
      .insertInto('sum_out')
      .values({ ...valuesOf(p), batch: 0 })
      .onConflict((conflict) => conflict.columns(['batch', ...KEY]).doUpdateSet((set) => added(set, 'sum_out'))),
  ),
  keys: statement('sums.keys', (db, p: Place) =>
    db
      .selectFrom('sum_row')
      .select(['kind', 'target', 'caller'])
      .where('minute', '=', p.minute)
      .where('tenant', '=', p.tenant)
      .where('domain', '=', p.domain),
  ),
  /** The lock on what a node has sent, so that hubs over one database take it one after the other. */
  marked: statement('sums.marked', (db, p: { node: string; same: string }) =>
    db.updateTable('sum_mark').set({ node: p.same }).where('node', '=', p.node).returningAll(),
  ),
  mark: statement('sums.mark', (db, p: Tables['sum_mark']) =>
    db
      .insertInto('sum_mark')
      .values({ node: p.node, epoch: p.epoch, seq: p.seq })
      .onConflict((conflict) => conflict.column('node').doUpdateSet({ epoch: p.epoch, seq: p.seq })),
  ),
  cut: statement('sums.cut', (db, p: { seq: number; open: number; most: number }) =>
    db
      .updateTable('sum_out')
      .set({ batch: p.seq })
      .where('id', 'in', (q) =>
        q
          .selectFrom('sum_out')
          .select((column) => column.ref('id').$notNull().as('id'))
          .where('batch', '=', p.open)
          .orderBy('minute')
          .orderBy('id')
          .limit(p.most),
      ),
  ),
  underWay: statement('sums.underWay', (db, _: Record<never, never>) =>
    db
      .selectFrom('sum_out')
      .select(['batch', ...COLUMNS])
      .where('batch', '>', 0)
      .orderBy('minute')
      .orderBy('id'),
  ),
  sent: statement('sums.sent', (db, p: { seq: number }) =>
    db.deleteFrom('sum_out').where('batch', '>', 0).where('batch', '<=', p.seq),
  ),
  read: statement('sums.read', (db, p: { tenant: string; from: number; to: number }) =>
    db
      .selectFrom('sum_row')
      .select([...COLUMNS])
      .where('tenant', '=', p.tenant)
      .where('minute', '>=', p.from)
      .where('minute', '<=', p.to)
      .orderBy('minute'),
  ),
  /** Doubles hold whole numbers exactly as far as we count, and go on beyond where integers would end the question. */
  total: statement('sums.total', (db, p: { tenant: string; from: number; to: number }) =>
    db
      .selectFrom('sum_row')
      .select(['domain', 'kind', 'target'])
      .select((or) =>
        COUNTS.map((column) => or.fn<number>('sum', [or.cast(or.ref(column), 'double precision')]).as(column)),
      )
      .where('tenant', '=', p.tenant)
      .where('minute', '>=', p.from)
      .where('minute', '<=', p.to)
      .groupBy(['domain', 'kind', 'target']),
  ),
  prune: statement('sums.prune', (db, p: { before: number }) =>
    db.deleteFrom('sum_row').where('minute', '<', p.before),
  ),
  pruneOut: statement('sums.pruneOut', (db, p: { before: number }) =>
    db.deleteFrom('sum_out').where('minute', '<', p.before),
  ),
};

export const sumStatements = Object.values(S);

export const addSums = async (session: Session, { rows, onward, most }: AddSumsArgs): Promise<null> => {
  const fitting = await withinRoom(session, rows, most);
  await Promise.all(fitting.map((row) => session.run(S.add, row)));
  if (onward) await Promise.all(fitting.map((row) => session.run(S.addOut, row)));
  return null;
};

/** In one order for everybody: two that add the same rows crosswise would wait for each other. */
const withinRoom = async (
  session: Session,
  rows: readonly SumColumns[],
  most: number,
): Promise<readonly SumColumns[]> => {
  const fitting: SumColumns[] = [];
  for (const [, here] of Map.groupBy(rows, ({ minute, tenant, domain }) => JSON.stringify([minute, tenant, domain]))) {
    const known = new Set((await session.all(S.keys, here[0]!)).map(nameOf));
    for (const row of here) {
      const name = nameOf(row);
      if (known.size < most) known.add(name);
      fitting.push(known.has(name) ? row : { ...row, kind: 'other', target: '', caller: 'other' });
    }
  }
  return fitting.sort((a, b) => a.minute - b.minute || (placeOf(a) < placeOf(b) ? -1 : 1));
};

const nameOf = ({ kind, target, caller }: Pick<SumColumns, 'kind' | 'target' | 'caller'>): string =>
  JSON.stringify([kind, target, caller]);

const placeOf = (row: SumColumns): string => JSON.stringify([row.tenant, row.domain, row.kind, row.target, row.caller]);

export interface TakeSumsArgs extends AddSumsArgs {
  readonly node: string;
  readonly epoch: string;
  readonly seq: number;
}

/** One transaction for the rows and for how far the node has come. */
export const takeSums = async (session: Session, { node, epoch, seq, ...rows }: TakeSumsArgs): Promise<boolean> => {
  const [found] = await session.all(S.marked, { node, same: node });
  if (found !== undefined && found.epoch === epoch && found.seq >= seq) return false;
  await addSums(session, rows);
  await session.run(S.mark, { node, epoch, seq });
  return true;
};

export interface SumBatch {
  readonly epoch: string;
  readonly seq: number;
  readonly rows: readonly SumColumns[];
}

/** No node has an empty name: under it is how far this one has come itself. */
const SELF = '';

/** What is under way, or else what waits, which is under way from now on. */
export const nextSums = async (
  session: Session,
  { most, epoch: fresh }: { readonly most: number; readonly epoch: string },
): Promise<SumBatch | null> => {
  const [own] = await session.all(S.marked, { node: SELF, same: SELF });
  const before = await session.all(S.underWay, {});
  const epoch = own?.epoch ?? fresh;
  if (before[0] !== undefined) return { epoch, seq: before[0].batch, rows: before };
  const seq = (own?.seq ?? 0) + 1;
  if ((await session.run(S.cut, { seq, open: 0, most })) === 0) return null;
  await session.run(S.mark, { node: SELF, epoch, seq });
  return { epoch, seq, rows: await session.all(S.underWay, {}) };
};

export const sentSums = (session: Session, args: { readonly seq: number }) => session.run(S.sent, args);

export const readSums = (
  session: Session,
  args: { readonly tenant: string; readonly from: number; readonly to: number },
) => session.all(S.read, args);

export const totalSums = (
  session: Session,
  args: { readonly tenant: string; readonly from: number; readonly to: number },
) => session.all(S.total, args);

export const pruneSums = async (session: Session, args: { readonly before: number }): Promise<number> => {
  await session.run(S.pruneOut, args);
  return session.run(S.prune, args);
};
