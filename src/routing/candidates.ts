/**
 * Where a call could go, seen from each of the four places that a node can stand in: pure functions from what was
 * published (snapshot) and observed (roster) to candidates.
 *
 * INVARIANT: an announcement counts only if its node may make it. A sidecar speaks for its own agent, a domain hub for
 * its own domain; anything else in the roster is ignored here, so that nobody can draw foreign calls to himself.
 */
import type {
  Endpoint,
  EndpointEntry,
  InstanceEntry,
  InstanceState,
  NodeEntry,
  Roster,
  RoutePlan,
  Snapshot,
  TargetEntry,
} from '../contract/index.ts';
import { targetKey } from '../contract/index.ts';
import { type DomainTree, domainTree } from './domains.ts';
import { type Distance, distanceOf, mayHold, type Place, placeOf, RESIDENCY_LABEL } from './place.ts';
import { routesDigest } from './view.ts';

export interface Candidate extends Endpoint {
  /** Share of the traffic against its siblings; 0 takes none. */
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: InstanceState;
  /** Another one after each start of the node behind it; absent when nobody says. */
  readonly epoch?: string;
  /** From the node that looks, where its target prefers what is near; absent: it does not matter. */
  readonly distance?: Distance;
}

/** Another node by its id and the URL of its native door. */
export interface Neighbour {
  readonly id: string;
  readonly url: string;
}

/** Everything the functions below look at: small enough to write down in a test. */
export interface Sight {
  readonly domains: DomainTree;
  readonly nodes: ReadonlyMap<string, NodeEntry>;
  /** Instances by `tenant/kind/name`. */
  readonly instances: ReadonlyMap<string, readonly InstanceEntry[]>;
  /** The instances are those that other routes ask for: who is not among them may run all the same. */
  readonly isCutForOthers?: (tenant: string) => boolean;
  /** `tenant/name` of domains that may speak to each other without their parent. Absent: none. */
  readonly direct?: ReadonlySet<string>;
}

type Wanted = Pick<RoutePlan, 'target' | 'via'>;
export type CandidatesOf = (wanted: Wanted) => readonly Candidate[];

/** The schema's default weight, for what registered itself and so has none of its own. */
const INSTANCE_WEIGHT = 100;

export const sightOf = (
  snapshot: Pick<Snapshot, 'domains' | 'targets' | 'routes'>,
  roster: Pick<Roster, 'nodes' | 'instances' | 'view'>,
): Sight => ({
  ...cutFor(snapshot, roster),
  domains: domainTree(snapshot.domains),
  nodes: new Map(roster.nodes.map((node) => [node.id, node])),
  direct: new Set(snapshot.domains.filter(({ direct }) => direct).map(({ tenant, name }) => `${tenant}/${name}`)),
  instances: Map.groupBy(roster.instances, (one) => targetKey(one.tenant, one.kind, one.name)),
});

const cutFor = (
  snapshot: Pick<Snapshot, 'domains' | 'targets' | 'routes'>,
  { view }: Pick<Roster, 'view'>,
): Pick<Sight, 'isCutForOthers'> =>
  view === undefined ? {} : { isCutForOthers: (tenant) => routesDigest(snapshot, tenant) !== view.routes };

/** Root hub: a delegated domain is reached through its own hubs only, everything else directly or through sidecars. */
export const hubCandidates =
  (sight: Sight): CandidatesOf =>
  ({ target }) =>
    below(sight, target, '');

/** Domain hub: its own domain as a root hub would, everything else through its parent, as one endpoint, or straight to another domain where the parent lets both. */
export const domainCandidates =
  (
    sight: Sight,
    self: { readonly tenant: string; readonly domain: string; readonly host?: string },
    parent: Neighbour,
  ): CandidatesOf =>
  ({ target }) => {
    const mine =
      target.tenant === self.tenant && sight.domains.chain(target.tenant, target.domain).includes(self.domain);
    const from = { host: self.host ?? '', domain: self.domain };
    if (mine) return distant(sight, target, from, below(sight, target, self.domain));
    const straight = acrossTo(sight, target, self);
    return straight.length > 0 ? straight : [throughNode(target, parent)];
  };

