/** Bounds how many calls are in the works per key, so that one slow target cannot take the whole node with it (L1). */
import type { Call } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { whenStopped } from './ended.ts';
import { invoke, type Layer } from './handler.ts';

/** Slots by key. Counts only; what a key means (tenant, target, endpoint) is up to the caller. */
export class Slots {
  readonly #taken = new Map<string, number>();

  /** O(1), and nothing is kept for a key without calls. */
  take(key: string, limit: number): boolean {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= limit) return false;
    this.#taken.set(key, taken + 1);
    return true;
  }

  free(key: string): void {
    const taken = this.#taken.get(key) ?? 0;
    if (taken <= 1) this.#taken.delete(key);
    else this.#taken.set(key, taken - 1);
  }

  taken(key: string): number {
    return this.#taken.get(key) ?? 0;
  }

  /** Keys with calls in the works. */
  get size(): number {
    return this.#taken.size;
  }
}

export interface BulkheadOptions {
  readonly slots: Slots;
  readonly keyOf: (call: Call) => string;
  readonly limitOf: (key: string, call: Call) => number;
}

/** Refuses with `overloaded` at once when the key is full. A slot is free again when the work really stopped (D5). */
export const bulkhead =
  ({ slots, keyOf, limitOf }: BulkheadOptions): Layer =>
  (next) =>
  (call, scope) => {
    const key = keyOf(call);
    if (!slots.take(key, limitOf(key, call))) return Promise.reject(full(key, scope.random()));
    return whenStopped(invoke(next, call, scope), scope.signal, () => slots.free(key));
  };

const full = (key: string, chance: number): Fault =>
  new Fault('overloaded', `\`${key}\` has as many calls in the works as it may; try again in a moment`, {
    retryAfterMs: Math.round(50 + 100 * chance),
  });
