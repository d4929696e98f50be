/** How many events and spans of agents there are, and their bytes: counted as they come and go, because to count them there takes long. */
import { type Session, statement } from './statement.ts';

const S = {
  add: statement('tally.add', (db, p: { name: string; part: string; more: number; first: number }) =>
    db
      .insertInto('tally')
      .values({ name: p.name, part: p.part, value: p.first })
      .onConflict((conflict) =>
        conflict.columns(['name', 'part']).doUpdateSet((or) => ({ value: or('tally.value', '+', p.more) })),
      ),
  ),
  put: statement('tally.put', (db, p: { name: string; part: string; value: number; again: number }) =>
    db
      .insertInto('tally')
      .values({ name: p.name, part: p.part, value: p.value })
      .onConflict((conflict) => conflict.columns(['name', 'part']).doUpdateSet({ value: p.again })),
  ),
  forget: statement('tally.forget', (db, p: { name: string }) => db.deleteFrom('tally').where('name', '=', p.name)),
  all: statement('tally.all', (db, _: Record<never, never>) => db.selectFrom('tally').select(['name', 'value'])),
};

export const tallyStatements = Object.values(S);

/**
 * `part`: who counts, of several processes over one database. Each has numbers of its own, which may fall below 0; what there is, is
 * the sum. One row for all would keep each of them waiting until the others have committed.
 */
export const count = async (
  session: Session,
  part: string,
  of: 'event' | 'span',
  gone: -1 | 1,
  rows: readonly { readonly bytes: number }[],
): Promise<void> => {
  if (rows.length === 0) return;
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  for (const [name, many] of [
    [`${of}s`, rows.length],
    [`${of} bytes`, bytes],
  ] as const)
    await session.run(S.add, { name, part, more: gone * many, first: gone * many });
};

/** The number of the event through which traces were judged. */
const JUDGED = 'judged';

export const judgedThrough = async (session: Session, _: null): Promise<number | null> =>
  (await readTally(session)).get(JUDGED) ?? null;

export const putJudged = async (session: Session, { seq }: { readonly seq: number | null }): Promise<null> => {
  if (seq === null) await session.run(S.forget, { name: JUDGED });
  else await session.run(S.put, { name: JUDGED, part: '', value: seq, again: seq });
  return null;
};

export const readTally = async (session: Session): Promise<ReadonlyMap<string, number>> => {
  const sums = new Map<string, number>();
  for (const { name, value } of await session.all(S.all, {})) sums.set(name, (sums.get(name) ?? 0) + value);
  return sums;
};
