/** Holds what one stream brought against what its script says: every chunk, once, in order, then the end. */
import { heardIn, type Script } from './script.ts';

export interface Faults {
  /** Chunks that never came. */
  readonly lost: number;
  /** Chunks that came a second time. */
  readonly doubled: number;
  /** Chunks that came after a later one. */
  readonly reordered: number;
  /** Events that the upstream did not write. */
  readonly strange: number;
  /** Without the end that its script has. */
  readonly unended: boolean;
}

export class StreamCheck {
  readonly #script: Script;
  readonly #seen: Uint8Array;
  #latest = -1;
  #doubled = 0;
  #reordered = 0;
  #strange = 0;
  #ends = 0;

  constructor(script: Script) {
    this.#script = script;
    this.#seen = new Uint8Array(script.chunks);
  }

  /** When the chunk was made; undefined for everything that is no chunk. */
  heard(text: string): number | undefined {
    const heard = heardIn(text);
    if (heard.kind === 'strange') this.#strange += 1;
    if (heard.kind === 'stop' || heard.kind === 'done') this.#ends += 1;
    if (heard.kind !== 'chunk') return undefined;
    this.#number(heard.n);
    return heard.atUs;
  }

  get faults(): Faults {
    return {
      lost: this.#seen.reduce((lost, times) => lost + (times === 0 ? 1 : 0), 0),
      doubled: this.#doubled,
      reordered: this.#reordered,
      strange: this.#strange,
      unended: this.#ends !== 2,
    };
  }

  #number(n: number): void {
    if (n >= this.#script.chunks || this.#ends > 0) {
      this.#strange += 1;
      return;
    }
    if (this.#seen[n] === 1) this.#doubled += 1;
    else if (n < this.#latest) this.#reordered += 1;
    this.#seen[n] = 1;
    this.#latest = Math.max(this.#latest, n);
  }
}
