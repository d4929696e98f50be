/** Orders to stop in SQL. */
import type { Refusal } from '../refusals.ts';
import { type Session, statement } from './statement.ts';
import type { Tables } from './tables.ts';

const S = {
  put: statement('kills.put', (db, p: Tables['kill_order']) =>
    db
      .insertInto('kill_order')
      .values({ id: p.id, tenant: p.tenant, at_ms: p.at_ms, body: p.body })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  lift: statement('kills.lift', (db, p: { tenant: string; id: string }) =>
    db.deleteFrom('kill_order').where('id', '=', p.id).where('tenant', '=', p.tenant),
  ),
  listAll: statement('kills.listAll', (db, _: Record<never, never>) =>
    db.selectFrom('kill_order').select('body').orderBy('at_ms').orderBy('id'),
  ),
  listOf: statement('kills.listOf', (db, p: { tenant: string }) =>
    db.selectFrom('kill_order').select('body').where('tenant', '=', p.tenant).orderBy('at_ms').orderBy('id'),
  ),
};

export const killStatements = Object.values(S);

export const putKill = async (session: Session, row: Tables['kill_order']): Promise<null | Refusal> =>
  (await session.run(S.put, row)) === 1 ? null : { refusal: 'sameOrder', details: [row.id] };

export const liftKill = async (
  session: Session,
  args: { readonly tenant: string; readonly id: string },
): Promise<boolean> => (await session.run(S.lift, args)) === 1;

export const listKills = async (session: Session, tenant: string | null): Promise<readonly string[]> => {
  const rows = await (tenant === null ? session.all(S.listAll, {}) : session.all(S.listOf, { tenant }));
  return rows.map((row) => row.body);
};
