/** Something is to be done soon after a change, and at a bounded rate however many changes there are. */
import type { Clock, Timer } from '../contract/index.ts';

export interface SoonParts {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly random: () => number;
  /** Least time between two runs, asked at each. */
  readonly spacingMs: () => number;
  readonly run: () => void;
}

/** Changes come in bunches, and to many nodes at once: each waits a moment of its own. */
const LEAST_MS = 100;
const SPREAD_MS = 400;

export class Soon {
  readonly #parts: SoonParts;
  #timer: Timer | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SoonParts) {
    this.#parts = parts;
  }

  ask(): void {
    if (this.#timer !== undefined) return;
    const { clock, random, spacingMs, run } = this.#parts;
    const soonMs = LEAST_MS + SPREAD_MS * random();
    const waitMs = Math.max(soonMs, this.#lastMs + spacingMs() - clock.nowMs());
    this.#timer = clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#lastMs = clock.nowMs();
      run();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
