/** How many retries a target may still get (R2): without a bound, retries turn a small failure into a storm. */

/** R2: 10 % of successes plus 1 per second, at most 10 at once; in thousandths of a retry, so that tenths add up. */
const RETRY = 1000;
const PER_SUCCESS = 100;
const PER_MS = 1;
const BURST = 10 * RETRY;

/** A token bucket that successes and time fill and retries empty. */
export class RetryBudget {
  #tokens = BURST;
  #filledAtMs: number;

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs;
  }

  succeeded(): void {
    this.#tokens = Math.min(BURST, this.#tokens + PER_SUCCESS);
  }

  /** Takes one retry, if there is one. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + Math.max(0, nowMs - this.#filledAtMs) * PER_MS);
    this.#filledAtMs = Math.max(this.#filledAtMs, nowMs);
    if (this.#tokens < RETRY) return false;
    this.#tokens -= RETRY;
    return true;
  }
}

/** One budget per key. Bounded: the one that was made first is forgotten first, and starts again with a full burst. */
export class RetryBudgets {
  readonly #budgets = new Map<string, RetryBudget>();
  readonly #most: number;

  /** `most`: keys kept at once. Default 10 000, about a megabyte. */
  constructor(most = 10_000) {
    this.#most = most;
  }

  of(key: string, nowMs: number): RetryBudget {
    const known = this.#budgets.get(key);
    if (known !== undefined) return known;
    if (this.#budgets.size >= this.#most) this.#forgetOldest();
    const budget = new RetryBudget(nowMs);
    this.#budgets.set(key, budget);
    return budget;
  }

  #forgetOldest(): void {
    for (const key of this.#budgets.keys()) {
      this.#budgets.delete(key);
      return;
    }
  }
}
