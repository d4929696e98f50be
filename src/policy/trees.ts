/** Which call trees came by this node and what each began in: while a release is on trial, a tree keeps its arm. */
import { Generation } from './generation.ts';

/** Of one generation. Two of them are 3 MB, and 5,000 new trees a second are remembered for 10 s at least. */
const MOST_TREES = 50_000;

/**
 * A tree is a trace: agents that call on begin a new root but pass `traceparent` on. Of one tenant, so that no tenant can say
 * anything about another's.
 *
 * INVARIANT: what was first said about a tree stays, however the percentage rises. It is always kept, also while nothing is on
 * trial: a tree that began before a trial must be known when the trial begins.
 *
 * Two generations instead of a clock: what was touched last goes last, and nobody has to sweep. Numbers instead of strings: every
 * call pays for this, and a map of strings costs it four times as much.
 */
export class Trees {
  readonly #most: number;
  #young: Generation;
  #old: Generation;
  /** Names of trials by number, 1 for none: there are few, and generations keep numbers. */
  readonly #names: string[] = ['', ''];
  readonly #numbers = new Map<string, number>([['', 1]]);
  /** The tree that is looked for, as two numbers. */
  #high = 0;
  #low = 0;

  constructor(most = MOST_TREES) {
    this.#most = most;
    this.#young = new Generation(most);
    this.#old = new Generation(most);
  }

  /** The trial whose canary the tree began in, empty for none, undefined for a tree that never came by. */
  arm(tenant: string, trace: string): string | undefined {
    const number = this.#find(tenant, trace);
    return number === 0 ? undefined : this.#names[number];
  }

  /** The same, after the first word about a tree that never came by. */
  begin(tenant: string, trace: string, trial: string): string {
    const number = this.#find(tenant, trace);
    if (number !== 0) return this.#names[number]!;
    this.#keep(this.#numberOf(trial));
    return trial;
  }

  #find(tenant: string, trace: string): number {
    this.#hash(tenant, trace);
    const young = this.#young.get(this.#high, this.#low);
    if (young !== 0) return young;
    const old = this.#old.get(this.#high, this.#low);
    if (old !== 0) this.#keep(old);
    return old;
  }

  #keep(number: number): void {
    if (this.#young.size >= this.#most) {
      const oldest = this.#old;
      this.#old = this.#young;
      this.#young = oldest;
      oldest.clear();
    }
    this.#young.put(this.#high, this.#low, number);
  }

  #numberOf(trial: string): number {
    const known = this.#numbers.get(trial);
    if (known !== undefined) return known;
    const number = this.#names.push(trial) - 1;
    this.#numbers.set(trial, number);
    return number;
  }

  /**
   * FNV-1a of each half. Whoever makes two trees collide gets one arm for both, and in another tenant the name of no trial there.
   */
  #hash(tenant: string, trace: string): void {
    let high = 0x811c9dc5;
    let low = 0x01234567;
    for (let at = 0; at < tenant.length; at++) high = Math.imul(high ^ tenant.charCodeAt(at), 0x01000193);
    const half = trace.length >> 1;
    for (let at = 0; at < half; at++) high = Math.imul(high ^ trace.charCodeAt(at), 0x01000193);
    for (let at = half; at < trace.length; at++) low = Math.imul(low ^ trace.charCodeAt(at), 0x01000193);
    this.#low = low;
    // The slot is made of the low digits of this one, and a trace may be counted instead of drawn.
    high ^= low;
    this.#high = high ^ (high >>> 15);
  }
}
