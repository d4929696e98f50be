/** Finished calls that wait for their upload. Bounded: telemetry may be lost, memory may not. */
import type { CallEvent, EventBatch } from '../contract/index.ts';
import { MAX_BATCH } from './reports.ts';

const MOST_EVENTS = 10_000;

export class Spool {
  /** Of this run of the node. */
  readonly epoch: string;
  readonly #limit: number;
  #waiting: CallEvent[] = [];
  #batch: EventBatch | undefined;
  #seq = 0;
  #lost = 0;

  /** `epoch`: random, so that batches of two runs are never taken for each other. */
  constructor(epoch: string, limit: number = MOST_EVENTS) {
    this.epoch = epoch;
    this.#limit = limit;
  }

  /** Events dropped since the start, because the hub was away for too long or refused them. */
  get lost(): number {
    return this.#lost;
  }

  get isEmpty(): boolean {
    return this.#batch === undefined && this.#waiting.length === 0;
  }

  get hasFullBatch(): boolean {
    return this.#waiting.length >= MAX_BATCH;
  }

  /** Drops the oldest when full. */
  add(event: CallEvent): void {
    this.#waiting.push(event);
    // Cutting in steps keeps a full spool cheap: one splice per hundred events instead of one shift per event.
    if (this.#waiting.length >= this.#limit + 100) this.#lost += this.#waiting.splice(0, 100).length;
  }

  /** The batch to send now. INVARIANT: the same one, with the same number and events, until it is settled. */
  next(): EventBatch | undefined {
    if (this.#batch === undefined && this.#waiting.length > 0) {
      this.#batch = { epoch: this.epoch, seq: ++this.#seq, events: this.#waiting.splice(0, MAX_BATCH) };
    }
    return this.#batch;
  }

  /** The hub has it. */
  stored(): void {
    this.#batch = undefined;
  }

  /** The hub will never take it. */
  refused(): void {
    this.#lost += this.#batch?.events.length ?? 0;
    this.#batch = undefined;
  }
}
