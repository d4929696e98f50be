/** One run of a process. When it dies its timers never fire and what it waits for never comes, wherever it stood. */
import type { Clock } from '../../../contract/index.ts';
import type { World } from '../../../kernel/index.ts';

/** A new one each time: whoever waits for one that is shared is remembered by it for ever. */
export const never = (): Promise<never> => new Promise(() => {});

export class Life {
  readonly world: World;
  #isOver = false;
  /** Another run of the same process has begun, and with it the session of this one with the store is over. */
  isBuried = false;
  readonly #left: (() => void)[] = [];

  /** `skewMs`: how wrong its wall clock is, asked anew each time. */
  constructor(world: World, skewMs: () => number) {
    const clock: Clock = {
      nowMs: world.clock.nowMs,
      wallMs: () => world.clock.wallMs() + skewMs(),
      after: (delayMs, run) =>
        world.clock.after(delayMs, () => {
          if (!this.#isOver) run();
        }),
    };
    this.world = { clock, ids: world.ids, random: world.random };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What comes from outside reaches only the living. */
  hears<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => {
          if (!this.#isOver) resolve(value);
        },
        (thrown) => {
          if (!this.#isOver) reject(thrown);
        },
      );
    });
  }

  /** Whoever is connected to this process notices that it is gone. */
  onEnd(notice: () => void): void {
    this.#left.push(notice);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const notice of this.#left) notice();
  }
}
