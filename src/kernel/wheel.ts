/** A hashed timer wheel: one ticking source for any number of timers, each set and taken away in O(1). */
import type { Timer } from '../contract/index.ts';

class Entry implements Timer {
  dueTick: number;
  run: (() => void) | undefined;
  before: Entry;
  after: Entry;
  readonly #wheel: TimerWheel | undefined;

  constructor(wheel: TimerWheel | undefined, dueTick: number, run: (() => void) | undefined) {
    this.#wheel = wheel;
    this.dueTick = dueTick;
    this.run = run;
    this.before = this;
    this.after = this;
  }

  /** Safe at any time, also from the timer's own function, and twice. */
  cancel(): void {
    if (this.run === undefined) return;
    this.run = undefined;
    this.unlink();
    this.#wheel?.forget();
  }

  unlink(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
  }
}

/** Fires at the first tick at or after the due time: never early, at most one tick late plus what the event loop adds. */
export class TimerWheel {
  readonly #tickMs: number;
  /** One circular list per slot; its first entry is only the hook. */
  readonly #slots: readonly Entry[];
  #tick: number;
  #size = 0;

  constructor(nowMs: number, tickMs: number, slots = 512) {
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: slots }, () => new Entry(undefined, 0, undefined));
    this.#tick = Math.floor(nowMs / tickMs);
  }

  /** Timers that still wait. */
  get size(): number {
    return this.#size;
  }

  /** `delayMs` must be finite; less than nothing counts as nothing. */
  add(nowMs: number, delayMs: number, run: () => void): Timer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer needs a finite delay, not ${delayMs}`);
    // A wheel without timers does not tick, so it first catches up with the time it slept through.
    if (this.#size === 0) this.#tick = Math.max(this.#tick, Math.floor(nowMs / this.#tickMs));
    const dueTick = Math.max(this.#tick + 1, Math.ceil((nowMs + Math.max(0, delayMs)) / this.#tickMs));
    const entry = new Entry(this, dueTick, run);
    const hook = this.#slots[dueTick % this.#slots.length]!;
    entry.before = hook.before;
    entry.after = hook;
    hook.before.after = entry;
    hook.before = entry;
    this.#size += 1;
    return entry;
  }

  /** Called by a cancelled entry. */
  forget(): void {
    this.#size -= 1;
  }

  /** Runs what is due. A function that throws does not keep the others from running; the first error comes out at the end. */
  advance(nowMs: number): void {
    const target = Math.floor(nowMs / this.#tickMs);
    const errors: unknown[] = [];
    while (this.#tick < target && this.#size > 0) {
      this.#tick += 1;
      for (const run of this.#due()) {
        try {
          run();
        } catch (thrown) {
          errors.push(thrown);
        }
      }
    }
    if (this.#size === 0) this.#tick = Math.max(this.#tick, target);
    if (errors.length > 0) throw errors[0];
  }

  /** Lazily, so that a timer which an earlier one of the same tick cancels does not fire. */
  *#due(): Generator<() => void> {
    const hook = this.#slots[this.#tick % this.#slots.length]!;
    const due: Entry[] = [];
    for (let entry = hook.after; entry !== hook; entry = entry.after) {
      if (entry.dueTick <= this.#tick) due.push(entry);
    }
    for (const entry of due) {
      const { run } = entry;
      if (run === undefined) continue;
      entry.cancel();
      yield run;
    }
  }
}
