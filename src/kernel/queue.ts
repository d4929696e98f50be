/** The short waiting line before a busy node: classes in order, first come first served inside one (L3, L4). */
import type { Priority } from '../contract/index.ts';

export interface Waiting {
  readonly priority: Priority;
  readonly sinceMs: number;
  /** Lets the call go on. */
  readonly admit: () => void;
  /** Turns the call away. */
  readonly drop: () => void;
}

/** Sets remember order and forget in O(1), which is all that a line needs. */
export class WaitingLine {
  readonly #classes: readonly [Set<Waiting>, Set<Waiting>, Set<Waiting>, Set<Waiting>] = [
    new Set(),
    new Set(),
    new Set(),
    new Set(),
  ];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: Waiting): void {
    this.#classes[entry.priority].add(entry);
    this.#size += 1;
  }

  remove(entry: Waiting): boolean {
    const removed = this.#classes[entry.priority].delete(entry);
    if (removed) this.#size -= 1;
    return removed;
  }

  /** The most urgent one that has waited longest. */
  take(): Waiting | undefined {
    for (const line of this.#classes) {
      for (const first of line) {
        this.remove(first);
        return first;
      }
    }
    return undefined;
  }

  /** The longest waiting one of the least urgent class, if that class is less urgent than `than`: who makes room. */
  takeLesser(than: Priority): Waiting | undefined {
    for (let priority = 3; priority > than; priority -= 1) {
      for (const first of this.#classes[priority as Priority]) {
        this.remove(first);
        return first;
      }
    }
    return undefined;
  }
}