/**
 * Sidecar, outgoing: straight to the sidecars in front of the target (`via: mesh`), or to the hub. Also to the hub in the moment between
 * new routes and the roster that goes with them: it knows everybody, and decides by the same policy. `isBelow`: that is the hub of a
 * domain, and knows ways that its roster does not show.
 */
export const sidecarOutCandidates =
  (sight: Sight, hub: Neighbour, from?: Place, isBelow = false): CandidatesOf =>
  ({ target, via }) => {
    if (via === 'hub' || target.speech?.protocol === 'plan') return [throughNode(target, hub)];
    const found = instancesOf(sight, target)
      .filter((one) => one.protocol === 'airspace' && speaksFor(sight.nodes.get(one.node), target))
      .map((one) => observed(target, one, false))
      .filter(({ labels }) => mayHold(target, labels));
    return found.length === 0 && (isBelow || sight.isCutForOthers?.(target.tenant) === true)
      ? [throughNode(target, hub)]
      : distant(sight, target, from, found);
  };

/**
 * An agent that asks for its own name may get itself: it stands behind this very sidecar. Over the sidecar's own door the call would
 * come by a second time, which ends every call.
 */
export const besideOwn =
  (self: { readonly node: string; readonly url: string }, of: CandidatesOf): CandidatesOf =>
  (wanted) =>
    of(wanted).map((one) => (one.node === self.node ? { ...one, url: self.url, protocol: 'direct', node: '' } : one));

/** Sidecar, incoming: its own agent or tool and nothing else, whatever the snapshot says. */
export const sidecarInCandidates =
  (self: {
    readonly tenant: string;
    readonly agent: string;
    readonly tool?: string;
    readonly url: string;
    readonly version: string;
  }): CandidatesOf =>
  ({ target }) => {
    if (target.tenant !== self.tenant || !isOwn(self, target)) return [];
    return [fixed(target, { url: self.url, version: self.version, weight: INSTANCE_WEIGHT, labels: target.labels })];
  };

/** Hubs of another domain that say now that they reach the target, where both domains may do without their parent. */
const acrossTo = (
  sight: Sight,
  target: TargetEntry,
  { tenant, domain }: { readonly tenant: string; readonly domain: string },
): readonly Candidate[] => {
  if (target.tenant !== tenant || sight.direct?.has(`${tenant}/${domain}`) !== true) return [];
  const other = sight.domains.chain(tenant, target.domain).find((name) => sight.direct?.has(`${tenant}/${name}`));
  if (other === undefined) return [];
  return instancesOf(sight, target)
    .filter((one) => one.state === 'ready' && servesDomain(sight, one, other))
    .map((one) => observed(target, one, true));
};

/** The targets of `domain` and below it, down to the next delegated domain, whose hub takes over. */
const below = (sight: Sight, target: TargetEntry, domain: string): readonly Candidate[] => {
  const delegate = sight.domains.delegate(target.tenant, target.domain, domain);
  // Nobody announces a plan: whoever is responsible for its domain runs it.
  if (delegate === undefined && target.speech?.protocol === 'plan') return [own(target)];
  const instances = instancesOf(sight, target);
  if (delegate !== undefined) {
    return instances.filter((one) => servesDomain(sight, one, delegate)).map((one) => observed(target, one, true));
  }
  const here = instances.filter((one) => one.protocol === 'direct' || speaksFor(sight.nodes.get(one.node), target));
  return merged(target, here).filter(({ labels }) => mayHold(target, labels));
};

/** Only where the target wants it: whoever shares a machine with many callers would otherwise get all of their calls. */
const distant = (
  sight: Sight,
  target: TargetEntry,
  from: Place | undefined,
  candidates: readonly Candidate[],
): readonly Candidate[] => {
  if (target.near !== true || from === undefined) return candidates;
  return candidates.map((one) => {
    const to = placeOf(one, sight.nodes.get(one.node), target);
    return { ...one, distance: distanceOf(from, to, target.tenant, sight.domains) };
  });
};

/** Fixed endpoints and live instances. The same address twice is one candidate: the file's weight, the heartbeat's state. */
const merged = (target: TargetEntry, instances: readonly InstanceEntry[]): readonly Candidate[] => {
  const byId = new Map<string, Candidate>();
  for (const endpoint of target.endpoints) {
    const candidate = fixed(target, endpoint);
    byId.set(candidate.id, candidate);
  }
  for (const instance of instances.toReversed()) {
    const live = observed(target, instance, false);
    const known = byId.get(live.id);
    byId.set(live.id, known === undefined ? live : { ...live, ...setBy(known) });
  }
  return [...byId.values()];
};

