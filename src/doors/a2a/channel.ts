/** Events on their way from one task to one reader, who may be slow: bounded, in order, and of nobody else's concern. */
import { Fault } from '../../contract/index.ts';

/** What waits for a reader who takes nothing; then it is cut off and may subscribe again. */
const MOST_WAITING = 2_000;

export class Channel<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly fault: Fault | undefined } | undefined;
  readonly #onLeft: (() => void)[] = [];

  /** Its reader is gone, or it was closed. */
  whenLeft(left: () => void): void {
    if (this.#end !== undefined) left();
    else this.#onLeft.push(left);
  }

  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  push(value: T): void {
    if (this.#end !== undefined) return;
    if (this.#waiting.length < MOST_WAITING) {
      this.#waiting.push(value);
      this.#wake?.();
    } else this.close(new Fault('slow_consumer', 'the reader was too slow for this task; subscribe again'));
  }

  /** What waits is still read. */
  close(fault?: Fault): void {
    if (this.#end !== undefined) return;
    this.#end = { fault };
    this.#wake?.();
    this.#left();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        while (this.#waiting.length > 0) yield this.#waiting.shift()!;
        if (this.#end !== undefined) {
          if (this.#end.fault !== undefined) throw this.#end.fault;
          return;
        }
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
    } finally {
      this.#end ??= { fault: undefined };
      this.#left();
    }
  }

  #left(): void {
    for (const left of this.#onLeft.splice(0)) left();
  }
}
