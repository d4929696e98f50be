/** Counts one window of load: which calls belong to it, how long they took, and what went wrong. */
import type { Head } from './framing.ts';
import { Histogram } from './histogram.ts';
import type { LoadResult } from './order.ts';

/** Histograms count tenths of a microsecond: exact below 25 us, good up to seven minutes. */
const UNITS_PER_MS = 10_000;
const UNITS_PER_US = 10;

/**
 * A call counts for throughput when its reply came inside the window, so that calls and CPU cover the same time;
 * it counts for latency when it was due inside the window, so that the slowest are not left out.
 */
export class Tally {
  readonly #latency = new Histogram();
  readonly #late = new Histogram();
  #openedMs = Number.POSITIVE_INFINITY;
  #closedMs = Number.POSITIVE_INFINITY;
  #calls = 0;
  #errors = 0;
  #firstError: string | null = null;

  open(nowMs: number): void {
    this.#openedMs = nowMs;
  }

  close(nowMs: number): void {
    this.#closedMs = nowMs;
  }

  replied(intendedMs: number, nowMs: number, head: Head): void {
    if (!head.startLine.startsWith('HTTP/1.1 2')) {
      this.broken(nowMs, `answered \`${head.startLine.slice(0, 80)}\``);
      return;
    }
    if (this.#covers(nowMs)) this.#calls += 1;
    if (this.#covers(intendedMs)) this.#latency.record((nowMs - intendedMs) * UNITS_PER_MS);
  }

  /** Errors before the window are told, not counted: a target that answers nothing must be able to say why. */
  broken(nowMs: number, reason: string): void {
    this.#firstError ??= reason;
    if (this.#covers(nowMs)) this.#errors += 1;
  }

  /** A call was sent, or put in line, this long after it was due. */
  late(intendedMs: number, nowMs: number): void {
    if (this.#covers(intendedMs)) this.#late.record((nowMs - intendedMs) * UNITS_PER_MS);
  }

  /** `unfinishedMs` are the due times of calls without a reply: they took at least until now. */
  result(nowMs: number, unfinishedMs: readonly number[]): Omit<LoadResult, 'cpu'> {
    const unfinished = unfinishedMs.filter((intendedMs) => this.#covers(intendedMs));
    for (const intendedMs of unfinished) this.#latency.record((nowMs - intendedMs) * UNITS_PER_MS);
    const us = (q: number): number => this.#latency.quantile(q) / UNITS_PER_US;
    return {
      calls: this.#calls,
      errors: this.#errors,
      firstError: this.#firstError,
      unfinished: unfinished.length,
      elapsedMs: this.#closedMs - this.#openedMs,
      latencyUs: { p50: us(0.5), p90: us(0.9), p99: us(0.99), p999: us(0.999), max: this.#latency.max / UNITS_PER_US },
      lateP99Us: this.#late.count === 0 ? null : this.#late.quantile(0.99) / UNITS_PER_US,
    };
  }

  #covers(timeMs: number): boolean {
    return timeMs >= this.#openedMs && timeMs < this.#closedMs;
  }
}
