/** What hubs over one database agree on, and what each of them hears by itself. */
import { type Session, statement } from './statement.ts';
import type { PeerRow, Tables } from './tables.ts';

const S = {
  settle: statement('peers.settle', (db, p: Tables['setting']) =>
    db
      .insertInto('setting')
      .values({ name: p.name, value: p.value })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  setting: statement('peers.setting', (db, p: { name: string }) =>
    db.selectFrom('setting').select('value').where('name', '=', p.name),
  ),
  put: statement('peers.put', (db, p: PeerRow) =>
    db
      .insertInto('peer')
      .values({ id: p.id, beats: p.beats, body: p.body })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ beats: p.beats, body: p.body })),
  ),
  remove: statement('peers.remove', (db, p: { id: string }) => db.deleteFrom('peer').where('id', '=', p.id)),
  others: statement('peers.others', (db, p: { id: string }) =>
    db.selectFrom('peer').selectAll().where('id', '!=', p.id).orderBy('id'),
  ),
};

export const peerStatements = Object.values(S);

/** The value that the first who asked gave. */
export const claimSetting = async (session: Session, row: Tables['setting']): Promise<string> => {
  await session.run(S.settle, row);
  return (await session.all(S.setting, row))[0]!.value;
};

export const putPeer = (session: Session, row: PeerRow) => session.run(S.put, row);

export const removePeer = (session: Session, args: { readonly id: string }) => session.run(S.remove, args);

export const readPeers = (session: Session, args: { readonly id: string }) => session.all(S.others, args);
