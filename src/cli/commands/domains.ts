/** Domains as a tree: whose hub serves which, how it is, and what it says that it can do. */
import type { DomainSums, NodeView, StoredResource, SumsView, TargetEntry } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import { EXIT, Failure } from '../failure.ts';

export interface DomainSeen {
  /** Levels above it that this node knows. */
  readonly depth: number;
  /** Hubs of the domain that joined here. */
  readonly hubs: readonly NodeView[];
  /** `kind/name` of what is in it. */
  readonly targets: readonly string[];
  /** The hub that exports it; empty: it was declared here. */
  readonly exportedBy: string;
  /** Its calls of the last hour; null from a hub of an earlier version, which has no sums. */
  readonly hour: DomainSums | null;
}

type Described = Pick<TargetEntry, 'kind' | 'name' | 'domain'>;

export const domainsSeen = async (
  admin: Admin,
  items: readonly StoredResource[],
): Promise<ReadonlyMap<string, DomainSeen>> => {
  const [nodes, targets, sums] = await Promise.all([
    admin.get<{ items: NodeView[] }>('/v1/nodes'),
    admin.get<{ items: Described[] }>('/v1/targets'),
    sumsOf(admin),
  ]);
  const hours = new Map(sums.map((one) => [one.domain, one]));
  const parents = new Map(items.map(({ resource }) => [resource.metadata.name, parentOf(resource)]));
  return new Map(
    items.map(({ resource: { metadata } }) => [
      metadata.name,
      {
        depth: depthOf(metadata.name, parents),
        hubs: nodes.items.filter(({ node }) => node.role === 'domain' && node.domain === metadata.name),
        targets: targets.items
          .filter(({ domain }) => domain === metadata.name)
          .map(({ kind, name }) => `${kind}/${name}`),
        exportedBy: metadata.exportedBy ?? '',
        hour: hours.get(metadata.name) ?? null,
      },
    ]),
  );
};

const MINUTES = 60;

const sumsOf = async (admin: Admin): Promise<readonly DomainSums[]> => {
  try {
    return (await admin.get<SumsView>('/v1/sums', { minutes: MINUTES })).items;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.exit === EXIT.notFound) return [];
    throw thrown;
  }
};

/** Parents before what is below them, each family together. */
export const inTreeOrder = <T extends StoredResource>(rows: readonly T[]): readonly T[] => {
  const names = new Set(rows.map(({ resource }) => resource.metadata.name));
  const below = Map.groupBy(rows, ({ resource }) => {
    const parent = parentOf(resource);
    return names.has(parent) ? parent : '';
  });
  const seen = new Set<T>();
  const walk = (parent: string): readonly T[] =>
    (below.get(parent) ?? []).flatMap((row) => {
      if (seen.has(row)) return [];
      seen.add(row);
      return [row, ...walk(row.resource.metadata.name)];
    });
  const ordered = walk('');
  return [...ordered, ...rows.filter((row) => !seen.has(row))];
};

const MOST_LEVELS = 16;

const depthOf = (name: string, parents: ReadonlyMap<string, string>): number => {
  let depth = 0;
  for (let at = parents.get(name) ?? ''; parents.has(at) && depth < MOST_LEVELS; at = parents.get(at) ?? '') depth += 1;
  return depth;
};

const parentOf = (resource: StoredResource['resource']): string =>
  resource.kind === 'Domain' ? (resource.spec.parent ?? '') : '';
