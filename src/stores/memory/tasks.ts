/** Tasks, conversations and what is wanted of them, in maps. */
import type { ContextRecord, PushRecord, TaskFilter, TaskRecord, TaskStore } from '../../contract/index.ts';
import { REFUSALS } from '../refusals.ts';

export class MemoryTasks implements TaskStore {
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #contexts = new Map<string, ContextRecord>();
  readonly #pushes = new Map<string, PushRecord>();

  async put(task: TaskRecord): Promise<void> {
    const key = keyOf(task.tenant, task.id);
    const actual = this.#tasks.get(key)?.version ?? 0;
    if (actual !== task.version - 1) throw REFUSALS.staleTask(task.id, task.version - 1, actual);
    this.#tasks.set(key, structuredClone(task));
  }

  async get(tenant: string, id: string): Promise<TaskRecord | undefined> {
    return structuredClone(this.#tasks.get(keyOf(tenant, id)));
  }

  async list(filter: TaskFilter): Promise<{ readonly tasks: readonly TaskRecord[]; readonly total: number }> {
    const all = [...this.#tasks.values()].filter((task) => fits(task, filter)).sort(newestFirst);
    const { after, limit } = filter;
    const rest = after === undefined ? all : all.filter((task) => newestFirst(task, after) > 0);
    return { tasks: structuredClone(rest.slice(0, limit)), total: all.length };
  }

  async open(node: string): Promise<readonly TaskRecord[]> {
    const open = [...this.#tasks.values()].filter((task) => !task.isOver && task.node === node);
    return structuredClone(open.sort((a, b) => newestFirst(b, a)));
  }

  async putContext(context: ContextRecord): Promise<void> {
    this.#contexts.set(contextKey(context), structuredClone(context));
  }

  async context(key: Omit<ContextRecord, 'remote' | 'atMs'>): Promise<ContextRecord | undefined> {
    return structuredClone(this.#contexts.get(contextKey(key)));
  }

  async putPush(push: PushRecord): Promise<void> {
    const key = keyOf(push.tenant, push.task, push.id);
    this.#pushes.set(key, structuredClone(push));
  }

  async pushes(tenant: string, task: string): Promise<readonly PushRecord[]> {
    const found = [...this.#pushes.values()].filter((push) => push.tenant === tenant && push.task === task);
    return structuredClone(found.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1)));
  }

  async removePush(tenant: string, task: string, id: string): Promise<boolean> {
    return this.#pushes.delete(keyOf(tenant, task, id));
  }

  async prune(beforeMs: number): Promise<number> {
    const old = [...this.#tasks.values()].filter((task) => task.isOver && task.statusAtMs < beforeMs);
    for (const { tenant, id } of old) {
      this.#tasks.delete(keyOf(tenant, id));
      for (const push of await this.pushes(tenant, id)) this.#pushes.delete(keyOf(tenant, id, push.id));
    }
    for (const [key, { atMs }] of this.#contexts) if (atMs < beforeMs) this.#contexts.delete(key);
    return old.length;
  }
}

const fits = (task: TaskRecord, { tenant, principal, target, context, state, sinceMs }: TaskFilter): boolean =>
  task.tenant === tenant &&
  task.principal.kind === principal.kind &&
  task.principal.id === principal.id &&
  (target === undefined || (task.target.kind === target.kind && task.target.name === target.name)) &&
  (context === undefined || task.context === context) &&
  (state === undefined || task.state === state) &&
  (sinceMs === undefined || task.statusAtMs >= sinceMs);

type Place = Pick<TaskRecord, 'statusAtMs' | 'id'>;

const newestFirst = (a: Place, b: Place): number =>
  b.statusAtMs - a.statusAtMs || (a.id === b.id ? 0 : a.id < b.id ? 1 : -1);

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

const contextKey = ({ tenant, principal, target, id }: Omit<ContextRecord, 'remote' | 'atMs'>): string =>
  keyOf(tenant, principal.kind, principal.id, target.kind, target.name, id);
