/** The port for tasks over a database, whatever its engine. */
import type { ContextRecord, TaskFilter, TaskRecord, TaskStore } from '../../contract/index.ts';
import { orThrow } from '../refusals.ts';
import type { Lane } from './commands.ts';
import type { TaskRow } from './tables.ts';
import type { TaskSearch } from './tasks.ts';

/** Tasks removed by one transaction. */
const PRUNE_STEP = 500;

export const tasksOver = (lane: Lane): TaskStore => ({
  put: async (task) => {
    orThrow(await lane.write('putTask', rowOf(task)));
  },
  get: async (tenant, id) => {
    const record = await lane.read('readTask', { tenant, id });
    return record === undefined ? undefined : JSON.parse(record);
  },
  list: async (filter) => {
    const { records, total } = await lane.read('listTasks', searchOf(filter));
    return { tasks: records.map((record): TaskRecord => JSON.parse(record)), total };
  },
  open: async (node) =>
    (await lane.read('readOpenTasks', { follower: node })).map((record): TaskRecord => JSON.parse(record)),
  putContext: async (context) => {
    const { atMs, remote } = context;
    await lane.write('putContext', { ...keyOf(context), at_ms: atMs, remote: JSON.stringify(remote) });
  },
  context: async ({ tenant, principal, target, id }) => {
    const row = await lane.read('readContext', keyOf({ tenant, principal, target, id }));
    if (row === undefined) return undefined;
    return { tenant, principal, target, id, remote: JSON.parse(row.remote), atMs: row.at_ms };
  },
  putPush: async ({ tenant, task, id, atMs, body }) => {
    await lane.write('putPush', { tenant, task, id, at_ms: atMs, body });
  },
  pushes: async (tenant, task) =>
    (await lane.read('readPushes', { tenant, task })).map((row) => ({
      tenant,
      task,
      id: row.id,
      atMs: row.at_ms,
      body: row.body,
    })),
  removePush: (tenant, task, id) => lane.write('removePush', { tenant, task, id }),
  prune: async (beforeMs) => {
    let total = 0;
    for (;;) {
      const removed = await lane.write('pruneTasks', { beforeMs, limit: PRUNE_STEP });
      total += removed;
      if (removed < PRUNE_STEP) return total;
    }
  },
});

const ownerText = ({ kind, id }: { readonly kind: string; readonly id: string }): string => JSON.stringify([kind, id]);
const targetText = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  JSON.stringify([kind, name]);

const rowOf = (task: TaskRecord): TaskRow => ({
  tenant: task.tenant,
  id: task.id,
  owner: ownerText(task.principal),
  target: targetText(task.target),
  context: task.context,
  state: task.state,
  follower: task.isOver ? '' : task.node,
  status_at: task.statusAtMs,
  created_at: task.createdAtMs,
  version: task.version,
  record: JSON.stringify(task),
});

const searchOf = (filter: TaskFilter): TaskSearch => ({
  tenant: filter.tenant,
  owner: ownerText(filter.principal),
  target: filter.target === undefined ? '' : targetText(filter.target),
  context: filter.context ?? '',
  state: filter.state ?? '',
  sinceMs: filter.sinceMs ?? -Number.MAX_VALUE,
  afterMs: filter.after?.statusAtMs ?? Number.MAX_VALUE,
  afterId: filter.after?.id ?? '',
  limit: filter.limit,
});

const keyOf = ({ tenant, principal, target, id }: Omit<ContextRecord, 'remote' | 'atMs'>) => ({
  tenant,
  owner: ownerText(principal),
  target: targetText(target),
  id,
});
