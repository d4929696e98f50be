/** How many calls of one principal to one operation are in the works at once, on this node. */
import type { ConcurrencyLimit } from '../contract/index.ts';
import { type Charged, holderOf } from './rate.ts';

/** Lives as long as the node: a new snapshot ends no call, and so frees no place. */
export class Places {
  readonly #taken = new Map<string, number>();

  get size(): number {
    return this.#taken.size;
  }

  /** INVARIANT: nothing waits between this look and `take`, so no two calls share one place. */
  isFull({ count }: ConcurrencyLimit, call: Charged): boolean {
    return (this.#taken.get(holderOf(call)) ?? 0) >= count;
  }

  /** What it answers gives the place back, once. */
  take(call: Charged): () => void {
    const holder = holderOf(call);
    this.#taken.set(holder, (this.#taken.get(holder) ?? 0) + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = (this.#taken.get(holder) ?? 1) - 1;
      if (left > 0) this.#taken.set(holder, left);
      else this.#taken.delete(holder);
    };
  }
}

/** The fewest, under the first name by order where several ask for the same. */
export const fewest = (a: ConcurrencyLimit, b: ConcurrencyLimit): ConcurrencyLimit =>
  a.count < b.count || (a.count === b.count && a.rule <= b.rule) ? a : b;
