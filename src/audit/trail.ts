/** Where everything that must be believed later is written down: waited for where it comes before an act, in passing where it does not. */
import type { AuditEntry, AuditStore, Clock } from '../contract/index.ts';

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

export class AuditTrail {
  readonly #parts: AuditTrailParts;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;

  constructor(parts: AuditTrailParts) {
    this.#parts = parts;
  }

  /** Resolves when it is durable. Throws `storage`. */
  note(noted: Noted): Promise<void> {
    return this.#parts.store.append([this.at(noted)]);
  }

  at(noted: Noted): AuditEntry {
    return { ...noted, atMs: Math.floor(this.#parts.clock.wallMs()) };
  }

  /** Returns at once, unless the trail is far behind. Never throws. */
  inPassing(noted: Noted): void | Promise<void> {
    this.#waiting.push(this.at(noted));
    this.#writing ??= this.#write();
    return this.#waiting.length >= MOST_WAITING ? this.#writing : undefined;
  }

  /** When all that was said before is written, or lost and told so. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** One batch after the other, so that the order of the chain is the order of events. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      // What came in this turn goes together, and shares one flush with whatever else is written now.
      await null;
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#parts.store.append(batch);
      } catch (cause) {
        this.#parts.failed(cause, batch.length);
      }
    }
    this.#writing = undefined;
  }
}
