/** How many calls there were lately, and how many of them bad, in a ring of slots. Never grows. */

/** The last twelfth is the short window of a burn rate. */
const SLOTS = 60;
const SHORT_SLOTS = SLOTS / 12;

export interface Share {
  readonly calls: number;
  readonly bad: number;
}

export class Window {
  readonly #slotMs: number;
  readonly #calls = new Float64Array(SLOTS);
  readonly #bad = new Float64Array(SLOTS);
  /** Number of the newest slot since the beginning of the clock. */
  #newest = 0;

  constructor(lengthMs: number, nowMs: number) {
    this.#slotMs = lengthMs / SLOTS;
    this.#newest = Math.floor(nowMs / this.#slotMs);
  }

  /** Monotonic instants only. */
  add(bad: boolean, nowMs: number): void {
    this.#turn(nowMs);
    const at = this.#newest % SLOTS;
    this.#calls[at]! += 1;
    if (bad) this.#bad[at]! += 1;
  }

  whole(nowMs: number): Share {
    return this.#sum(nowMs, SLOTS);
  }

  short(nowMs: number): Share {
    return this.#sum(nowMs, SHORT_SLOTS);
  }

  #sum(nowMs: number, slots: number): Share {
    this.#turn(nowMs);
    let calls = 0;
    let bad = 0;
    for (let back = 0; back < slots; back++) {
      const at = (this.#newest - back + SLOTS * slots) % SLOTS;
      calls += this.#calls[at]!;
      bad += this.#bad[at]!;
    }
    return { calls, bad };
  }

  /** Empties the slots that time has passed. */
  #turn(nowMs: number): void {
    const newest = Math.floor(nowMs / this.#slotMs);
    const passed = Math.min(SLOTS, newest - this.#newest);
    for (let step = 0; step < passed; step++) {
      const at = (newest - step) % SLOTS;
      this.#calls[at] = 0;
      this.#bad[at] = 0;
    }
    if (newest > this.#newest) this.#newest = newest;
  }
}
