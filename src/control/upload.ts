/** Hands finished calls to the hub, batch by batch, for as long as a node lives. */
import type { CallEvent, CancelSignal, Clock, EventBatch, Fault } from '../contract/index.ts';
import { backoffMs, pause } from './backoff.ts';
import type { Spool } from './spool.ts';

export interface UploaderParts {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly random: () => number;
  /** Over when the node stops. */
  readonly closing: CancelSignal;
  readonly send: (batch: EventBatch) => Promise<unknown>;
  /** Hears what went wrong and answers it as a Fault. */
  readonly note: (thrown: unknown) => Fault;
}

/** Long enough to gather a batch, short enough that a trace is there when somebody looks. */
const GATHER_MS = 500;

export class Uploader {
  readonly #parts: UploaderParts;
  #running: Promise<void> | undefined;
  #failures = 0;

  constructor(parts: UploaderParts) {
    this.#parts = parts;
  }

  add(event: CallEvent): void {
    this.#parts.spool.add(event);
    this.#running ??= this.#run();
  }

  /** After closing: one last batch, once. Rejects with what the hub says. */
  async finish(): Promise<void> {
    await this.#running;
    const batch = this.#parts.spool.next();
    if (batch === undefined) return;
    await this.#parts.send(batch);
    this.#parts.spool.stored();
  }

  async #run(): Promise<void> {
    const { closing, spool, clock } = this.#parts;
    while (closing.reason === undefined && !spool.isEmpty) {
      await pause(clock, closing, this.#pauseMs());
      if (closing.reason === undefined) await this.#sendNext();
    }
    this.#running = undefined;
  }

  #pauseMs(): number {
    if (this.#failures > 0) return backoffMs(this.#failures, this.#parts.random);
    return this.#parts.spool.hasFullBatch ? 0 : GATHER_MS;
  }

  async #sendNext(): Promise<void> {
    const { spool, send, note } = this.#parts;
    const batch = spool.next();
    if (batch === undefined) return;
    try {
      await send(batch);
      spool.stored();
      this.#failures = 0;
    } catch (thrown) {
      // Only what the hub calls wrong can never succeed; everything else is worth another try with the same number.
      if (note(thrown).code === 'bad_request') spool.refused();
      else this.#failures += 1;
    }
  }
}
