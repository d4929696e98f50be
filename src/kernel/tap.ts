/**
 * A stream that someone watches: it passes chunks through and tells once when it is over.
 * Written by hand and not as a generator, because a generator that was never started forgets its `finally`, and one
 * that waits for a chunk does not hear `return` until the chunk comes.
 */
import type { CancelSignal } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';

/**
 * What a cancelled scope means to the watcher.
 * `end`: over at once; the reader sees what the source does. `cut`: over at once, and the reader gets the reason even
 * if the source hangs. `stop`: over when the source has really stopped (D5).
 */
export type AtCancel = 'end' | 'cut' | 'stop';

type Result = IteratorResult<Uint8Array, undefined>;

const DONE: Result = { done: true, value: undefined };

export class Tap implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #atCancel: AtCancel;
  readonly #ended: (fault: Fault | undefined, bytes: number) => void;
  readonly #forget: () => void;
  #source: AsyncIterator<Uint8Array> | undefined;
  #bytes = 0;
  #pending = 0;
  #over = false;
  #cancelled: Fault | undefined;
  #cutPending: ((reason: Fault) => void) | undefined;

  constructor(
    chunks: AsyncIterable<Uint8Array>,
    signal: CancelSignal,
    atCancel: AtCancel,
    ended: (fault: Fault | undefined, bytes: number) => void,
  ) {
    this.#chunks = chunks;
    this.#atCancel = atCancel;
    this.#ended = ended;
    this.#forget = signal.onCancel((reason) => this.#cancel(reason));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#cancelled !== undefined && this.#atCancel !== 'end') return Promise.reject(this.#cancelled);
    this.#pending += 1;
    const pulled = this.#open().next().then(this.#received, this.#failed);
    return this.#atCancel === 'cut' ? this.#cuttable(pulled) : pulled;
  }

  /** The reader leaves: the source hears it at once, even while a chunk is on its way. A `cut` reader need not wait for it. */
  async return(): Promise<Result> {
    const fault = new Fault('cancelled', 'the reader closed the stream before its end');
    if (this.#atCancel !== 'stop') this.#close(fault);
    const stopped = this.#stopSource(fault);
    if (this.#atCancel !== 'cut') await stopped;
    return DONE;
  }

  #open(): AsyncIterator<Uint8Array> {
    this.#source ??= this.#chunks[Symbol.asyncIterator]();
    return this.#source;
  }

  readonly #received = (result: IteratorResult<Uint8Array>): Result => {
    this.#pending -= 1;
    if (result.done === true) {
      this.#close(undefined);
      return DONE;
    }
    this.#bytes += result.value.byteLength;
    if (this.#cancelled !== undefined && this.#atCancel === 'stop') void this.#stopSource(this.#cancelled);
    return result;
  };

  readonly #failed = (thrown: unknown): never => {
    this.#pending -= 1;
    const fault = Fault.from(thrown);
    this.#close(fault);
    throw fault;
  };

  #cuttable(pulled: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#cutPending = reject;
      pulled.then(resolve, reject);
    });
  }

  #cancel(reason: Fault): void {
    if (this.#over) return;
    this.#cancelled = reason;
    if (this.#atCancel === 'stop') {
      // A pending pull tells by itself when the source has let go.
      if (this.#pending === 0) void this.#stopSource(reason);
      return;
    }
    this.#close(reason);
    if (this.#atCancel !== 'cut') return;
    this.#cutPending?.(reason);
    void this.#stopSource(reason);
  }

  async #stopSource(fault: Fault): Promise<void> {
    try {
      await this.#open().return?.();
    } catch {
      // It is over either way; how the source feels about it concerns nobody any more.
    }
    this.#close(fault);
  }

  #close(fault: Fault | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#forget?.();
    this.#ended(fault, this.#bytes);
  }
}
