/** What comes from several sides, in one order, for one reader. Bounded: a reader that falls behind hears so. */
import { Fault } from '../../contract/index.ts';

const MOST_WAITING = 1_000;

export class Queue<T> {
  readonly #waiting: T[] = [];
  #end: { readonly fault?: Fault } | undefined;
  #wake: () => void = () => {};

  push(value: T): void {
    if (this.#end !== undefined) return;
    if (this.#waiting.length >= MOST_WAITING) this.end(new Fault('slow_consumer', 'too much waits to be read'));
    else this.#waiting.push(value);
    this.#wake();
  }

  /** What waits is still read. */
  end(fault?: Fault): void {
    this.#end ??= fault === undefined ? {} : { fault };
    this.#wake();
  }

  /** Throws the fault that it ended with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#end?.fault !== undefined) throw this.#end.fault;
      if (this.#end !== undefined) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
