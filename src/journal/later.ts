/**
 * What the store did not take is brought to it again until it does. The end of a call is known once: if it were lost, its key
 * would stay in flight and its money set aside until somebody starts this process anew.
 */
import type { World } from '../kernel/index.ts';

/** Waits between tries; the last one repeats. The first is long enough for a command in doubt to have arrived, or never to. */
const WAITS_MS = [1_000, 5_000, 30_000, 120_000] as const;
/** Beyond it the next start finds the rest: what waits here is also open in the store. */
const MOST_WAITING = 10_000;

export class Later {
  readonly #world: Pick<World, 'clock'>;
  #waiting = 0;

  constructor(world: Pick<World, 'clock'>) {
    this.#world = world;
  }

  /** Must do no harm when it is done twice: a try that failed may have been carried out. */
  do(work: () => Promise<void>): void {
    if (this.#waiting >= MOST_WAITING) return;
    this.#waiting += 1;
    this.#after(0, work);
  }

  #after(tries: number, work: () => Promise<void>): void {
    this.#world.clock.after(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]!, () => {
      work().then(
        () => {
          this.#waiting -= 1;
        },
        () => this.#after(tries + 1, work),
      );
    });
  }
}
