/** Versioned desired state in arrays: every version is kept with the revision that brought it and the one that ended it. */
import type { Change, Resource, ResourceId, ResourceStore, Revision, StoredResource } from '../../contract/index.ts';
import { idOf, resourceKey } from '../../contract/index.ts';
import { REFUSALS, refuseRepeats } from '../refusals.ts';

interface Version extends StoredResource {
  readonly key: string;
  /** Revision that replaced or deleted it; Infinity while it is current. */
  until: number;
}

export class MemoryResources implements ResourceStore {
  readonly #versions: Version[] = [];
  readonly #revisions: Revision[] = [];

  async commit(change: Change, atMs: number): Promise<Revision> {
    refuseRepeats(change);
    this.#check(change);
    const revision = this.#revisions.length + 1;
    for (const id of change.deletes) this.#end(resourceKey(id), revision);
    for (const resource of change.puts) this.#put(structuredClone(resource), revision);
    const entry: Revision = {
      revision,
      atMs,
      by: change.by,
      reason: change.reason,
      rollbackOf: change.rollbackOf ?? null,
      put: change.puts.map((resource) => resourceKey(idOf(resource))),
      deleted: change.deletes.map(resourceKey),
    };
    this.#revisions.push(entry);
    return structuredClone(entry);
  }

  async list(revision = this.#revisions.length): ReturnType<ResourceStore['list']> {
    const newest = this.#revisions.length;
    if (!Number.isInteger(revision) || revision < 0 || revision > newest)
      throw REFUSALS.unknownRevision(revision, newest);
    const live = this.#versions.filter((version) => version.revision <= revision && revision < version.until);
    live.sort((a, b) => (a.key < b.key ? -1 : 1));
    return { revision, resources: live.map(stored) };
  }

  async history(limit: number, key?: string): Promise<readonly Revision[]> {
    const touching = this.#revisions.filter(
      ({ put, deleted }) => key === undefined || put.includes(key) || deleted.includes(key),
    );
    return structuredClone(touching.reverse().slice(0, limit));
  }

  async version(id: ResourceId, version: number): Promise<StoredResource | undefined> {
    const key = resourceKey(id);
    const found = this.#versions.find((candidate) => candidate.key === key && candidate.version === version);
    return found === undefined ? undefined : stored(found);
  }

  #check(change: Change): void {
    const newest = this.#revisions.length;
    if (change.ifRevision !== undefined && change.ifRevision !== newest)
      throw REFUSALS.staleRevision(change.ifRevision, newest);
    for (const [key, expected] of Object.entries(change.ifVersions ?? {})) {
      const actual = this.#current(key)?.version ?? 0;
      if (actual !== expected) throw REFUSALS.staleVersion(key, expected, actual);
    }
    for (const id of change.deletes) {
      if (this.#current(resourceKey(id)) === undefined) throw REFUSALS.unknownResource(resourceKey(id));
    }
  }

  #current(key: string): Version | undefined {
    return this.#versions.find((version) => version.key === key && version.until === Number.POSITIVE_INFINITY);
  }

  #end(key: string, revision: number): void {
    const current = this.#current(key);
    if (current !== undefined) current.until = revision;
  }

  /** Versions go on counting after a deletion, so that a number never means two things. */
  #put(resource: Resource, revision: number): void {
    const key = resourceKey(idOf(resource));
    this.#end(key, revision);
    const version = this.#versions.filter((earlier) => earlier.key === key).length + 1;
    this.#versions.push({ key, resource, version, revision, until: Number.POSITIVE_INFINITY });
  }
}

const stored = ({ resource, version, revision }: Version): StoredResource => ({
  resource: structuredClone(resource),
  version,
  revision,
});
