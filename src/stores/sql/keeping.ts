/** What a node remembers about itself, and events that wait for its hub, in SQL. */
import { type Session, statement } from './statement.ts';

const S = {
  readMarks: statement('marks.read', (db, _: Record<never, never>) =>
    db.selectFrom('mark').selectAll().orderBy('name'),
  ),
  putMark: statement('marks.put', (db, p: { name: string; value: number }) =>
    db
      .insertInto('mark')
      .values({ name: p.name, value: p.value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: p.value })),
  ),
  raiseMark: statement('marks.raise', (db, p: { name: string; value: number; least: number }) =>
    db
      .insertInto('mark')
      .values({ name: p.name, value: p.value })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ value: p.value }).where('mark.value', '<', p.least),
      ),
  ),
  /** Takes so many numbers; the counter lives beside the sequences, and no removal makes it lower. */
  count: statement('spool.count', (db, p: { name: string; count: number; more: number }) =>
    db
      .insertInto('sequence')
      .values({ name: p.name, value: p.count })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((set) => ({ value: set('sequence.value', '+', p.more) })),
      )
      .returning('value'),
  ),
  counted: statement('spool.counted', (db, p: { name: string }) =>
    db.selectFrom('sequence').select('value').where('name', '=', p.name),
  ),
  add: statement('spool.add', (db, p: { seq: number; body: string }) =>
    db.insertInto('spool').values({ seq: p.seq, body: p.body }),
  ),
  remove: statement('spool.remove', (db, p: { throughSeq: number }) =>
    db.deleteFrom('spool').where('seq', '<=', p.throughSeq),
  ),
  next: statement('spool.next', (db, p: { limit: number }) =>
    db.selectFrom('spool').selectAll().orderBy('seq').limit(p.limit),
  ),
};

export const keepingStatements = Object.values(S);

const NUMBER = 'spool';
const DROPPED = 'spool dropped';

export const writeMarks = async (
  session: Session,
  { put, raise }: { readonly put: readonly MarkArgs[]; readonly raise: readonly MarkArgs[] },
): Promise<null> => {
  for (const mark of put) await session.run(S.putMark, mark);
  for (const mark of raise) await session.run(S.raiseMark, { ...mark, least: mark.value });
  return null;
};

interface MarkArgs {
  readonly name: string;
  readonly value: number;
}

export const readMarks = (session: Session, _: null) => session.all(S.readMarks, {});

export const addToSpool = async (
  session: Session,
  { bodies, most }: { readonly bodies: readonly string[]; readonly most: number },
): Promise<{ readonly dropped: number }> => {
  const count = bodies.length;
  const last = (await session.all(S.count, { name: NUMBER, count, more: count }))[0]!.value;
  for (const [at, body] of bodies.entries()) await session.run(S.add, { seq: last - count + 1 + at, body });
  const dropped = await session.run(S.remove, { throughSeq: last - most });
  if (dropped > 0) await session.all(S.count, { name: DROPPED, count: dropped, more: dropped });
  return { dropped };
};

export const removeFromSpool = (session: Session, args: { readonly throughSeq: number }) => session.run(S.remove, args);

export const nextOfSpool = (session: Session, args: { readonly limit: number }) => session.all(S.next, args);

export const droppedOfSpool = async (session: Session, _: null): Promise<number> =>
  (await session.all(S.counted, { name: DROPPED }))[0]?.value ?? 0;

/** Numbers have no gaps, so nothing needs to be counted. */
export const waitingInSpool = async (session: Session, _: null): Promise<number> => {
  const [[first], [last]] = [await session.all(S.next, { limit: 1 }), await session.all(S.counted, { name: NUMBER })];
  return first === undefined ? 0 : (last?.value ?? 0) - first.seq + 1;
};
