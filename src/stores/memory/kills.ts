/** Orders to stop in a map. */
import type { KillOrder, KillStore } from '../../contract/index.ts';
import { REFUSALS } from '../refusals.ts';

export class MemoryKills implements KillStore {
  readonly #orders = new Map<string, KillOrder>();

  async put(order: KillOrder): Promise<void> {
    if (this.#orders.has(order.id)) throw REFUSALS.sameOrder(order.id);
    this.#orders.set(order.id, structuredClone(order));
  }

  async lift(tenant: string, id: string): Promise<boolean> {
    return this.#orders.get(id)?.tenant === tenant && this.#orders.delete(id);
  }

  async list(tenant: string | null): Promise<readonly KillOrder[]> {
    const orders = [...this.#orders.values()].filter((order) => tenant === null || order.tenant === tenant);
    return structuredClone(orders.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1)));
  }
}
