/** Which of the running instances somebody asks for: names, domains and operations are looked up in the snapshot. */
import {
  type InstanceEntry,
  type InstanceQuery,
  type Snapshot,
  type TargetEntry,
  type TargetKind,
  targetKey,
} from '../contract/index.ts';
import { knownNodes } from '../identity/index.ts';

/** What the snapshot declares, by name. */
export class Registry {
  readonly #targets: ReadonlyMap<string, TargetEntry>;
  readonly isWithin: (tenant: string, domain: string, ancestor: string) => boolean;

  constructor(snapshot: Pick<Snapshot, 'targets' | 'domains'>) {
    this.#targets = new Map(
      snapshot.targets.map((target) => [targetKey(target.tenant, target.kind, target.name), target]),
    );
    this.isWithin = knownNodes(snapshot, () => undefined).isWithin;
  }

  target(tenant: string, kind: TargetKind, name: string): TargetEntry | undefined {
    return this.#targets.get(targetKey(tenant, kind, name));
  }
}

export const matches = (instance: InstanceEntry, query: InstanceQuery, registry: Registry): boolean => {
  if (instance.tenant !== query.tenant) return false;
  if (query.kind !== undefined && instance.kind !== query.kind) return false;
  if (query.name !== undefined && instance.name !== query.name) return false;
  const labels = Object.entries(query.labels ?? {});
  if (!labels.every(([name, value]) => instance.labels[name] === value)) return false;
  if (query.operation === undefined && query.domain === undefined) return true;
  const target = registry.target(instance.tenant, instance.kind, instance.name);
  if (target === undefined) return false;
  const offers = query.operation === undefined || target.operations.some(({ name }) => name === query.operation);
  return offers && (query.domain === undefined || registry.isWithin(query.tenant, target.domain, query.domain));
};
