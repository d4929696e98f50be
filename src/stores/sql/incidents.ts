/** Incidents in SQL. */
import { type Session, statement } from './statement.ts';
import type { Tables } from './tables.ts';

type Row = Tables['incident'];

const S = {
  put: statement('incidents.put', (db, p: Row) =>
    db
      .insertInto('incident')
      .values({
        ...{ id: p.id, tenant: p.tenant, node: p.node, opened_at: p.opened_at },
        ...{ ended_at: p.ended_at, is_finished: p.is_finished, body: p.body },
      })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({
          ...{ tenant: p.tenant, node: p.node, opened_at: p.opened_at },
          ...{ ended_at: p.ended_at, is_finished: p.is_finished, body: p.body },
        }),
      ),
  ),
  list: statement('incidents.list', (db, p: { tenant: string; limit: number }) =>
    db
      .selectFrom('incident')
      .select('body')
      .where('tenant', '=', p.tenant)
      .orderBy('opened_at', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  listOpen: statement('incidents.listOpen', (db, p: { tenant: string; limit: number }) =>
    db
      .selectFrom('incident')
      .select('body')
      .where('tenant', '=', p.tenant)
      .where('ended_at', 'is', null)
      .orderBy('opened_at', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  named: statement('incidents.named', (db, p: { tenant: string; id: string; end: string }) =>
    db
      .selectFrom('incident')
      .select('body')
      .where('tenant', '=', p.tenant)
      .where('id', '>=', p.id)
      .where('id', '<', p.end)
      .orderBy('id')
      .limit(2),
  ),
  unfinished: statement('incidents.unfinished', (db, p: { node: string }) =>
    db
      .selectFrom('incident')
      .select('body')
      .where('node', '=', p.node)
      .where('is_finished', '=', 0)
      .orderBy('opened_at')
      .orderBy('id'),
  ),
  prune: statement('incidents.prune', (db, p: { beforeMs: number }) =>
    db.deleteFrom('incident').where('ended_at', '<', p.beforeMs),
  ),
};

export const incidentStatements = Object.values(S);

export const putIncident = async (session: Session, row: Row): Promise<void> => {
  await session.run(S.put, row);
};

export const listIncidents = async (
  session: Session,
  { isOpen, ...asked }: { readonly tenant: string; readonly isOpen: boolean; readonly limit: number },
): Promise<readonly string[]> => (await session.all(isOpen ? S.listOpen : S.list, asked)).map(({ body }) => body);

export const namedIncidents = async (
  session: Session,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<readonly string[]> =>
  (await session.all(S.named, { tenant, id, end: `${id}\u{10FFFF}` })).map(({ body }) => body);

export const unfinishedIncidents = async (session: Session, node: string): Promise<readonly string[]> =>
  (await session.all(S.unfinished, { node })).map(({ body }) => body);

export const pruneIncidents = async (session: Session, beforeMs: number): Promise<number> =>
  session.run(S.prune, { beforeMs });
