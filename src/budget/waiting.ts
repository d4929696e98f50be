/** Calls that wait for room in a budget: each hears of its account by a signal, in the order in which they came. */
import type { CancelSignal, Clock } from '../contract/index.ts';

/** Timers of a month and more overflow; a call that wakes up early just looks again. */
const LONGEST_MS = 24 * 3_600_000;

type Wake = () => void;

export class Waiting {
  readonly #clock: Clock;
  readonly #byAccount = new Map<string, Set<Wake>>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when the account may have room, at the latest after `windowMs`; rejects with the reason when the signal comes first. */
  until(account: string, windowMs: number, signal: CancelSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#byAccount.get(account) ?? new Set();
      this.#byAccount.set(account, waiters);
      let forget = (): void => {};
      const leave = (): void => {
        waiters.delete(wake);
        if (waiters.size === 0) this.#byAccount.delete(account);
        this.#count -= 1;
        timer.cancel();
        forget();
      };
      const wake = (): void => {
        leave();
        resolve();
      };
      waiters.add(wake);
      this.#count += 1;
      const timer = this.#clock.after(Math.min(LONGEST_MS, Math.max(0, windowMs)), wake);
      forget = signal.onCancel((reason) => {
        if (!waiters.has(wake)) return;
        leave();
        reject(reason);
      });
    });
  }

  /** The first ones in line. Each that runs frees what it did not need, and wakes others when it ends. */
  wake(account: string, most = Number.POSITIVE_INFINITY): void {
    const waiters = this.#byAccount.get(account);
    if (waiters === undefined) return;
    for (const wake of [...waiters].slice(0, most)) wake();
  }

  wakeAll(): void {
    for (const account of [...this.#byAccount.keys()]) this.wake(account);
  }
}
