/**
 * What of a roster a node needs: whom it may be spoken to by, and whom it can call without a hub. Everything else is left out, because
 * a change that concerns few must not be sent to all.
 *
 * INVARIANT: `sidecarOutCandidates` finds in a view what it would find in the whole, up to the subset of a large pool.
 */
import { createHash } from 'node:crypto';
import {
  FACT_READER,
  type InstanceEntry,
  type NodeEntry,
  type Principal,
  type Roster,
  type Snapshot,
  type TargetEntry,
  targetKey,
} from '../contract/index.ts';
import { type DomainTree, domainTree } from './domains.ts';
import { distanceOf, placeOf, placeOfNode } from './place.ts';
import { viaOf } from './plan.ts';
import { SUBSET_ABOVE, subsetOf, subsets } from './subset.ts';

type Content = Omit<Roster, 'seq'>;

/** The same object for the same content of the same roster, so that it is signed once for all who get it. */
export type ViewOf = (node: NodeEntry, roster: Roster) => Content;

/** Made once per snapshot: what it answers for a node depends on nothing else and on the roster. */
export const rosterViews = (snapshot: Pick<Snapshot, 'targets' | 'routes' | 'domains'>): ViewOf => {
  const ground = { ...reaching(snapshot), domains: domainTree(snapshot.domains) };
  const digests = new Map<string, string>();
  const digestOf = (tenant: string): string => {
    const known = digests.get(tenant) ?? routesDigest(snapshot, tenant);
    digests.set(tenant, known);
    return known;
  };
  let cut: Cut | undefined;
  return (node, roster) => {
    if (cut?.roster !== roster) cut = new Cut(roster, ground, digestOf);
    return cut.viewFor(node);
  };
};

/** What decides who calls whom directly, in one tenant: two snapshots with the same digest want the same views. */
export const routesDigest = (
  { routes, domains, targets }: Pick<Snapshot, 'targets' | 'routes' | 'domains'>,
  tenant: string,
): string => {
  const own = <T extends { readonly tenant: string }>(all: readonly T[]): readonly T[] =>
    all.filter((one) => one.tenant === tenant);
  const shape = own(targets).map(({ kind, name, domain }) => [kind, name, domain]);
  return createHash('sha256')
    .update(JSON.stringify([own(routes), own(domains), shape]))
    .digest('hex')
    .slice(0, 16);
};

interface Ground {
  /** May calls of a sidecar's agent, or its questions for facts, go to this target without a hub? */
  readonly reaches: (node: NodeEntry, key: string) => boolean;
  readonly targets: ReadonlyMap<string, TargetEntry>;
  readonly domains: DomainTree;
}

const reaching = (snapshot: Pick<Snapshot, 'targets' | 'routes' | 'domains'>): Pick<Ground, 'reaches' | 'targets'> => {
  const via = viaOf(snapshot);
  const targets = new Map(snapshot.targets.map((one) => [targetKey(one.tenant, one.kind, one.name), one]));
  const reaches: Ground['reaches'] = (node, key) => {
    const target = targets.get(key);
    if (target === undefined || target.tenant !== node.tenant) return false;
    return principalsOf(node).some((principal) => via(principal, target) === 'mesh');
  };
  return { reaches, targets };
};

const principalsOf = ({ tenant, agent, domain, tool }: NodeEntry): readonly Principal[] => [
  { kind: 'node', tenant, id: FACT_READER, roles: [] },
  ...(tool === undefined
    ? [{ kind: 'agent' as const, tenant, id: agent, roles: [], ...(domain === '' ? {} : { domain }) }]
    : []),
];

/** One roster, cut into the views of those who ask. */
class Cut {
  readonly roster: Roster;
  readonly #ground: Ground;
  readonly #digestOf: (tenant: string) => string;
  readonly #nodes: ReadonlyMap<string, readonly NodeEntry[]>;
  /** Those behind other nodes, by tenant and then by target. */
  readonly #relayed: ReadonlyMap<string, ReadonlyMap<string, readonly InstanceEntry[]>>;
  readonly #shared = new Map<string, Content>();
  readonly #pools = new Map<string, ReadonlyMap<string, ReadonlySet<string>>>();

