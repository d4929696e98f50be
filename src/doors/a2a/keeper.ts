/** Finds tasks for their owners, and keeps those in memory that are worked on or looked at. */
import { type Principal, type Target, type TaskRecord, type TaskStore, targetKey } from '../../contract/index.ts';
import type { Task } from '../../dialects/a2a/index.ts';
import { type LiveParts, LiveTask } from './live.ts';
import { noSuchTask } from './refuse.ts';

const TASK_ID = /^[0-9a-f]{32}$/;

export class Keeper {
  readonly #parts: LiveParts;
  readonly #live = new Map<string, LiveTask>();

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  get store(): TaskStore {
    return this.#parts.store;
  }

  async create(record: TaskRecord, task: Task): Promise<LiveTask> {
    await this.#parts.store.put(record);
    const live = new LiveTask(this.#parts, record, task);
    this.#live.set(keyOf(record), live);
    this.#parts.told(record, { task });
    return live;
  }

  /** Throws `TASK_NOT_FOUND` for what is not there, somebody else's, or of another target than `of`. */
  async own(principal: Principal, id: string, of?: Pick<Target, 'kind' | 'name'>): Promise<LiveTask> {
    if (!TASK_ID.test(id)) throw noSuchTask(id);
    const { tenant } = principal;
    const known = this.#working(tenant, id);
    const record = known?.record ?? (await this.store.get(tenant, id));
    const isTheirs =
      record !== undefined &&
      record.principal.kind === principal.kind &&
      record.principal.id === principal.id &&
      (of === undefined ||
        targetKey(tenant, of.kind, of.name) === targetKey(tenant, record.target.kind, record.target.name));
    if (!isTheirs) throw noSuchTask(id);
    return known ?? this.open(record);
  }

  /** Of a record that was just read. */
  open(record: TaskRecord): LiveTask {
    const known = this.#working(record.tenant, record.id);
    if (known !== undefined) return known;
    this.#forgetIdle();
    const live = new LiveTask(this.#parts, record);
    this.#live.set(keyOf(record), live);
    return live;
  }

  /** What is idle here may have been changed by another node over the same store. */
  #working(tenant: string, id: string): LiveTask | undefined {
    const known = this.#live.get(keyOf({ tenant, id }));
    return known !== undefined && (known.isBusy || known.isWatched) ? known : undefined;
  }

  /** What nobody works on or looks at is in the store. */
  #forgetIdle(): void {
    if (this.#live.size < MOST_KEPT) return;
    for (const [key, live] of this.#live) {
      if (!live.isBusy && !live.isWatched) this.#live.delete(key);
      if (this.#live.size < MOST_KEPT) return;
    }
  }
}

const MOST_KEPT = 1_000;

const keyOf = ({ tenant, id }: Pick<TaskRecord, 'tenant' | 'id'>): string => JSON.stringify([tenant, id]);
