/** Approvals in SQL: one row each, replaced only by whoever saw the version before, and burned once. */
import type { ApprovalState } from '../../contract/index.ts';
import { noGrant } from '../identity.ts';
import type { Refusal } from '../refusals.ts';
import { type Session, statement } from './statement.ts';
import type { ApprovalRow } from './tables.ts';

interface ById {
  readonly tenant: string;
  readonly id: string;
}

/** One of a principal by what it asked for. */
interface Asked {
  readonly tenant: string;
  readonly principal: string;
  readonly digest: string;
}

/** Everything but the body: SQLite and PostgreSQL keep a large one on pages of its own, which a statement without it never reads. */
const SUMMARY = ['tenant', 'id', 'state', 'digest', 'created_at', 'expires_at', 'version', 'record'] as const;

export type ApprovalSummaryRow = Pick<ApprovalRow, (typeof SUMMARY)[number]>;

const S = {
  byId: statement('approvals.byId', (db, p: ById) =>
    db.selectFrom('approval').selectAll().where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  standing: statement('approvals.standing', (db, p: ById) =>
    db
      .selectFrom('approval')
      .select(['state', 'digest', 'expires_at', 'version'])
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id),
  ),
  insert: statement('approvals.insert', (db, p: ApprovalRow) =>
    db
      .insertInto('approval')
      .values({
        tenant: p.tenant,
        id: p.id,
        state: p.state,
        principal: p.principal,
        digest: p.digest,
        created_at: p.created_at,
        expires_at: p.expires_at,
        version: p.version,
        record: p.record,
        body: p.body,
        asked_digest: p.asked_digest,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  update: statement('approvals.update', (db, p: ApprovalRow & { was: number }) =>
    db
      .updateTable('approval')
      .set({
        state: p.state,
        digest: p.digest,
        expires_at: p.expires_at,
        version: p.version,
        record: p.record,
        body: p.body,
        asked_digest: p.asked_digest,
      })
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('version', '=', p.was),
  ),
  burn: statement('approvals.burn', (db, p: ById & { digest: string; atMs: number }) =>
    db
      .updateTable('approval')
      .set((e) => ({ state: 'consumed', version: e('version', '+', 1) }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('state', '=', 'approved')
      .where('digest', '=', p.digest)
      .where('expires_at', '>', p.atMs),
  ),
  /** Its id only: of a call that is asked again each hour there are many, and sorting whole rows would read every body. */
  latest: statement('approvals.latest', (db, p: Asked) =>
    // Two searches, because SQLite uses no index for an `or` of two columns beside other conditions, and walks the bodies.
    db
      .selectFrom('approval')
      .select(['id', 'created_at'])
      .where('tenant', '=', p.tenant)
      .where('principal', '=', p.principal)
      .where('digest', '=', p.digest)
      .unionAll(
        db
          .selectFrom('approval')
          .select(['id', 'created_at'])
          .where('tenant', '=', p.tenant)
          .where('principal', '=', p.principal)
          .where('asked_digest', '=', p.digest),
      )
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1),
  ),
  waiting: statement('approvals.waiting', (db, p: { tenant: string; principal: string }) =>
    db
      .selectFrom('approval')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('tenant', '=', p.tenant)
      .where('principal', '=', p.principal)
      .where('state', '=', 'pending'),
  ),
  listOf: statement('approvals.listOf', (db, p: { tenant: string; limit: number }) =>
    db
      .selectFrom('approval')
      .select(SUMMARY)
      .where('tenant', '=', p.tenant)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  listState: statement('approvals.listState', (db, p: { tenant: string; state: string; limit: number }) =>
    db
      .selectFrom('approval')
      .select(SUMMARY)
      .where('tenant', '=', p.tenant)
      .where('state', '=', p.state)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  listEveryState: statement('approvals.listEveryState', (db, p: { state: string; limit: number }) =>
    db
      .selectFrom('approval')
      .select(SUMMARY)
      .where('state', '=', p.state)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  listAll: statement('approvals.listAll', (db, p: { limit: number }) =>
    db.selectFrom('approval').select(SUMMARY).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(p.limit),
  ),
  due: statement('approvals.due', (db, p: { nowMs: number; limit: number }) =>
    db
      .selectFrom('approval')
      .select(SUMMARY)
      .where('state', 'in', ['pending', 'approved'])
      .where('expires_at', '<=', p.nowMs)
      .orderBy('expires_at')
      .limit(p.limit),
  ),
  prune: statement('approvals.prune', (db, p: { beforeMs: number; limit: number }) =>
    db.deleteFrom('approval').where((e) =>
      e(
        e.refTuple('tenant', 'id'),
        'in',
        e
          .selectFrom('approval as old')
          .select(['old.tenant', 'old.id'])
          .where('old.state', 'in', ['denied', 'expired', 'consumed', 'cancelled'])
          .where('old.expires_at', '<', p.beforeMs)
          .where(({ not, exists, selectFrom }) =>
            not(exists(selectFrom('call').select('call.id').whereRef('call.id', '=', 'old.id'))),
          )
          .limit(p.limit)
          .$asTuple('tenant', 'id'),
      ),
    ),
  ),
};

export const approvalStatements = Object.values(S);

export const putApproval = async (session: Session, row: ApprovalRow): Promise<null | Refusal> => {
  const changed =
    row.version === 1
      ? await session.run(S.insert, row)
      : await session.run(S.update, { ...row, was: row.version - 1 });
  if (changed === 1) return null;
  const actual = (await session.all(S.standing, row))[0]?.version ?? 0;
  return { refusal: 'staleApproval', details: [row.id, row.version - 1, actual] };
};

export interface BurnArgs {
  readonly tenant: string;
  readonly approval: string;
  readonly digest: string;
}

/** Why it does not let these bytes go, or null. */
export const grantRefusal = async (
  session: Session,
  { tenant, approval: id, digest }: BurnArgs,
  atMs: number,
): Promise<string | null> => {
  const [row] = await session.all(S.standing, { tenant, id });
  if (row === undefined) return noGrant(undefined, digest, atMs);
  return noGrant({ state: row.state as ApprovalState, digest: row.digest, expiresAtMs: row.expires_at }, digest, atMs);
};

/** One statement: of two that race, one finds it approved. */
export const burnGrant = async (
  session: Session,
  { tenant, approval: id, digest }: BurnArgs,
  atMs: number,
): Promise<boolean> => (await session.run(S.burn, { tenant, id, digest, atMs })) === 1;

export const readApproval = async (session: Session, args: ById): Promise<ApprovalRow | undefined> =>
  (await session.all(S.byId, args))[0];

export const readLatestApproval = async (session: Session, args: Asked): Promise<ApprovalRow | undefined> => {
  const [found] = await session.all(S.latest, args);
  return found === undefined ? undefined : readApproval(session, { tenant: args.tenant, id: found.id });
};

export const countWaiting = async (
  session: Session,
  args: { readonly tenant: string; readonly principal: string },
): Promise<number> => (await session.all(S.waiting, args))[0]?.count ?? 0;

export const listApprovals = (
  session: Session,
  { tenant, state, limit }: { readonly tenant: string | null; readonly state: string | null; readonly limit: number },
) => {
  if (tenant === null)
    return state === null ? session.all(S.listAll, { limit }) : session.all(S.listEveryState, { state, limit });
  return state === null ? session.all(S.listOf, { tenant, limit }) : session.all(S.listState, { tenant, state, limit });
};

export const readDueApprovals = (session: Session, args: { readonly nowMs: number; readonly limit: number }) =>
  session.all(S.due, args);

export const pruneApprovals = (session: Session, args: { readonly beforeMs: number; readonly limit: number }) =>
  session.run(S.prune, args);
