/** What was worked out of a configuration, kept while it is the same one: pages ask every few seconds, and compiling takes a large one tenths. */
import type { StoredResource } from '../../contract/index.ts';

/** Beyond that it begins again, so that it cannot grow without end. */
const MOST = 200;

export class Remembered<T> {
  readonly #kept = new Map<string, { readonly of: string; readonly value: Promise<T> }>();

  /** `name`: what of it is asked for. `seq`: of the snapshot that is published; 0: none yet. */
  of(name: string, stored: readonly StoredResource[], seq: number, work: () => Promise<T>): Promise<T> {
    const of = `${seq} ${stored.length} ${stored.reduce((newest, { revision }) => Math.max(newest, revision), 0)}`;
    const kept = this.#kept.get(name);
    if (kept?.of === of) return kept.value;
    if (this.#kept.size >= MOST) this.#kept.clear();
    const value = work();
    this.#kept.set(name, { of, value });
    // What failed is tried again.
    value.catch(() => this.#kept.get(name)?.value === value && this.#kept.delete(name));
    return value;
  }
}
