/** Streams that only follow what changes, counted: each keeps a connection, and often one at a server, for as long as its client likes. */
import type { Principal } from '../../contract/index.ts';
import { REFUSED, Refusal } from './message.ts';
import { ownerOf } from './seal.ts';

const MOST = 5_000;
const MOST_OF_ONE = 100;

export class Streams {
  readonly #byOwner = new Map<string, number>();
  #all = 0;

  /** Throws Refusal 429. What it answers gives the place back. */
  enter(principal: Principal): () => void {
    const owner = ownerOf(principal);
    const theirs = this.#byOwner.get(owner) ?? 0;
    if (theirs >= MOST_OF_ONE)
      throw full(`you follow ${MOST_OF_ONE} streams here already; close some, or ask for several things on one`);
    if (this.#all >= MOST) throw full('too many streams are followed here; come back later');
    this.#byOwner.set(owner, theirs + 1);
    this.#all++;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#all--;
      const left = this.#byOwner.get(owner)! - 1;
      if (left === 0) this.#byOwner.delete(owner);
      else this.#byOwner.set(owner, left);
    };
  }
}

const full = (message: string): Refusal => new Refusal(429, { code: REFUSED, message });
