/** Sealed secrets and wrapped keys in SQL. */
import { type Session, statement } from './statement.ts';
import type { Tables } from './tables.ts';

type SecretRow = Tables['secret'];
type KeyRow = Tables['tenant_key'];

const S = {
  put: statement('secrets.put', (db, p: SecretRow) =>
    db
      .insertInto('secret')
      .values({ tenant: p.tenant, name: p.name, body: p.body })
      .onConflict((conflict) => conflict.columns(['tenant', 'name']).doUpdateSet({ body: p.body })),
  ),
  remove: statement('secrets.remove', (db, p: { tenant: string; name: string }) =>
    db.deleteFrom('secret').where('tenant', '=', p.tenant).where('name', '=', p.name),
  ),
  list: statement('secrets.list', (db, _: Record<never, never>) =>
    db.selectFrom('secret').select('body').orderBy('tenant').orderBy('name'),
  ),
  claim: statement('secrets.claim', (db, p: KeyRow) =>
    db
      .insertInto('tenant_key')
      .values({ tenant: p.tenant, wrapped: p.wrapped })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  keys: statement('secrets.keys', (db, _: Record<never, never>) =>
    db.selectFrom('tenant_key').selectAll().orderBy('tenant'),
  ),
  rekey: statement('secrets.rekey', (db, p: KeyRow) =>
    db.updateTable('tenant_key').set({ wrapped: p.wrapped }).where('tenant', '=', p.tenant),
  ),
};

export const secretStatements = Object.values(S);

export const putSecret = async (session: Session, row: SecretRow): Promise<void> => {
  await session.run(S.put, row);
};

export const removeSecret = async (
  session: Session,
  args: { readonly tenant: string; readonly name: string },
): Promise<boolean> => (await session.run(S.remove, args)) === 1;

export const listSecrets = async (session: Session, _: null): Promise<readonly string[]> =>
  (await session.all(S.list, {})).map(({ body }) => body);

export const claimTenantKey = async (session: Session, key: KeyRow): Promise<KeyRow> => {
  await session.run(S.claim, key);
  const keys = await session.all(S.keys, {});
  return keys.find(({ tenant }) => tenant === key.tenant) ?? key;
};

export const listTenantKeys = async (session: Session, _: null): Promise<readonly KeyRow[]> => session.all(S.keys, {});

export const rekeySecrets = async (
  session: Session,
  { key, secrets }: { readonly key: KeyRow; readonly secrets: readonly SecretRow[] },
): Promise<void> => {
  await session.run(S.claim, key);
  await session.run(S.rekey, key);
  for (const secret of secrets) await session.run(S.put, secret);
};
