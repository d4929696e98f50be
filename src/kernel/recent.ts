/**
 * What a node remembers without end would fill it. Two generations: when the young one is full, the old one is forgotten whole, and
 * what is used meanwhile becomes young again. Each step costs the same, where taking away the oldest entry of a large map does not:
 * it walks over the places of all that were taken away before.
 */
export class Recent<V> {
  readonly #half: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** At most `limit` entries are kept, and at least half as many of those used last. */
  constructor(limit: number) {
    this.#half = Math.ceil(limit / 2);
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
