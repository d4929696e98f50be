/** Turns calls away while it is still cheap, the least urgent first, so that a busy node stays useful (L3, L4, L6). */
import type { Call, Priority, Reply, Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { whenStopped } from './ended.ts';
import { type Handler, invoke, type Layer } from './handler.ts';
import { WaitingLine } from './queue.ts';
import { notSent } from './scope.ts';

/** How bad it is: 0 fine, 1 sheds class 3, 2 sheds classes 2 and 3, 3 leaves only class 0. */
export type OverloadLevel = 0 | 1 | 2 | 3;

export interface ShedOptions {
  /** Calls in the works at once. Class 0 alone may use the last 5 % (L4), and is never turned away. */
  readonly limit: number;
  /** From route or policy, never the caller's own word (L4). */
  readonly priorityOf: (call: Call) => Priority;
  /** Reads the signals of L5: event-loop delay, store latency, heap. Asked once per call, so it must be cheap. Default: 0. */
  readonly level?: () => OverloadLevel;
  /** Longest wait, and how much work may wait. Default 100 ms (L3). */
  readonly queueMs?: number;
}

/** L4. */
const RESERVED_SHARE = 0.05;
/** L3: a wait above 50 ms that lasts 500 ms is a standing queue; it only adds delay, so it is dropped. */
const SOJOURN_MS = 50;
const STANDING_MS = 500;
/** Weight of the newest call in the moving average of how long one takes. */
const NEWEST_WEIGHT = 0.05;

/** Who is in the works and who waits. One per node, shared by the pipelines of all snapshots. */
export class Gate {
  readonly #options: ShedOptions;
  readonly #line = new WaitingLine();
  readonly #open: number;
  readonly #queueMs: number;
  #running = 0;
  #workMs = 1;
  #slowSinceMs: number | undefined;

  constructor(options: ShedOptions) {
    this.#options = options;
    this.#open = Math.max(1, options.limit - Math.ceil(options.limit * RESERVED_SHARE));
    this.#queueMs = options.queueMs ?? 100;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Undefined when the call may start at once; a promise when it has to wait. Throws `overloaded`. */
  enter(call: Call, scope: Scope): Promise<void> | undefined {
    const priority = this.#options.priorityOf(call);
    const level = this.#options.level?.() ?? 0;
    if (priority > 3 - level) throw busy(scope, level);
    if (priority === 0 || (this.#running < this.#open && this.#line.size === 0)) {
      this.#running += 1;
      if (this.#line.size === 0) this.#slowSinceMs = undefined;
      return undefined;
    }
    if (this.#line.size >= this.#longest() && !this.#makeRoom(priority)) throw busy(scope, level);
    return this.#wait(priority, call, scope);
  }

  leave(tookMs: number, nowMs: number): void {
    this.#running -= 1;
    this.#workMs += NEWEST_WEIGHT * (tookMs - this.#workMs);
    while (this.#running < this.#open) {
      const entry = this.#line.take();
      if (entry === undefined) return;
      if (this.#standing(nowMs - entry.sinceMs, nowMs)) {
        entry.drop();
        continue;
      }
      this.#running += 1;
      entry.admit();
    }
  }

  /** L3: as many as the node finishes in `queueMs`, and never more than twice the limit. */
  #longest(): number {
    const finished = (this.#queueMs * this.#options.limit) / Math.max(1, this.#workMs);
    return Math.min(2 * this.#options.limit, Math.ceil(finished));
  }

  #makeRoom(priority: Priority): boolean {
    const lesser = this.#line.takeLesser(priority);
    lesser?.drop();
    return lesser !== undefined;
  }

  #standing(waitedMs: number, nowMs: number): boolean {
    if (waitedMs <= SOJOURN_MS) {
      this.#slowSinceMs = undefined;
      return false;
    }
    this.#slowSinceMs ??= nowMs;
    return nowMs - this.#slowSinceMs >= STANDING_MS;
  }

  /** INVARIANT: a waiting call leaves the line exactly once: admitted, dropped, out of time, or cancelled. */
  #wait(priority: Priority, call: Call, scope: Scope): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (fault: Fault | undefined): void => {
        this.#line.remove(entry);
        timer.cancel();
        forget();
        if (fault === undefined) resolve();
        else reject(fault);
      };
      const entry = {
        priority,
        sinceMs: scope.clock.nowMs(),
        admit: () => settle(undefined),
        drop: () => settle(busy(scope, 1)),
      };
      let forget = (): void => {};
      // A caller with less time than the queue is an expired entry: it must not reach the work (L3).
      const expires = (call.timeoutMs ?? Number.POSITIVE_INFINITY) < this.#queueMs;
      const timer = scope.clock.after(Math.min(this.#queueMs, call.timeoutMs ?? this.#queueMs), () =>
        settle(expires ? new Fault('expired', 'the deadline passed while the call waited its turn') : busy(scope, 1)),
      );
      this.#line.add(entry);
      forget = scope.signal.onCancel((reason) => settle(notSent(reason)));
    });
  }
}

/** A rejected call costs two comparisons and a Fault without a stack: no store, no timer, no promise chain (L6). */
export const shed =
  (gate: Gate): Layer =>
  (next) =>
  (call, scope) => {
    let turn: Promise<void> | undefined;
    try {
      turn = gate.enter(call, scope);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    return turn === undefined ? work(gate, next, call, scope) : turn.then(() => work(gate, next, call, scope));
  };

const work = (gate: Gate, next: Handler, call: Call, scope: Scope): Promise<Reply> => {
  const startMs = scope.clock.nowMs();
  return whenStopped(invoke(next, call, scope), scope.signal, () => {
    const nowMs = scope.clock.nowMs();
    gate.leave(nowMs - startMs, nowMs);
  });
};

/** L6: jittered, or everybody comes back at once. */
const busy = (scope: Scope, level: OverloadLevel): Fault =>
  new Fault('overloaded', 'this node has more work than it can do; try again later', {
    retryAfterMs: Math.round(Math.max(1, level) * (500 + 1000 * scope.random())),
  });
