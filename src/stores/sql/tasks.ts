/** Tasks in SQL: one row each, replaced only by whoever saw the version before, with conversations and push configurations beside them. */
import type { Refusal } from '../refusals.ts';
import { type Session, statement } from './statement.ts';
import type { ContextRow, PushRow, TaskRow } from './tables.ts';

interface ById {
  readonly tenant: string;
  readonly id: string;
}

/** Empty texts stand for everything. */
export interface TaskSearch {
  readonly tenant: string;
  readonly owner: string;
  readonly target: string;
  readonly context: string;
  readonly state: string;
  readonly sinceMs: number;
  readonly afterMs: number;
  readonly afterId: string;
  readonly limit: number;
}

type ContextKey = Omit<ContextRow, 'remote' | 'at_ms'>;

const S = {
  byId: statement('tasks.byId', (db, p: ById) =>
    db.selectFrom('task').select(['record', 'version']).where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  insert: statement('tasks.insert', (db, p: TaskRow) =>
    db
      .insertInto('task')
      .values({
        tenant: p.tenant,
        id: p.id,
        owner: p.owner,
        target: p.target,
        context: p.context,
        state: p.state,
        follower: p.follower,
        status_at: p.status_at,
        created_at: p.created_at,
        version: p.version,
        record: p.record,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  update: statement('tasks.update', (db, p: TaskRow & { was: number }) =>
    db
      .updateTable('task')
      .set({
        context: p.context,
        state: p.state,
        follower: p.follower,
        status_at: p.status_at,
        version: p.version,
        record: p.record,
      })
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('version', '=', p.was),
  ),
  list: statement('tasks.list', (db, p: TaskSearch) =>
    db
      .selectFrom('task')
      .select('record')
      .where('tenant', '=', p.tenant)
      .where('owner', '=', p.owner)
      .where('status_at', '>=', p.sinceMs)
      .where((e) => e.or([e(e.cast(e.val(p.target), 'text'), '=', ''), e('target', '=', p.target)]))
      .where((e) => e.or([e(e.cast(e.val(p.context), 'text'), '=', ''), e('context', '=', p.context)]))
      .where((e) => e.or([e(e.cast(e.val(p.state), 'text'), '=', ''), e('state', '=', p.state)]))
      .where((e) =>
        e.or([e('status_at', '<', p.afterMs), e.and([e('status_at', '=', p.afterMs), e('id', '<', p.afterId)])]),
      )
      .orderBy('status_at', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  count: statement('tasks.count', (db, p: TaskSearch) =>
    db
      .selectFrom('task')
      .select((e) => e.fn.countAll<number>().as('total'))
      .where('tenant', '=', p.tenant)
      .where('owner', '=', p.owner)
      .where('status_at', '>=', p.sinceMs)
      .where((e) => e.or([e(e.cast(e.val(p.target), 'text'), '=', ''), e('target', '=', p.target)]))
      .where((e) => e.or([e(e.cast(e.val(p.context), 'text'), '=', ''), e('context', '=', p.context)]))
      .where((e) => e.or([e(e.cast(e.val(p.state), 'text'), '=', ''), e('state', '=', p.state)])),
  ),
  open: statement('tasks.open', (db, p: { follower: string }) =>
    db.selectFrom('task').select('record').where('follower', '=', p.follower).orderBy('status_at').orderBy('id'),
  ),
  putContext: statement('tasks.putContext', (db, p: ContextRow) =>
    db
      .insertInto('task_context')
      .values({ tenant: p.tenant, owner: p.owner, target: p.target, id: p.id, at_ms: p.at_ms, remote: p.remote })
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'owner', 'target', 'id']).doUpdateSet({ at_ms: p.at_ms, remote: p.remote }),
      ),
  ),
  context: statement('tasks.context', (db, p: ContextKey) =>
    db
      .selectFrom('task_context')
      .select(['remote', 'at_ms'])
      .where('tenant', '=', p.tenant)
      .where('owner', '=', p.owner)
      .where('target', '=', p.target)
      .where('id', '=', p.id),
  ),
  putPush: statement('tasks.putPush', (db, p: PushRow) =>
    db
      .insertInto('task_push')
      .values({ tenant: p.tenant, task: p.task, id: p.id, at_ms: p.at_ms, body: p.body })
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'task', 'id']).doUpdateSet({ at_ms: p.at_ms, body: p.body }),
      ),
  ),
  pushes: statement('tasks.pushes', (db, p: { tenant: string; task: string }) =>
    db
      .selectFrom('task_push')
      .selectAll()
      .where('tenant', '=', p.tenant)
      .where('task', '=', p.task)
      .orderBy('at_ms')
      .orderBy('id'),
  ),
  removePush: statement('tasks.removePush', (db, p: { tenant: string; task: string; id: string }) =>
    db.deleteFrom('task_push').where('tenant', '=', p.tenant).where('task', '=', p.task).where('id', '=', p.id),
  ),
  old: statement('tasks.old', (db, p: { beforeMs: number; limit: number }) =>
    db
      .selectFrom('task')
      .select(['tenant', 'id'])
      .where('follower', '=', '')
      .where('status_at', '<', p.beforeMs)
      .limit(p.limit),
  ),
  remove: statement('tasks.remove', (db, p: ById) =>
    db.deleteFrom('task').where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  removePushes: statement('tasks.removePushes', (db, p: ById) =>
    db.deleteFrom('task_push').where('tenant', '=', p.tenant).where('task', '=', p.id),
  ),
  removeContexts: statement('tasks.removeContexts', (db, p: { beforeMs: number }) =>
    db.deleteFrom('task_context').where('at_ms', '<', p.beforeMs),
  ),
};

export const taskStatements = Object.values(S);

export const putTask = async (session: Session, row: TaskRow): Promise<null | Refusal> => {
  const changed =
    row.version === 1
      ? await session.run(S.insert, row)
      : await session.run(S.update, { ...row, was: row.version - 1 });
  if (changed === 1) return null;
  const actual = (await session.all(S.byId, row))[0]?.version ?? 0;
  return { refusal: 'staleTask', details: [row.id, row.version - 1, actual] };
};

export const readTask = async (session: Session, args: ById): Promise<string | undefined> =>
  (await session.all(S.byId, args))[0]?.record;

export const listTasks = async (
  session: Session,
  args: TaskSearch,
): Promise<{ readonly records: readonly string[]; readonly total: number }> => {
  const rows = await session.all(S.list, args);
  const [counted] = await session.all(S.count, args);
  return { records: rows.map(({ record }) => record), total: Number(counted?.total ?? 0) };
};

export const readOpenTasks = async (
  session: Session,
  args: { readonly follower: string },
): Promise<readonly string[]> => (await session.all(S.open, args)).map(({ record }) => record);

export const putContext = (session: Session, row: ContextRow) => session.run(S.putContext, row);

export const readContext = async (
  session: Session,
  args: ContextKey,
): Promise<Pick<ContextRow, 'remote' | 'at_ms'> | undefined> => (await session.all(S.context, args))[0];

export const putPush = (session: Session, row: PushRow) => session.run(S.putPush, row);

export const readPushes = (session: Session, args: { readonly tenant: string; readonly task: string }) =>
  session.all(S.pushes, args);

export const removePush = async (
  session: Session,
  args: { readonly tenant: string; readonly task: string; readonly id: string },
): Promise<boolean> => (await session.run(S.removePush, args)) === 1;

/** Answers how many tasks went; fewer than `limit`: there are no more. */
export const pruneTasks = async (
  session: Session,
  args: { readonly beforeMs: number; readonly limit: number },
): Promise<number> => {
  const old = await session.all(S.old, args);
  for (const task of old) {
    await session.run(S.remove, task);
    await session.run(S.removePushes, task);
  }
  await session.run(S.removeContexts, args);
  return old.length;
};
