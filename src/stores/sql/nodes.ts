/** Joined nodes, one-time tokens and sequences in SQL. */
import { type Session, statement } from './statement.ts';
import type { Tables } from './tables.ts';

const S = {
  put: statement('nodes.put', (db, p: Tables['node']) =>
    db
      .insertInto('node')
      .values({ id: p.id, entry: p.entry })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ entry: p.entry })),
  ),
  remove: statement('nodes.remove', (db, p: { id: string }) => db.deleteFrom('node').where('id', '=', p.id)),
  list: statement('nodes.list', (db, _: Record<never, never>) => db.selectFrom('node').selectAll().orderBy('id')),
  putToken: statement('nodes.putToken', (db, p: Tables['token']) =>
    db
      .insertInto('token')
      .values({ hash: p.hash, granted: p.granted, expires_at: p.expires_at })
      .onConflict((conflict) => conflict.column('hash').doUpdateSet({ granted: p.granted, expires_at: p.expires_at })),
  ),
  takeToken: statement('nodes.takeToken', (db, p: { hash: string }) =>
    db.deleteFrom('token').where('hash', '=', p.hash).returning(['granted', 'expires_at']),
  ),
  next: statement('nodes.next', (db, p: { name: string }) =>
    db
      .insertInto('sequence')
      .values({ name: p.name, value: 1 })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((set) => ({ value: set('sequence.value', '+', 1) })),
      )
      .returning('value'),
  ),
};

export const nodeStatements = Object.values(S);

export const putNode = (session: Session, row: Tables['node']) => session.run(S.put, row);

export const removeNode = (session: Session, args: { readonly id: string }) => session.run(S.remove, args);

export const listNodes = (session: Session, _: null) => session.all(S.list, {});

export const putToken = (session: Session, row: Tables['token']) => session.run(S.putToken, row);

/** Taking and finding it expired burn the token alike. */
export const takeToken = async (
  session: Session,
  { hash, nowMs }: { readonly hash: string; readonly nowMs: number },
): Promise<string | undefined> => {
  const [token] = await session.all(S.takeToken, { hash });
  return token !== undefined && nowMs < token.expires_at ? token.granted : undefined;
};

export const nextOf = async (session: Session, args: { readonly name: string }): Promise<number> =>
  (await session.all(S.next, args))[0]!.value;
