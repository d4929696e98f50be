/** The call journal in SQL. The common path of a call is one statement per step; questions are asked only when it did not fit. */
import type { CallRecord, CallState } from '../../contract/index.ts';
import { givesWay, KEY_LIFETIME_MS } from '../identity.ts';
import type { Refusal } from '../refusals.ts';
import { type Session, statement } from './statement.ts';
import type { CallRow } from './tables.ts';

const S = {
  insert: statement('calls.insert', (db, p: CallRow) =>
    db
      .insertInto('call')
      .values({
        id: p.id,
        tenant: p.tenant,
        unique_key: p.unique_key,
        state: p.state,
        policy_version: p.policy_version,
        accepted_at: p.accepted_at,
        concluded_at: p.concluded_at,
        record: p.record,
        request_body: p.request_body,
        reply: p.reply,
        reply_body: p.reply_body,
        holder: p.holder,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  byId: statement('calls.byId', (db, p: { id: string }) => db.selectFrom('call').selectAll().where('id', '=', p.id)),
  byKey: statement('calls.byKey', (db, p: { key: string }) =>
    db.selectFrom('call').selectAll().where('unique_key', '=', p.key),
  ),
  forgetKey: statement('calls.forgetKey', (db, p: { id: string }) =>
    db.updateTable('call').set({ unique_key: null }).where('id', '=', p.id),
  ),
  dispatch: statement('calls.dispatch', (db, p: { id: string; policyVersion: string }) =>
    db
      .updateTable('call')
      .set({ state: 'dispatched', policy_version: p.policyVersion })
      .where('id', '=', p.id)
      .where('state', '=', 'accepted'),
  ),
  conclude: statement('calls.conclude', (db, p: ConcludeArgs) =>
    db
      .updateTable('call')
      .set({ state: p.state, reply: p.reply, reply_body: p.body, concluded_at: p.atMs })
      .where('id', '=', p.id)
      .where('concluded_at', 'is', null),
  ),
  concludeOpen: statement('calls.concludeOpen', (db, p: { id: string; atMs: number }) =>
    db
      .updateTable('call')
      .set({ state: 'unknown', concluded_at: p.atMs })
      .where('id', '=', p.id)
      .where('concluded_at', 'is', null),
  ),
  release: statement('calls.release', (db, p: { id: string }) =>
    db.deleteFrom('call').where('id', '=', p.id).where('concluded_at', 'is', null),
  ),
  open: statement('calls.open', (db, p: { holder: string }) =>
    db
      .selectFrom('call')
      .selectAll()
      .where('concluded_at', 'is', null)
      .where('holder', '=', p.holder)
      .orderBy('accepted_at')
      .orderBy('id'),
  ),
  unresolved: statement('calls.unresolved', (db, p: { limit: number }) =>
    db
      .selectFrom('call')
      .selectAll()
      .where('state', '=', 'unknown')
      .orderBy('accepted_at')
      .orderBy('id')
      .limit(p.limit),
  ),
  unresolvedOf: statement('calls.unresolvedOf', (db, p: { tenant: string; limit: number }) =>
    db
      .selectFrom('call')
      .selectAll()
      .where('state', '=', 'unknown')
      .where('tenant', '=', p.tenant)
      .orderBy('accepted_at')
      .orderBy('id')
      .limit(p.limit),
  ),
  reopen: statement('calls.reopen', (db, p: { tenant: string; id: string }) =>
    db
      .updateTable('call')
      .set({ state: 'dispatched', reply: null, reply_body: null, concluded_at: null })
      .where('id', '=', p.id)
      .where('tenant', '=', p.tenant)
      .where('state', '=', 'unknown'),
  ),
  resolve: statement('calls.resolve', (db, p: ResolveArgs) =>
    db
      .updateTable('call')
      .set({ state: p.state, reply: p.reply, reply_body: p.body })
      .where('id', '=', p.id)
      .where('tenant', '=', p.tenant)
      .where('state', '=', 'unknown'),
  ),
  prune: statement('calls.prune', (db, p: { beforeMs: number; limit: number }) =>
    db
      .deleteFrom('call')
      .where('id', 'in', (q) =>
        q
          .selectFrom('call')
          .select('id')
          .where('concluded_at', '<', p.beforeMs)
          .where('state', '!=', 'unknown')
          .limit(p.limit),
      ),
  ),
};

export const callStatements = Object.values(S);

export interface ConcludeArgs {
  readonly id: string;
  readonly state: CallState;
  readonly reply: string | null;
  readonly body: Uint8Array | null;
  readonly atMs: number;
}

export interface ResolveArgs {
  readonly tenant: string;
  readonly id: string;
  readonly state: CallState;
  readonly reply: string | null;
  readonly body: Uint8Array | null;
}

/**
 * The row that holds the id or the key, or null when the record was written. `isPaid`: money is set aside with it, as it is for the one
 * that holds the key, and one of the two would be paid by nobody.
 */
export const acceptCall = async (session: Session, row: CallRow, isPaid = false): Promise<CallRow | null> => {
  if ((await session.run(S.insert, row)) === 1) return null;
  const [sameId] = await session.all(S.byId, { id: row.id });
  if (sameId !== undefined) return sameId;
  const [holder] = row.unique_key === null ? [] : await session.all(S.byKey, { key: row.unique_key });
  if (holder !== undefined && !expired(holder, row.accepted_at) && (isPaid || !mayGiveWay(holder, row))) return holder;
  if (holder !== undefined) await session.run(S.forgetKey, { id: holder.id });
  // Where another process writes too, it may have been faster; then its record holds the key, and it is not an old one.
  return (await session.run(S.insert, row)) === 1 ? null : acceptCall(session, row, isPaid);
};

/** An open call keeps its key however old it is: only what is over can safely run again (R6). */
const expired = (holder: CallRow, nowMs: number): boolean =>
  holder.concluded_at !== null && nowMs - holder.accepted_at >= KEY_LIFETIME_MS;

const mayGiveWay = (holder: CallRow, row: CallRow): boolean =>
  holder.state === 'unknown' && givesWay({ ...kept(holder), state: holder.state }, kept(row));

const kept = ({ record }: CallRow): Pick<CallRecord, 'idempotent' | 'digest' | 'request'> => JSON.parse(record);

export const dispatchCall = async (
  session: Session,
  args: { readonly id: string; readonly policyVersion: string },
): Promise<null | Refusal> => {
  if ((await session.run(S.dispatch, args)) === 1) return null;
  const [row] = await session.all(S.byId, { id: args.id });
  return row === undefined
    ? { refusal: 'unknownCall', details: [args.id] }
    : { refusal: 'wrongState', details: [args.id, 'accepted', row.state as CallState] };
};

export const concludeCall = async (session: Session, args: ConcludeArgs): Promise<boolean | Refusal> => {
  if ((await session.run(S.conclude, args)) === 1) return true;
  const [row] = await session.all(S.byId, { id: args.id });
  return row === undefined ? { refusal: 'unknownCall', details: [args.id] } : false;
};

/** As unknown, by the owner of the run that has waited for it long enough. Nothing happens when it is over. */
export const concludeOpen = (session: Session, args: { readonly id: string; readonly atMs: number }) =>
  session.run(S.concludeOpen, args);

export const releaseCall = (session: Session, args: { readonly id: string }) => session.run(S.release, args);

export const reopenCall = async (
  session: Session,
  args: { readonly tenant: string; readonly id: string },
): Promise<boolean> => (await session.run(S.reopen, args)) === 1;

/** What never ran frees its key, so that the caller may try again. */
export const resolveCall = async (session: Session, args: ResolveArgs): Promise<boolean> => {
  if ((await session.run(S.resolve, args)) !== 1) return false;
  if (args.state === 'cancelled') await session.run(S.forgetKey, args);
  return true;
};

export const readUnresolved = (
  session: Session,
  { tenant, limit }: { readonly tenant: string | null; readonly limit: number },
) => (tenant === null ? session.all(S.unresolved, { limit }) : session.all(S.unresolvedOf, { tenant, limit }));

export const pruneCalls = (session: Session, args: { readonly beforeMs: number; readonly limit: number }) =>
  session.run(S.prune, args);

export const readCall = async (session: Session, args: { readonly id: string }): Promise<CallRow | undefined> =>
  (await session.all(S.byId, args))[0];

export const readOpenCalls = (session: Session, args: { readonly holder: string }) => session.all(S.open, args);
