/** Where finished events go: one sink that feeds many, and one that writes batches to a store without ever holding up a call. */
import type { CallEvent, Clock, EventSink, TraceStore } from '../contract/index.ts';

/** Every sink gets every event; one that throws does not keep it from the others. */
export const fanout = (...sinks: readonly EventSink[]): EventSink => ({
  emit: (event) => {
    for (const sink of sinks) {
      try {
        sink.emit(event);
      } catch {
        // INVARIANT: telemetry may be lost, calls may not.
      }
    }
  },
});

export interface BatchOptions {
  readonly clock: Clock;
  /** Longest time that an event waits. Default 250 ms: a trace is there when a person looks for it. */
  readonly flushMs?: number;
  /**
   * Events in one batch; a full one is written at once. Default 256: many enough to share a transaction, few enough that
   * writing them down holds up no call, and that the garbage collector meets few that still wait.
   */
  readonly batch?: number;
  /** Events held while the destination is slow; beyond it the newest are dropped and counted. Default 50,000. */
  readonly capacity?: number;
}

/** Collects events and hands them on in batches. One batch is under way at a time. */
export class Batcher<T = CallEvent> {
  /** Those that were dropped because the destination could not keep up or failed. */
  dropped = 0;
  readonly #write: (events: readonly T[]) => Promise<void>;
  readonly #clock: Clock;
  readonly #flushMs: number;
  readonly #batch: number;
  readonly #capacity: number;
  readonly #events: T[] = [];
  #scheduled = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(write: (events: readonly T[]) => Promise<void>, options: BatchOptions) {
    this.#write = write;
    this.#clock = options.clock;
    this.#flushMs = options.flushMs ?? 250;
    this.#batch = options.batch ?? 256;
    this.#capacity = options.capacity ?? 50_000;
  }

  emit(event: T): void {
    if (this.#events.length >= this.#capacity) {
      this.dropped++;
      return;
    }
    this.#events.push(event);
    if (this.#events.length === this.#batch) void this.#next(this.#batch);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.after(this.#flushMs, () => {
      this.#scheduled = false;
      void this.flush();
    });
  }

  /** Resolves when everything emitted so far was written or given up. */
  flush(): Promise<void> {
    return this.#next(Number.POSITIVE_INFINITY);
  }

  #next(most: number): Promise<void> {
    this.#writing = this.#writing.then(() => this.#drain(most));
    return this.#writing;
  }

  /** What comes while it writes waits for its own turn: else a busy node would write ever smaller batches. */
  async #drain(most: number): Promise<void> {
    let left = Math.min(most, this.#events.length);
    while (left > 0) {
      const batch = this.#events.splice(0, Math.min(left, this.#batch));
      left -= batch.length;
      try {
        await this.#write(batch);
      } catch {
        this.dropped += batch.length;
      }
    }
  }
}

/** A sink that keeps finished calls in a trace store. */
export const storeSink = (store: TraceStore, options: BatchOptions): Batcher =>
  new Batcher((events) => store.append(events), options);
