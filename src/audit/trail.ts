/** Where everything that must be believed later is written down: waited for where it comes before an act, in passing where it does not. */
import type { AuditEntry, AuditStore, Clock, Timer } from '../contract/index.ts';

export interface AuditTrailParts {
  readonly store: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
  /** Entries that were written in passing and could not be kept. Must not throw. */
  readonly failed: (cause: unknown, lost: number) => void;
}

/** What somebody says; when, the trail knows. */
export type Noted = Omit<AuditEntry, 'atMs'>;

/** Entries that may wait for their write. Beyond it callers wait with them: a trail that lags without bound is none. */
const MOST_WAITING = 10_000;
/** A flush for each read would cost more than the read. So much of what was said in passing is lost with the process. */
const GATHER_MS = 20;

export class AuditTrail {
  /** Lines that were said in passing and could not be kept, since the node started. */
  lost = 0;
  readonly #parts: AuditTrailParts;
  #waiting: AuditEntry[] = [];
  #gathering: Timer | undefined;
  /** On their way to the store, which takes one after the other: the order of the chain is the order of events. */
  readonly #writing = new Set<Promise<void>>();
  #written = 0;

  constructor(parts: AuditTrailParts) {
    this.#parts = parts;
  }

  /** Lines that were said in passing and are not on disk yet. */
  get waiting(): number {
    return this.#waiting.length + this.#written;
  }

  /** Resolves when it is durable. Throws `storage`. */
  note(noted: Noted): Promise<void> {
    this.flush();
    return this.#parts.store.append([this.at(noted)]);
  }

  at(noted: Noted): AuditEntry {
    return { ...noted, atMs: Math.floor(this.#parts.clock.wallMs()) };
  }

  /** Returns at once, unless the trail is far behind. Never throws. */
  inPassing(noted: Noted): void | Promise<void> {
    this.#waiting.push(this.at(noted));
    if (this.#waiting.length + this.#written >= MOST_WAITING) return this.#behind();
    this.#gathering ??= this.#parts.clock.after(GATHER_MS, () => this.flush());
  }

  /** What was said in passing goes before what is written next. */
  flush(): void {
    this.#gathering?.cancel();
    this.#gathering = undefined;
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#written += batch.length;
    const writing = this.#write(batch).finally(() => {
      this.#written -= batch.length;
      this.#writing.delete(writing);
    });
    this.#writing.add(writing);
  }

  /** When all that was said before is written, or lost and told so. */
  async settled(): Promise<void> {
    for (this.flush(); this.#writing.size > 0; this.flush()) await Promise.all(this.#writing);
  }

  async #behind(): Promise<void> {
    this.flush();
    const [oldest] = this.#writing;
    await oldest;
  }

  async #write(batch: readonly AuditEntry[]): Promise<void> {
    try {
      await this.#parts.store.append(batch);
    } catch (cause) {
      this.lost += batch.length;
      this.#parts.failed(cause, batch.length);
    }
  }
}
