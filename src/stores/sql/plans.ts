/** Runs of plans in SQL: who may work on one, and until when. One nullable column with an index says when somebody must look at it. */
import type { ExpressionBuilder } from 'kysely';
import { type Db, type Session, statement } from './statement.ts';
import type { RunEventRow, RunRow, Tables } from './tables.ts';

export interface RunId {
  readonly tenant: string;
  readonly id: string;
}

export interface RunOwner extends RunId {
  readonly epoch: number;
}

/** Empty texts stand for everything. */
export interface RunSearch {
  readonly tenant: string;
  readonly plan: string;
  readonly state: string;
  readonly principal: string;
  readonly afterMs: number;
  readonly afterId: string;
  readonly limit: number;
}

/** Whoever else claims at the same time goes on to the next ones. SQLite has one writer, and no word for it. */
export const others = (db: Db): boolean => db.getExecutor().adapter.supportsMultipleConnections === true;

/** Something happened to it: whoever holds a run looks at its history, and one that nobody holds is claimed at once. */
export const dueNow = (e: ExpressionBuilder<Tables, 'run'>, atMs: number) => ({
  due: atMs,
  claim_at: e
    .case()
    .when('holder', '=', '')
    .then(e.cast<number>(e.val(atMs), 'double precision'))
    .else(e.ref('claim_at'))
    .end(),
});

const due = (db: Db, p: { nowMs: number; limit: number }) =>
  db.selectFrom('run').selectAll().where('claim_at', '<=', p.nowMs).orderBy('claim_at').limit(p.limit);

