/** How calls really go: each route, and each pair of caller and target that was seen on it, with its ways beside each other. Pure. */
import {
  type Fault,
  meshPercentOf,
  type Principal,
  type RouteEntry,
  type TargetEntry,
  targetKey,
} from '../../contract/index.ts';
import { planner } from '../../routing/index.ts';
import { type ArmStats, armOf } from './arms.ts';
import { type Ground, instancesOf, type Obstacle, obstaclesOf, sidecarsOf } from './obstacles.ts';
import type { Passed, PassedCalls, Way } from './passed.ts';

/** Which recorded calls a view is about. */
export interface Window {
  /** Unix ms; of what was read, when there was more than is read. */
  readonly fromMs: number;
  readonly toMs: number;
  /** False: there was more than is read, and the window begins where reading ended. */
  readonly isWhole: boolean;
  readonly calls: number;
  readonly incomplete: number;
  readonly wayless: number;
}

/** What the process of the hub took: all its work, and that divided by all calls that it took part in. */
export interface HopCost {
  /** Null: too few calls in that time. */
  readonly cpuUsPerCall: number | null;
  /** Of one core: 0.25 is a quarter. */
  readonly cores: number;
  readonly calls: number;
  readonly overMs: number;
}

export interface Configured {
  readonly via: Way;
  /** Of call trees that go directly: 0, 100, or between. */
  readonly meshPercent: number;
  readonly withoutPeer: 'refuse' | 'hub';
}

export interface PairView {
  readonly route: string;
  readonly configured: Configured;
  /** Null: nobody has called along this route in the window. */
  readonly caller: Passed['caller'] | null;
  readonly target: { readonly kind: string; readonly name: string; readonly domain: string };
  readonly calls: number;
  readonly perSecond: number;
  readonly hub: ArmStats | null;
  readonly mesh: ArmStats | null;
  /** Calls that were to go directly and went through the hub. */
  readonly instead: number;
  /** By role, each with its nodes. */
  readonly nodes: readonly { readonly role: string; readonly ids: readonly string[] }[];
  /** What takes calls of the pair with it when it is lost. */
  readonly failureDomains: readonly string[];
  readonly obstacles: readonly Obstacle[];
}

export interface TopologyView {
  readonly window: Window;
  readonly hubCost: HopCost | null;
  readonly pairs: readonly PairView[];
}

export interface Seen {
  readonly tenant: string;
  readonly window: Window;
  readonly passed: PassedCalls;
  readonly hubCost: HopCost | null;
  readonly ground: Ground;
}

export const topologyView = (seen: Seen): TopologyView => {
  const pairs = pairsIn(seen);
  const used = new Set(pairs.map(({ route }) => route));
  const idle = seen.ground.snapshot.routes.filter(({ tenant, name }) => tenant === seen.tenant && !used.has(name));
  return { window: seen.window, hubCost: seen.hubCost, pairs: [...pairs, ...idle.map(idleView)] };
};

/** Calls of one pair along one route of the configuration as it is now. */
export interface PairCalls {
  readonly route: string;
  readonly configured: Configured;
  readonly caller: Passed['caller'];
  readonly target: TargetEntry;
  readonly calls: readonly Passed[];
}

/** Busiest first. What is gone from the configuration has no route, and is left out. */
export const pairCallsIn = ({ tenant, passed, ground }: Seen): readonly PairCalls[] => {
  const planOf = planner(ground.snapshot);
  const routes = new Map(
    ground.snapshot.routes.filter((route) => route.tenant === tenant).map((route) => [route.name, route]),
  );
  const targets = new Map(
    ground.snapshot.targets.map((target) => [targetKey(target.tenant, target.kind, target.name), target]),
  );
  const groups = Map.groupBy(passed.calls, ({ caller, target }) =>
    [caller.kind, caller.id, caller.domain, target.kind, target.name, target.operation].join('\n'),
  );
  const found = [...groups.values()].flatMap((calls) => {
    const { caller, target } = calls[0]!;
    const entry = targets.get(targetKey(tenant, target.kind, target.name));
    const route = entry && routeOf(planOf, principalOf(tenant, caller), target);
    return entry === undefined || route === undefined
      ? []
      : [{ route, configured: configuredOf(routes.get(route)), caller, target: entry, calls }];
  });
  return mergedByPair(found).toSorted((a, b) => b.calls.length - a.calls.length);
};

