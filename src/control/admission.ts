/**
 * Who gets whole documents now, after an outage that all nodes had together: a few at a time, in the order in which they came, and
 * whoever would wait too long is told when to come again. Orders to stop need no turn.
 */
import { type Clock, Fault, type Timer } from '../contract/index.ts';

export interface AdmissionLimits {
  /** Nodes that are sent what they missed at once. Default 32: what is written to their sockets stays a few MiB of work. */
  readonly atOnce: number;
  /** Nodes that wait for it, with their streams open. Default 256. */
  readonly waiting: number;
  /** A turn ends by itself after this time: one that does not read must not stand in the way. Default 2 s. */
  readonly turnMs: number;
  /** When those who found no place may come again; each adds chance of its own. Default 5 s. */
  readonly retryAfterMs: number;
}

const LIMITS: AdmissionLimits = { atOnce: 32, waiting: 256, turnMs: 2_000, retryAfterMs: 5_000 };

export class Turn {
  isOpen = false;
  timer: Timer | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #end: (turn: Turn) => void;

  constructor(end: (turn: Turn) => void) {
    this.#end = end;
  }

  /** Calls back when it opens, until what it answers is called. */
  onOpen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  open(): void {
    this.isOpen = true;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Whether it had begun or not; may be called twice. */
  end(): void {
    this.#end(this);
  }
}

export class Admission {
  readonly #clock: Clock;
  readonly #limits: AdmissionLimits;
  readonly #running = new Set<Turn>();
  readonly #waiting = new Set<Turn>();

  constructor(clock: Clock, limits: Partial<AdmissionLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Throws `unavailable` with the time after which to come again. */
  request(): Turn {
    const { atOnce, waiting, retryAfterMs } = this.#limits;
    if (this.#running.size >= atOnce && this.#waiting.size >= waiting)
      throw new Fault('unavailable', `${waiting} nodes wait for what they missed already; come again later`, {
        retryAfterMs,
      });
    const turn = new Turn((one) => this.#end(one));
    this.#waiting.add(turn);
    this.#admit();
    return turn;
  }

  #admit(): void {
    for (const turn of this.#waiting) {
      if (this.#running.size >= this.#limits.atOnce) return;
      this.#waiting.delete(turn);
      this.#running.add(turn);
      // It goes on sending after that, and no longer counts.
      turn.timer = this.#clock.after(this.#limits.turnMs, () => this.#end(turn));
      turn.open();
    }
  }

  #end(turn: Turn): void {
    turn.timer?.cancel();
    this.#waiting.delete(turn);
    if (this.#running.delete(turn)) this.#admit();
  }
}