const S = {
  byId: statement('runs.byId', (db, p: RunId) =>
    db.selectFrom('run').selectAll().where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  due: statement('runs.due', (db, p: { nowMs: number; limit: number }) =>
    others(db) ? due(db, p).forUpdate().skipLocked() : due(db, p),
  ),
  take: statement('runs.take', (db, p: RunOwner & { holder: string; opener: string; untilMs: number }) =>
    db
      .updateTable('run')
      .set({ holder: p.holder, opener: p.opener, epoch: p.epoch, lease_until: p.untilMs, claim_at: p.untilMs })
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id),
  ),
  renew: statement('runs.renew', (db, p: RunOwner & { holder: string; untilMs: number }) =>
    db
      .updateTable('run')
      .set({ lease_until: p.untilMs, claim_at: p.untilMs })
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('epoch', '=', p.epoch)
      .where('holder', '=', p.holder),
  ),
  release: statement('runs.release', (db, p: RunOwner) =>
    db
      .updateTable('run')
      .set((e) => ({ holder: '', lease_until: 0, claim_at: e.ref('due') }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('epoch', '=', p.epoch),
  ),
  free: statement('runs.free', (db, p: { opener: string }) =>
    db
      .updateTable('run')
      .set({ holder: '', lease_until: 0, claim_at: 0 })
      .where('claim_at', '>=', 0)
      .where('opener', '=', p.opener)
      .where('holder', '!=', ''),
  ),
  events: statement('runs.events', (db, p: RunId & { afterSeq: number; limit: number }) =>
    db
      .selectFrom('run_event')
      .select(['seq', 'at_ms', 'body'])
      .where('tenant', '=', p.tenant)
      .where('run', '=', p.id)
      .where('seq', '>', p.afterSeq)
      .orderBy('seq')
      .limit(p.limit),
  ),
  blob: statement('runs.blob', (db, p: RunId & { digest: string }) =>
    db
      .selectFrom('run_blob')
      .select(['content_type', 'body'])
      .where('tenant', '=', p.tenant)
      .where('run', '=', p.id)
      .where('digest', '=', p.digest),
  ),
  list: statement('runs.list', (db, p: RunSearch) =>
    db
      .selectFrom('run')
      .selectAll()
      .where('tenant', '=', p.tenant)
      .where((e) => e.or([e(e.cast(e.val(p.plan), 'text'), '=', ''), e('plan', '=', p.plan)]))
      .where((e) => e.or([e(e.cast(e.val(p.state), 'text'), '=', ''), e('state', '=', p.state)]))
      .where((e) => e.or([e(e.cast(e.val(p.principal), 'text'), '=', ''), e('principal', '=', p.principal)]))
      .where('started_at', '<=', p.afterMs)
      .where((e) =>
        e.or([e('started_at', '<', p.afterMs), e.and([e('started_at', '=', p.afterMs), e('id', '<', p.afterId)])]),
      )
      .orderBy('started_at', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  old: statement('runs.old', (db, p: { beforeMs: number; limit: number }) =>
    db
      .selectFrom('run')
      .select(['tenant', 'id'])
      .where('ended_at', '<', p.beforeMs)
      .where('claim_at', 'is', null)
      .limit(p.limit),
  ),
  remove: statement('runs.remove', (db, p: RunId) =>
    db.deleteFrom('run').where('tenant', '=', p.tenant).where('id', '=', p.id).where('claim_at', 'is', null),
  ),
  removeEvents: statement('runs.removeEvents', (db, p: RunId) =>
    db.deleteFrom('run_event').where('tenant', '=', p.tenant).where('run', '=', p.id),
  ),
  removeSteps: statement('runs.removeSteps', (db, p: RunId) =>
    db.deleteFrom('run_step').where('tenant', '=', p.tenant).where('run', '=', p.id),
  ),
  removeBlobs: statement('runs.removeBlobs', (db, p: RunId) =>
    db.deleteFrom('run_blob').where('tenant', '=', p.tenant).where('run', '=', p.id),
  ),
};

export const planStatements = Object.values(S);

export interface ClaimArgs {
  readonly holder: string;
  readonly opener: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  readonly limit: number;
}

export const claimRuns = async (
  session: Session,
  { holder, opener, nowMs, leaseMs, limit }: ClaimArgs,
): Promise<readonly RunRow[]> => {
  const untilMs = nowMs + leaseMs;
  const rows = await session.all(S.due, { nowMs, limit });
  const taken = rows.map((row) => ({
    ...row,
    ...{ holder, opener, epoch: row.epoch + 1, lease_until: untilMs, claim_at: untilMs },
  }));
  await Promise.all(taken.map((row) => session.run(S.take, { ...row, untilMs })));
  return taken;
};

export interface RenewArgs {
  readonly holder: string;
  readonly untilMs: number;
  readonly runs: readonly RunOwner[];
}

export const renewRuns = async (session: Session, { holder, untilMs, runs }: RenewArgs): Promise<readonly string[]> => {
  const kept = await Promise.all(
    runs.map(({ tenant, id, epoch }) => session.run(S.renew, { tenant, id, epoch, holder, untilMs })),
  );
  return runs.flatMap(({ id }, at) => (kept[at] === 1 ? [id] : []));
};

export const releaseRun = (session: Session, args: RunOwner) => session.run(S.release, args);

/** Of a process that is not there any more, said by the only one that can know: the one that has its place now. */
export const freeRuns = (session: Session, args: { readonly opener: string }) => session.run(S.free, args);

export const readRun = async (session: Session, args: RunId): Promise<RunRow | undefined> =>
  (await session.all(S.byId, args))[0];

export const readRunEvents = (
  session: Session,
  args: RunId & { readonly afterSeq: number; readonly limit: number },
): Promise<readonly Pick<RunEventRow, 'seq' | 'at_ms' | 'body'>[]> => Promise.resolve(session.all(S.events, args));

export const readRunBlob = async (session: Session, args: RunId & { readonly digest: string }) =>
  (await session.all(S.blob, args))[0];

export const listRuns = (session: Session, args: RunSearch) => session.all(S.list, args);

/** Answers how many runs went; fewer than `limit`: there are no more. */
export const pruneRuns = async (
  session: Session,
  args: { readonly beforeMs: number; readonly limit: number },
): Promise<number> => {
  const old = await session.all(S.old, args);
  for (const run of old) {
    // Somebody may want it again at this moment; then all of it stays.
    if ((await session.run(S.remove, run)) !== 1) continue;
    for (const each of [S.removeEvents, S.removeSteps, S.removeBlobs]) await session.run(each, run);
  }
  return old.length;
};
