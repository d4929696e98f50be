/** A reply body between a socket that pushes and a reader that pulls: bounded, so that nobody's slowness becomes our memory (S3). */
import { Fault } from '../../contract/index.ts';

export interface ChunkLimits {
  readonly pauseBytes: number;
  readonly cutBytes: number;
}

export interface ChunkSource {
  /** Unread bytes fell below half of `pauseBytes`: more is welcome. */
  resume(): void;
  /** The reader left before the end. */
  leave(): void;
}

interface Waiting {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void;
  readonly reject: (fault: Fault) => void;
}

const DONE: IteratorResult<Uint8Array> = { done: true, value: undefined };

export class Chunks implements AsyncIterableIterator<Uint8Array> {
  readonly #limits: ChunkLimits;
  readonly #source: ChunkSource;
  #queue: Uint8Array[] = [];
  #unread = 0;
  #paused = false;
  #waiting: Waiting | undefined;
  #ended: 'no' | 'well' | Fault = 'no';

  constructor(limits: ChunkLimits, source: ChunkSource) {
    this.#limits = limits;
    this.#source = source;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Answers what the sender must do. `cut`: more is unread than may be kept; the caller fails the stream. */
  push(chunk: Uint8Array): 'more' | 'pause' | 'cut' {
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve({ done: false, value: chunk });
      return 'more';
    }
    this.#queue.push(chunk);
    this.#unread += chunk.byteLength;
    if (this.#unread > this.#limits.cutBytes) return 'cut';
    this.#paused = this.#unread > this.#limits.pauseBytes;
    return this.#paused ? 'pause' : 'more';
  }

  /** What was pushed before is still read. */
  end(): void {
    if (this.#ended !== 'no') return;
    this.#ended = 'well';
    this.#waiting?.resolve(DONE);
    this.#waiting = undefined;
  }

  /** What was pushed before is still read, unless `drop`: then nobody wants it, or it is what there is too much of. */
  fail(fault: Fault, drop: boolean): void {
    if (this.#ended !== 'no') return;
    this.#ended = fault;
    if (drop) this.#queue = [];
    this.#waiting?.reject(fault);
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#queue.shift();
    if (chunk !== undefined) {
      this.#unread -= chunk.byteLength;
      if (this.#paused && this.#unread < this.#limits.pauseBytes / 2) {
        this.#paused = false;
        this.#source.resume();
      }
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#ended instanceof Fault) return Promise.reject(this.#ended);
    if (this.#ended === 'well') return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#queue = [];
    if (this.#ended === 'no') {
      this.#ended = 'well';
      this.#source.leave();
    }
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
