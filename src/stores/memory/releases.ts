/** Releases of policy in a map. */
import type { ReleaseRecord, ReleaseStore } from '../../contract/index.ts';
import { IN_FORCE } from '../identity.ts';
import { REFUSALS } from '../refusals.ts';

export class MemoryReleases implements ReleaseStore {
  /** In order of their last change. */
  readonly #records = new Map<string, ReleaseRecord>();

  async put(record: ReleaseRecord): Promise<void> {
    const key = JSON.stringify([record.tenant, record.id]);
    const actual = this.#records.get(key)?.version ?? 0;
    if (actual !== record.version - 1) throw REFUSALS.staleRelease(record.id, record.version - 1, actual);
    this.#records.delete(key);
    this.#records.set(key, structuredClone(record));
  }

  async get(tenant: string, id: string): Promise<ReleaseRecord | undefined> {
    return structuredClone(this.#records.get(JSON.stringify([tenant, id])));
  }

  async list(tenant: string | null, limit: number): Promise<readonly ReleaseRecord[]> {
    const found = [...this.#records.values()].filter((record) => tenant === null || record.tenant === tenant);
    return structuredClone(found.reverse().slice(0, limit));
  }

  async inForce(): Promise<readonly ReleaseRecord[]> {
    return structuredClone([...this.#records.values()].filter(({ state }) => IN_FORCE.includes(state)));
  }
}