  constructor(roster: Roster, ground: Ground, digestOf: (tenant: string) => string) {
    this.roster = roster;
    this.#ground = ground;
    this.#digestOf = digestOf;
    this.#nodes = Map.groupBy(roster.nodes, ({ tenant }) => tenant);
    const relayed = roster.instances.filter(({ protocol, node }) => protocol === 'airspace' && node !== '');
    this.#relayed = new Map(
      [...Map.groupBy(relayed, ({ tenant }) => tenant)].map(([tenant, own]) => [
        tenant,
        Map.groupBy(own, (one) => targetKey(one.tenant, one.kind, one.name)),
      ]),
    );
  }

  viewFor(node: NodeEntry): Content {
    const pools = [...(this.#relayed.get(node.tenant) ?? new Map<string, readonly InstanceEntry[]>())];
    // A domain hub is the way to everything below it, and sends whatever leaves it to its parent.
    if (node.role !== 'sidecar') return this.#sharedView(node, pools);
    const reached = pools.filter(([key]) => this.#ground.reaches(node, key));
    if (reached.every(([, pool]) => pool.length <= SUBSET_ABOVE)) return this.#sharedView(node, reached);
    return this.#content(
      node,
      node.id,
      reached.flatMap(([key, pool]) => this.#ownOf(node, key, pool)),
    );
  }

  #sharedView(node: NodeEntry, pools: readonly (readonly [string, readonly InstanceEntry[]])[]): Content {
    const key = [node.tenant, ...pools.map(([name]) => name)].join('\n');
    let view = this.#shared.get(key);
    if (view === undefined) {
      view = this.#content(
        node,
        `tenant/${node.tenant}`,
        pools.flatMap(([, pool]) => pool),
      );
      this.#shared.set(key, view);
    }
    return view;
  }

  #content({ tenant }: NodeEntry, audience: string, instances: readonly InstanceEntry[]): Content {
    return {
      view: { for: audience, routes: this.#digestOf(tenant) },
      nodes: this.#nodes.get(tenant) ?? [],
      instances,
    };
  }

  #ownOf(node: NodeEntry, key: string, pool: readonly InstanceEntry[]): readonly InstanceEntry[] {
    if (pool.length <= SUBSET_ABOVE) return pool;
    const mine = this.#subsetsOf(key, pool, node.tenant).get(node.id);
    const near = this.#nearestOf(node, key, pool);
    return pool.filter(({ id }) => mine?.has(id) === true || near?.has(id) === true);
  }

  /** Of a target that prefers what is near, as many on the own machine and in the own domain besides: a subset by chance has few of them. */
  #nearestOf(node: NodeEntry, key: string, pool: readonly InstanceEntry[]): ReadonlySet<string> | undefined {
    const { targets, domains } = this.#ground;
    const target = targets.get(key);
    if (target?.near !== true) return undefined;
    const from = placeOfNode(node);
    const byId = new Map(this.#nodes.get(node.tenant)?.map((one) => [one.id, one]));
    const local = pool.filter(
      (one) =>
        one.state === 'ready' && distanceOf(from, placeOf(one, byId.get(one.node), target), node.tenant, domains) < 2,
    );
    return subsetOf(
      node.id,
      local.map(({ id }) => id),
    );
  }

  /** Those that take calls share the callers; one that falls silent is replaced, and has its callers again when it is back. */
  #subsetsOf(key: string, pool: readonly InstanceEntry[], tenant: string): ReadonlyMap<string, ReadonlySet<string>> {
    let known = this.#pools.get(key);
    if (known === undefined) {
      const callers = (this.#nodes.get(tenant) ?? []).filter(
        (one) => one.role === 'sidecar' && this.#ground.reaches(one, key),
      );
      const ready = pool.filter(({ state }) => state === 'ready');
      // When most are ill, the sign may be wrong (H3): then everybody looks for himself.
      const healthy = ready.length * 2 >= pool.length ? ready : pool;
      known = subsets(
        callers.map(({ id }) => id),
        healthy.map(({ id }) => id),
      );
      this.#pools.set(key, known);
    }
    return known;
  }
}