/** What the file says of an address stays, whoever announces it. INVARIANT: nobody gets a credential by announcing themselves. */
const setBy = ({ weight, labels, credential }: Candidate) => ({
  weight,
  labels,
  ...(credential === undefined ? {} : { credential }),
});

/** Ready ones first: of two rows with one address the first counts, and a restarted instance leaves a silent one behind. */
const instancesOf = (sight: Sight, target: TargetEntry): readonly InstanceEntry[] => {
  const all = sight.instances.get(targetKey(target.tenant, target.kind, target.name)) ?? [];
  const reachable = all.filter((one) => isHttpUrl(one.url));
  return reachable.sort((a, b) => Number(b.state === 'ready') - Number(a.state === 'ready'));
};

/** An instance says itself where it is; one bad word must not spoil the calls to its siblings. */
const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '');

/** Sidecars stand in front of exactly one agent or tool. */
const speaksFor = (node: NodeEntry | undefined, target: TargetEntry): boolean =>
  node?.role === 'sidecar' && node.tenant === target.tenant && isOwn(node, target);

const isOwn = ({ agent, tool }: Pick<NodeEntry, 'agent' | 'tool'>, { kind, name }: TargetEntry): boolean =>
  tool === undefined ? kind === 'agent' && name === agent : kind === 'tool' && name === tool;

const servesDomain = (sight: Sight, instance: InstanceEntry, domain: string): boolean => {
  const node = sight.nodes.get(instance.node);
  if (instance.protocol !== 'airspace' || node === undefined) return false;
  return node.role === 'domain' && node.tenant === instance.tenant && node.domain === domain;
};

const fixed = (target: TargetEntry, endpoint: EndpointEntry): Candidate => ({
  id: endpointId(target.name, endpoint.url),
  url: endpoint.url,
  protocol: 'direct',
  node: '',
  final: false,
  version: endpoint.version,
  weight: endpoint.weight,
  labels: endpoint.labels,
  state: 'ready',
  ...(target.credential === undefined ? {} : { credential: target.credential }),
  ...spoken(target),
});

/** A plan, which this node runs itself. */
const own = (target: TargetEntry): Candidate =>
  fixed(target, { url: `plan://${target.name}`, version: '', weight: INSTANCE_WEIGHT, labels: target.labels });

/** MCP servers say themselves what they do, and are held against what is written about it. */
const spoken = ({ speech, operations }: TargetEntry): Pick<Endpoint, 'speech' | 'operations'> => ({
  ...(speech === undefined ? {} : { speech }),
  ...(speech?.protocol === 'mcp' ? { operations } : {}),
});

const observed = (target: TargetEntry, instance: InstanceEntry, final: boolean): Candidate => ({
  id: endpointId(instance.name, instance.url),
  url: instance.url,
  protocol: instance.protocol,
  node: instance.node,
  final,
  version: instance.version,
  weight: INSTANCE_WEIGHT,
  labels: instance.protocol === 'direct' ? unproven(instance.labels) : instance.labels,
  state: instance.state,
  ...(instance.epoch === undefined ? {} : { epoch: instance.epoch }),
  ...(instance.protocol === 'direct' ? spoken(target) : {}),
});

/** Where data may go is said by whoever runs a node or writes the file, and not by the agent that wants them. */
const unproven = ({ [RESIDENCY_LABEL]: _, ...labels }: InstanceEntry['labels']): InstanceEntry['labels'] => labels;

/** Which version runs behind another hub is not ours to know; the reply says it. */
const throughNode = (target: TargetEntry, node: Neighbour): Candidate => ({
  id: endpointId(target.name, node.url),
  url: node.url,
  protocol: 'airspace',
  node: node.id,
  final: true,
  version: '',
  weight: INSTANCE_WEIGHT,
  labels: {},
  state: 'ready',
});

/** `name@host:port`, with the path when there is one: two agents may share a server. */
export const endpointId = (name: string, url: string): string => {
  const { host, pathname } = new URL(url);
  return `${name}@${host}${pathname === '/' ? '' : pathname}`;
};
