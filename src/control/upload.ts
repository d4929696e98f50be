/** Hands what waits on a node to its hub, piece by piece, for as long as the node lives. */
import { type Clock, Fault } from '../contract/index.ts';
import { Canceller } from '../kernel/index.ts';
import { backoffMs, pause } from './backoff.ts';

/** Where the pieces come from. */
export interface Load {
  /** Undefined: nothing waits. */
  next(): Promise<Loaded | undefined>;
}

export interface Loaded {
  /** More waits already. */
  readonly isFull: boolean;
  /** Resolves when the hub has it and this is known here for good. */
  send(): Promise<void>;
}

export interface UploaderParts {
  readonly load: Load;
  readonly clock: Clock;
  readonly random: () => number;
  /** Over when the node stops. */
  readonly closing: Canceller;
  /** Hears what went wrong. */
  readonly note: (thrown: unknown) => Fault;
  /** Between two pieces, so that there is something in the second. Default 500 ms. */
  readonly gatherMs?: number;
}

/** Long enough to gather a batch, short enough that a trace is there when somebody looks. */
const GATHER_MS = 500;

export class Uploader {
  readonly #parts: UploaderParts;
  readonly #gatherMs: number;
  #running: Promise<void> | undefined;
  #isAsked = false;
  #failures = 0;
  #waiting: Canceller | undefined;

  constructor(parts: UploaderParts) {
    this.#parts = parts;
    this.#gatherMs = parts.gatherMs ?? GATHER_MS;
  }

  /** There may be something. */
  kick(): void {
    this.#isAsked = true;
    this.#running ??= this.#run();
  }

  /** The hub is there again: nobody waits for the next try. */
  wake(): void {
    this.#failures = 0;
    this.#waiting?.cancel(new Fault('cancelled', 'the hub is there again'));
  }

  /** After closing: one last piece, once. Rejects with what the hub says. */
  async finish(): Promise<void> {
    await this.#running;
    await (await this.#parts.load.next())?.send();
  }

  async #run(): Promise<void> {
    const { closing } = this.#parts;
    let delayMs = this.#gatherMs;
    while (closing.reason === undefined && this.#isAsked) {
      this.#isAsked = false;
      await this.#pause(delayMs);
      if (closing.reason === undefined) delayMs = await this.#sendNext();
    }
    this.#running = undefined;
  }

  /** Answers how long to wait before the next one. */
  async #sendNext(): Promise<number> {
    try {
      const loaded = await this.#parts.load.next();
      if (loaded === undefined) return this.#gatherMs;
      this.#isAsked = true;
      await loaded.send();
      this.#failures = 0;
      return loaded.isFull ? 0 : this.#gatherMs;
    } catch (thrown) {
      this.#parts.note(thrown);
      this.#isAsked = true;
      this.#failures += 1;
      return backoffMs(this.#failures, this.#parts.random);
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const waiting = Canceller.childOf(this.#parts.closing);
    this.#waiting = waiting;
    await pause(this.#parts.clock, waiting, delayMs);
    this.#waiting = undefined;
    waiting.release();
  }
}
