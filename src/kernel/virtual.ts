/** A world whose time only moves when told to: the same seed gives the same history, in tests and in simulation. */
import type { Clock, Ids, Timer } from '../contract/index.ts';
import { seeded } from './prng.ts';
import type { World } from './scope.ts';

interface Event extends Timer {
  readonly atMs: number;
  /** Seeded: events of one instant come in an order that no code may rely on, and that a seed repeats. */
  readonly tie: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** The epoch of virtual wall time. Any fixed instant would do. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export class VirtualWorld implements World {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: () => number;
  /** Added to the wall clock; nothing that runs on monotonic time may notice a change. */
  wallSkewMs = 0;
  readonly #events = new EventHeap();
  readonly #tie: () => number;
  #nowMs = 0;
  #order = 0;
  #pending = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
    this.#tie = seeded(seed ^ 0x5bd1_e995);
    // Counted, not drawn: as good for telling things apart, and a simulation makes many.
    const prefix = hex(seed >>> 0, 8);
    let count = 0;
    const id = (digits: number) => (): string => prefix + hex(++count, digits - 8);
    this.ids = { traceId: id(32), spanId: id(16), callId: id(32) };
    this.clock = {
      nowMs: () => this.#nowMs,
      wallMs: () => EPOCH_MS + this.#nowMs + this.wallSkewMs,
      after: (delayMs, run) => this.#after(delayMs, run),
    };
  }

  /** Timers that still wait. Zero at the end of a history, or something leaks. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Lets time pass: runs event after event, and between two of them everything that promises still have to say.
   * Stops when nothing is left, or at `untilMs`, where the clock then stands. Rejects with what an event throws.
   */
  async run(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    await quiet();
    for (let event = this.#events.peek(); event !== undefined && event.atMs <= untilMs; event = this.#events.peek()) {
      this.#events.pop();
      const { run } = event;
      if (run === undefined) continue;
      event.cancel();
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      run();
      await quiet();
    }
    if (Number.isFinite(untilMs)) this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #after(delayMs: number, run: () => void): Timer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer needs a finite delay, not ${delayMs}`);
    const event: Event = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      tie: this.#tie(),
      order: this.#order++,
      run,
      cancel: () => {
        if (event.run === undefined) return;
        event.run = undefined;
        this.#pending -= 1;
      },
    };
    this.#pending += 1;
    this.#events.push(event);
    return event;
  }
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * Everything that promises have to say is said when the event loop turns: the microtask queue is empty by then, however
 * long its chains. Counting turns of `await` instead would be as deterministic, but slower (21 turns cost the same) and
 * would let a long chain slip behind the next event. No real time enters: what runs, and in which order, is unchanged.
 */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const earlier = (a: Event, b: Event): boolean =>
  a.atMs !== b.atMs ? a.atMs < b.atMs : a.tie !== b.tie ? a.tie < b.tie : a.order < b.order;

/** A binary heap. Cancelled events stay until their time comes, and then run nothing. */
class EventHeap {
  readonly #events: Event[] = [];

  peek(): Event | undefined {
    return this.#events[0];
  }

  push(event: Event): void {
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!earlier(event, events[parent]!)) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
  }

  pop(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && earlier(events[child + 1]!, events[child]!)) child += 1;
      if (!earlier(events[child]!, last)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = last;
  }
}
