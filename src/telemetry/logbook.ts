/** The logs of a hub: its own and those of nodes that joined it, kept in its store and told to whoever follows. */
import { type Clock, type LogRecord, type LogStore, MOST_LOGS_KEPT } from '../contract/index.ts';
import { Batcher } from './sinks.ts';

export interface LogBookOptions {
  readonly store: Pick<LogStore, 'append'>;
  readonly clock: Clock;
  /** Records of all that are kept. Default `MOST_LOGS_KEPT`. */
  readonly most?: number;
}

/** Records that wait for the disk; telemetry may be lost, and nothing waits for it. */
const CAPACITY = 10_000;

export class LogBook {
  readonly #batcher: Batcher<LogRecord>;
  readonly #readers = new Set<(record: LogRecord) => void>();

  constructor({ store, clock, most = MOST_LOGS_KEPT }: LogBookOptions) {
    this.#batcher = new Batcher<LogRecord>((records) => store.append(records, most), { clock, capacity: CAPACITY });
  }

  /** Records that could not be kept. */
  get dropped(): number {
    return this.#batcher.dropped;
  }

  add(record: LogRecord): void {
    this.#batcher.emit(record);
    for (const take of this.#readers) take(record);
  }

  /** Hears of each record from now on. Answers what ends it. */
  subscribe(take: (record: LogRecord) => void): () => void {
    this.#readers.add(take);
    return () => this.#readers.delete(take);
  }

  /** Resolves when what was added so far is kept, or given up. */
  flush(): Promise<void> {
    return this.#batcher.flush();
  }
}
