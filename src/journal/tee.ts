/** Streams on their way through the record: passed on at once, and kept up to the limit. */
import { KEEP_LIMIT } from './keep.ts';

type Seen = (chunk: Uint8Array) => void | Promise<void>;

/** Keeps a copy of a stream while it passes, up to the limit. */
export class Tee {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #seen: Seen;
  readonly #limit: number;
  #chunks: Uint8Array[] | null = [];
  #size = 0;

  constructor(source: AsyncIterable<Uint8Array>, seen: Seen = () => {}, limit = KEEP_LIMIT) {
    this.#source = source;
    this.#seen = seen;
    this.#limit = limit;
  }

  async *pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#size += chunk.byteLength;
      if (this.#size > this.#limit) this.#chunks = null;
      this.#chunks?.push(chunk);
      await this.#seen(chunk);
      yield chunk;
    }
  }

  kept(): Uint8Array | null {
    return this.#chunks === null ? null : Buffer.concat(this.#chunks);
  }
}
