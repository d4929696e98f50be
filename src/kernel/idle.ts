/** Ends a stream that has gone quiet: a half-open connection would otherwise hold its call until the deadline (D2). */
import type { Clock, Timer } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';

export interface IdleOptions {
  readonly clock: Clock;
  /** Longest silence while the reader waits. Default 30 s (D2). The reader's own slowness does not count. */
  readonly idleMs?: number;
  /** Is this chunk data? Default: it has bytes. A protocol with heartbeats passes a stricter test. */
  readonly isData?: (chunk: Uint8Array) => boolean;
}

const hasBytes = (chunk: Uint8Array): boolean => chunk.byteLength > 0;

/** The same chunks; rejects with `upstream_broken` and closes the source after `idleMs` of waiting without data. */
export const endWhenIdle = (
  chunks: AsyncIterable<Uint8Array>,
  { clock, idleMs = 30_000, isData = hasBytes }: IdleOptions,
): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => new IdleIterator(chunks[Symbol.asyncIterator](), clock, idleMs, isData),
});

class IdleIterator implements AsyncIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #isData: (chunk: Uint8Array) => boolean;
  /** One timer for the whole stream: it looks how long it was quiet and sets itself again, so that a chunk costs none. */
  #timer: Timer | undefined;
  #quietMs = 0;
  #pulledAtMs = 0;
  #giveUp: ((fault: Fault) => void) | undefined;

  constructor(source: AsyncIterator<Uint8Array>, clock: Clock, idleMs: number, isData: (chunk: Uint8Array) => boolean) {
    this.#source = source;
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#isData = isData;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#pulledAtMs = this.#clock.nowMs();
    this.#timer ??= this.#clock.after(this.#idleMs - this.#quietMs, this.#look);
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#source.next().then(
        (result) => {
          this.#giveUp = undefined;
          if (result.done === true) this.#stop();
          else if (this.#isData(result.value)) this.#quietMs = 0;
          else this.#quietMs += this.#clock.nowMs() - this.#pulledAtMs;
          resolve(result.done === true ? { done: true, value: undefined } : result);
        },
        (thrown) => {
          this.#giveUp = undefined;
          this.#stop();
          reject(thrown);
        },
      );
    });
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#stop();
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    // Nobody waits for a chunk: the next pull sets the timer again.
    if (this.#giveUp === undefined) return;
    const leftMs = this.#idleMs - this.#quietMs - (this.#clock.nowMs() - this.#pulledAtMs);
    if (leftMs > 0) {
      this.#timer = this.#clock.after(leftMs, this.#look);
      return;
    }
    this.#giveUp(
      new Fault('upstream_broken', `the target sent nothing for ${this.#idleMs} ms in the middle of its reply`),
    );
    this.#giveUp = undefined;
    this.#source.return?.().then(undefined, () => {});
  };

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
