/** The place that one call has at its endpoint, from the pick to the end of its reply. */
import type { Verdict } from '../kernel/index.ts';
import { observeLatency } from './balance.ts';
import type { EndpointRecord } from './endpoints.ts';

/** Who wants to know how a call ended: its pool. */
export interface Learner {
  learn(record: EndpointRecord, verdict: Verdict, nowMs: number): void;
}

export class Lease {
  readonly record: EndpointRecord;
  /** The pick ignored signs of illness (H3). */
  readonly panic: boolean;
  readonly #ticket: number;
  readonly #learner: Learner;
  #began: Verdict | undefined;
  #over = false;

  constructor(record: EndpointRecord, panic: boolean, ticket: number, learner: Learner) {
    this.record = record;
    this.panic = panic;
    this.#ticket = ticket;
    this.#learner = learner;
    record.inFlight++;
    record.requests++;
  }

  /**
   * A stream began. Its breaker and its latency are settled here: how long it goes on says nothing about its endpoint,
   * and a probe must not be out for minutes.
   */
  began(verdict: Verdict, latencyMs: number, nowMs: number): void {
    // Cancelled in the very moment in which it began: the end has already said everything.
    if (this.#over) return;
    this.#began = verdict;
    this.record.breaker.settle(this.#ticket, verdict, nowMs);
    observeLatency(this.record, latencyMs, nowMs);
  }

  /** The call has really ended. INVARIANT: exactly once. `latencyMs`: what it counts as; undefined when that is unknown. */
  end(verdict: Verdict, latencyMs: number | undefined, nowMs: number): void {
    const { record } = this;
    this.#over = true;
    record.inFlight--;
    if (this.#began === undefined) record.breaker.settle(this.#ticket, verdict, nowMs);
    else if (this.#began === 'success' && verdict === 'failure') record.breaker.blame(this.#ticket, nowMs);
    if (latencyMs !== undefined) observeLatency(record, latencyMs, nowMs);
    this.#learner.learn(record, verdict, nowMs);
    if (record.inFlight === 0) for (const run of record.whenIdle) run();
  }
}
