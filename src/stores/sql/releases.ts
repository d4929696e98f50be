/** Releases of policy in SQL: one row each, replaced only by whoever saw the version before. */
import { IN_FORCE } from '../identity.ts';
import type { Refusal } from '../refusals.ts';
import { nextOf } from './nodes.ts';
import { type Session, statement } from './statement.ts';
import type { ReleaseRow } from './tables.ts';

const S = {
  version: statement('releases.version', (db, p: { tenant: string; id: string }) =>
    db.selectFrom('release').select('version').where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  put: statement('releases.put', (db, p: ReleaseRow) =>
    db
      .insertInto('release')
      .values({ tenant: p.tenant, id: p.id, version: p.version, state: p.state, changed: p.changed, body: p.body })
      .onConflict((conflict) =>
        conflict
          .columns(['tenant', 'id'])
          .doUpdateSet({ version: p.version, state: p.state, changed: p.changed, body: p.body }),
      ),
  ),
  get: statement('releases.get', (db, p: { tenant: string; id: string }) =>
    db.selectFrom('release').select('body').where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  listAll: statement('releases.listAll', (db, p: { limit: number }) =>
    db.selectFrom('release').select('body').orderBy('changed', 'desc').limit(p.limit),
  ),
  listOf: statement('releases.listOf', (db, p: { tenant: string; limit: number }) =>
    db.selectFrom('release').select('body').where('tenant', '=', p.tenant).orderBy('changed', 'desc').limit(p.limit),
  ),
  inForce: statement('releases.inForce', (db, _: Record<never, never>) =>
    db.selectFrom('release').select('body').where('state', 'in', IN_FORCE),
  ),
};

export const releaseStatements = Object.values(S);

/** Writers run one after the other, so between the look and the write nobody comes in between. */
export const putRelease = async (session: Session, row: Omit<ReleaseRow, 'changed'>): Promise<null | Refusal> => {
  const actual = (await session.all(S.version, row))[0]?.version ?? 0;
  if (actual !== row.version - 1) return { refusal: 'staleRelease', details: [row.id, row.version - 1, actual] };
  await session.run(S.put, { ...row, changed: await nextOf(session, { name: 'release.changed' }) });
  return null;
};

export const readRelease = async (
  session: Session,
  args: { readonly tenant: string; readonly id: string },
): Promise<string | undefined> => (await session.all(S.get, args))[0]?.body;

export const listReleases = async (
  session: Session,
  { tenant, limit }: { readonly tenant: string | null; readonly limit: number },
): Promise<readonly string[]> => {
  const rows = await (tenant === null ? session.all(S.listAll, { limit }) : session.all(S.listOf, { tenant, limit }));
  return rows.map(({ body }) => body);
};

export const readInForce = async (session: Session, _: null): Promise<readonly string[]> =>
  (await session.all(S.inForce, {})).map(({ body }) => body);