const principalOf = (tenant: string, { kind, id, domain }: Passed['caller']): Principal => ({
  kind,
  id,
  tenant,
  roles: [],
  ...(domain === '' ? {} : { domain }),
});

/** Undefined for an operation that is gone. */
const routeOf = (planOf: ReturnType<typeof planner>, principal: Principal, target: Passed['target']) => {
  try {
    return planOf({ principal, target }).route;
  } catch (thrown) {
    if ((thrown as Fault).code === 'not_found') return undefined;
    throw thrown;
  }
};

/** Operations of one pair go along one route: routes do not know them. */
const mergedByPair = (found: readonly PairCalls[]): readonly PairCalls[] =>
  [
    ...Map.groupBy(found, ({ route, caller, target }) =>
      [route, caller.kind, caller.id, caller.domain, target.kind, target.name].join('\n'),
    ).values(),
  ].map((same) => ({ ...same[0]!, calls: same.flatMap(({ calls }) => calls) }));

const configuredOf = (route: RouteEntry | undefined): Configured => ({
  via: route?.via ?? 'hub',
  meshPercent: route?.meshPercent ?? meshPercentOf(route?.via ?? 'hub'),
  withoutPeer: route?.withoutPeer ?? 'refuse',
});

const pairsIn = (seen: Seen): readonly PairView[] =>
  pairCallsIn(seen).map((pair) => {
    const { route, configured, caller, target, calls } = pair;
    const seconds = Math.max(1, seen.window.toMs - seen.window.fromMs) / 1_000;
    return {
      route,
      configured,
      caller,
      target: { kind: target.kind, name: target.name, domain: target.domain },
      calls: calls.length,
      perSecond: calls.length / seconds,
      hub: armOf(calls, 'hub'),
      mesh: armOf(calls, 'mesh'),
      instead: calls.filter(({ instead }) => instead).length,
      nodes: nodesOf(calls),
      failureDomains: failureDomainsOf(pair, seen.ground),
      obstacles: obstaclesOf(pair, seen.ground),
    };
  });

const ORDER = ['sidecar-out', 'hub', 'domain', 'sidecar-in'];

const nodesOf = (calls: readonly Passed[]): PairView['nodes'] => {
  const byRole = Map.groupBy(
    calls.flatMap(({ nodes }) => nodes),
    ({ role }) => role,
  );
  return [...byRole]
    .map(([role, nodes]) => ({ role, ids: [...new Set(nodes.map(({ id }) => id))].sort() }))
    .sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role));
};

/** From the calls and not from what is written: what they passed is what they needed. */
export const failureDomainsOf = ({ caller, target, calls }: PairCalls, ground: Ground): readonly string[] => {
  const passedBy = new Set(calls.flatMap(({ nodes }) => nodes.map(({ role }) => role)));
  const hubs = new Set(
    calls.flatMap(({ nodes }) => nodes.filter(({ role }) => role === 'hub' || role === 'domain').map(({ id }) => id)),
  );
  const behind = target.kind === 'model' ? [] : sidecarsOf(ground.nodes, target.kind, target.name);
  const direct =
    instancesOf(target, ground).filter(({ protocol }) => protocol === 'direct').length + target.endpoints.length;
  return [
    ...(passedBy.has('sidecar-out') ? [`the sidecar of ${caller.id}`] : []),
    ...[...hubs].map((id) => `hub ${id}`),
    passedBy.has('sidecar-in')
      ? `${target.kind} ${target.name} behind ${counted(behind.length, 'sidecar')}`
      : `${target.kind} ${target.name} at ${counted(direct, 'address')}`,
  ];
};

const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : word.endsWith('s') ? 'es' : 's'}`;

const idleView = (route: RouteEntry): PairView => ({
  route: route.name,
  configured: configuredOf(route),
  caller: null,
  target: { kind: route.toKind, name: route.toName, domain: route.toDomain },
  calls: 0,
  perSecond: 0,
  hub: null,
  mesh: null,
  instead: 0,
  nodes: [],
  failureDomains: [],
  obstacles: [],
});
