/** One task while somebody works on it or looks at it: every change of it is durable, then told to all who follow, in one order. */
import { Fault, type TaskRecord, type TaskStore } from '../../contract/index.ts';
import { isInterrupted, isTerminal, type StreamResponse, type Task } from '../../dialects/a2a/index.ts';
import type { World } from '../../kernel/index.ts';
import { Channel } from './channel.ts';
import { after, MOST_CHARS } from './story.ts';

export interface LiveParts {
  readonly store: TaskStore;
  readonly world: Pick<World, 'clock'>;
  /** Somebody outside may want to hear of it. */
  readonly told: (record: TaskRecord, event: StreamResponse) => void;
}

/** `pause`: whoever sent a message hears until the task is over or waits for its caller. `end`: until it is over. */
export type Until = 'pause' | 'end';

/** Of one task. */
const MOST_READERS = 100;

export class LiveTask {
  readonly #parts: LiveParts;
  readonly #readers = new Map<Channel<StreamResponse>, Until>();
  #record: TaskRecord;
  #task: Task;
  #work: Promise<void> = Promise.resolve();
  #chars: number;
  #workers = 0;

  constructor(parts: LiveParts, record: TaskRecord, task: Task = JSON.parse(record.body)) {
    this.#parts = parts;
    this.#record = record;
    this.#task = task;
    this.#chars = record.body.length;
  }

  get record(): TaskRecord {
    return this.#record;
  }

  get task(): Task {
    return this.#task;
  }

  /** Somebody hears from the target about it now. */
  get isBusy(): boolean {
    return this.#workers > 0;
  }

  /** Whoever calls this hears for it, until what it answers is called. */
  busy(): () => void {
    this.#workers += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.#workers -= 1;
      isOver = true;
    };
  }

  get isWatched(): boolean {
    return this.#readers.size > 0;
  }

  /** Begins with the task as it stands. */
  follow(until: Until, reader = new Channel<StreamResponse>()): Channel<StreamResponse> {
    if (this.#readers.size >= MOST_READERS)
      throw new Fault('rate_limited', `task \`${this.#record.id}\` has ${MOST_READERS} readers already`);
    reader.push({ task: this.#task });
    if (this.#isEndFor(until)) {
      reader.close();
      return reader;
    }
    this.#readers.set(reader, until);
    reader.whenLeft(() => this.#readers.delete(reader));
    return reader;
  }

  /** Resolves when it is durable and told. What comes after the end changes nothing. */
  apply(event: StreamResponse, changes: Partial<TaskRecord> = {}): Promise<void> {
    const done = this.#work.then(() => this.#apply(event, changes));
    this.#work = done.catch(() => {});
    return done;
  }

  /** Nothing more comes from the message that was sent. */
  pause(): void {
    for (const [reader, until] of this.#readers) if (until === 'pause') reader.close();
  }

  async #apply(event: StreamResponse, changes: Partial<TaskRecord>): Promise<void> {
    if (this.#record.isOver) return;
    const task = after(this.#task, event);
    const isStatus = event.artifactUpdate === undefined;
    this.#chars += isStatus ? 0 : JSON.stringify(event).length;
    if (this.#chars > MOST_CHARS)
      throw new Fault('upstream_invalid', `the task is longer than ${MOST_CHARS} characters`);
    // An artifact that is lost in a crash is asked for again; a state that somebody heard of is not taken back.
    if (isStatus && !(await this.#keep(task, changes))) return;
    this.#task = task;
    this.#tell(event);
  }

  /** False when somebody else ended it meanwhile. */
  async #keep(task: Task, changes: Partial<TaskRecord>): Promise<boolean> {
    const { state } = task.status;
    const body = JSON.stringify(task);
    this.#chars = body.length;
    if (body.length > MOST_CHARS)
      throw new Fault('upstream_invalid', `the task is longer than ${MOST_CHARS} characters`);
    const next = (before: TaskRecord): TaskRecord => ({
      ...before,
      ...changes,
      state,
      isOver: isTerminal(state),
      statusAtMs: before.state === state ? before.statusAtMs : this.#parts.world.clock.wallMs(),
      version: before.version + 1,
      body,
    });
    try {
      await this.#put(next(this.#record));
    } catch (thrown) {
      if (Fault.from(thrown).code !== 'conflict') throw thrown;
      const { tenant, id } = this.#record;
      const stored = await this.#parts.store.get(tenant, id);
      if (stored === undefined || stored.isOver) return this.#adopt(stored);
      await this.#put(next(stored));
    }
    return true;
  }

  async #put(record: TaskRecord): Promise<void> {
    await this.#parts.store.put(record);
    this.#record = record;
  }

  #adopt(stored: TaskRecord | undefined): false {
    if (stored === undefined) throw new Fault('not_found', `task \`${this.#record.id}\` is gone`);
    this.#record = stored;
    this.#task = JSON.parse(stored.body);
    this.#tell({ task: this.#task });
    return false;
  }

  #tell(event: StreamResponse): void {
    for (const [reader, until] of this.#readers) {
      reader.push(event);
      if (this.#isEndFor(until)) reader.close();
    }
    this.#parts.told(this.#record, event);
  }

  #isEndFor(until: Until): boolean {
    const { state } = this.#task.status;
    return isTerminal(state) || (until === 'pause' && isInterrupted(state));
  }
}
