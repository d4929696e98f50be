/** Incidents in a map. */
import { type Incident, type IncidentFilter, type IncidentStore, isFinished } from '../../contract/index.ts';

export class MemoryIncidents implements IncidentStore {
  readonly #incidents = new Map<string, Incident>();

  async put(incident: Incident): Promise<void> {
    this.#incidents.set(incident.id, structuredClone(incident));
  }

  async list({ tenant, isOpen, limit }: IncidentFilter): Promise<readonly Incident[]> {
    const found = [...this.#incidents.values()]
      .filter((one) => one.tenant === tenant && (!isOpen || one.endedAtMs === null))
      .sort((a, b) => b.openedAtMs - a.openedAtMs || (a.id < b.id ? 1 : -1));
    return structuredClone(found.slice(0, limit));
  }

  async named(tenant: string, beginning: string): Promise<readonly Incident[]> {
    const found = [...this.#incidents.values()].filter((one) => one.tenant === tenant && one.id.startsWith(beginning));
    return structuredClone(found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, 2));
  }

  async unfinished(node: string): Promise<readonly Incident[]> {
    const found = [...this.#incidents.values()].filter((one) => one.node === node && !isFinished(one));
    return structuredClone(found.sort((a, b) => a.openedAtMs - b.openedAtMs || (a.id < b.id ? -1 : 1)));
  }

  async prune(beforeMs: number): Promise<number> {
    const old = [...this.#incidents.values()].filter(({ endedAtMs }) => endedAtMs !== null && endedAtMs < beforeMs);
    for (const { id } of old) this.#incidents.delete(id);
    return old.length;
  }
}
