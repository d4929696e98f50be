/** Who waits for something to happen to a run: told at once by what happens here, and by a look at the store otherwise. */
import type { CancelSignal, Fault, PlanStore } from '../../contract/index.ts';

export interface Wake {
  /** Rejects with the reason of the signal. */
  readonly woken: Promise<void>;
  readonly forget: () => void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: Fault) => void;
}

interface Watched {
  readonly tenant: string;
  readonly id: string;
  readonly waiting: Set<Waiting>;
  seq: number;
}

/** Looks for other nodes' news, at most so many at a time. */
const MOST_LOOKS = 500;

export class Watchers {
  readonly #watched = new Map<string, Watched>();
  readonly #store: Pick<PlanStore, 'get'>;

  constructor(store: Pick<PlanStore, 'get'>) {
    this.#store = store;
  }

  /** Ask before looking, and nothing is missed in between. */
  next(tenant: string, id: string, signal: CancelSignal): Wake {
    const key = `${tenant}/${id}`;
    const watched = this.#watched.get(key) ?? { tenant, id, waiting: new Set<Waiting>(), seq: 0 };
    this.#watched.set(key, watched);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {});
    const waiting: Waiting = { resolve, reject };
    watched.waiting.add(waiting);
    const unhear = signal.onCancel(reject);
    const forget = (): void => {
      unhear();
      watched.waiting.delete(waiting);
      if (watched.waiting.size === 0 && this.#watched.get(key) === watched) this.#watched.delete(key);
    };
    const woken = promise.finally(forget);
    // Whoever does something else when the signal comes has heard of it there.
    woken.catch(() => {});
    return { woken, forget };
  }

  wake(key: string): void {
    for (const { resolve } of [...(this.#watched.get(key)?.waiting ?? [])]) resolve();
  }

  /** `isHere`: its news come by themselves. */
  async poll(isHere: (key: string) => boolean): Promise<void> {
    const others = [...this.#watched].filter(([key]) => !isHere(key)).slice(0, MOST_LOOKS);
    for (const [key, watched] of others) {
      const run = await this.#store.get(watched.tenant, watched.id);
      if (run === undefined || run.seq !== watched.seq || run.endedAtMs !== null) this.wake(key);
      watched.seq = run?.seq ?? 0;
      // Those that were not looked at come first the next time.
      if (this.#watched.get(key) === watched) {
        this.#watched.delete(key);
        this.#watched.set(key, watched);
      }
    }
  }

  stop(reason: Fault): void {
    for (const { waiting } of [...this.#watched.values()]) for (const { reject } of [...waiting]) reject(reason);
    this.#watched.clear();
  }
}
