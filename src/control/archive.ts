/** Keeps what a hub published on its own disk: after a restart it knows who runs before the first heartbeat comes. */
import type { Signed } from '../contract/index.ts';
import type { LastGood } from './lastgood.ts';
import type { DocumentKind } from './sign.ts';

/**
 * Takes every document of a publisher (`publisher.subscribe(archive.put)`) and never makes it wait. Rosters may come ten times a second and a
 * disk may be slow: one write at a time, and then only the newest.
 */
export class Archive {
  readonly #disk: Pick<LastGood, 'keep'>;
  readonly #failed: (cause: unknown) => void;
  readonly #waiting = new Map<DocumentKind, Signed>();
  #writing: Promise<void> | undefined;

  constructor(disk: Pick<LastGood, 'keep'>, failed: (cause: unknown) => void) {
    this.#disk = disk;
    this.#failed = failed;
  }

  readonly put = (signed: Signed): void => {
    this.#waiting.set(signed.kind, signed);
    this.#writing ??= this.#write();
  };

  /** Resolves when everything that was put is on disk, or has failed. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    // Not before the caller's turn is over: several documents of one turn cost one write each kind.
    await Promise.resolve();
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      try {
        await this.#disk.keep(next.kind, next);
      } catch (cause) {
        this.#failed(cause);
      }
    }
    this.#writing = undefined;
  }

  #take(): Signed | undefined {
    const [next] = this.#waiting.values();
    if (next !== undefined) this.#waiting.delete(next.kind);
    return next;
  }
}
