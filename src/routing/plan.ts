/** Says what configuration wants for a call: its target, its operation, and the most specific route. Made once per snapshot. */
import type {
  Call,
  OperationEntry,
  Principal,
  RouteEntry,
  RoutePlan,
  Snapshot,
  TargetEntry,
} from '../contract/index.ts';
import { Fault, targetKey } from '../contract/index.ts';
import { type DomainTree, domainTree } from './domains.ts';
import { nearest } from './nearest.ts';
import { isInShare } from './share.ts';

export type PlanOf = (call: Call) => RoutePlan;

/** Only who and what matters, so that a plan can be asked for a call that is long over; the tree only says which way it takes. */
type Question = Pick<Call, 'principal' | 'target'> & Partial<Pick<Call, 'lineage'>>;

/** What applies when no route matches: through the hub, R1's three tries, standard priority. */
const DEFAULT_ROUTE = { name: 'default', via: 'hub', timeoutMs: null, attempts: 3, priority: 2 } as const;

/** Names that fit in a message. */
const MAX_LISTED = 20;

/**
 * What routes say about one target or operation, by what they can tell callers apart with.
 * The number of answers is bounded by the snapshot itself, so that no crowd of callers can make it grow.
 */
interface Choice<T> {
  readonly byAgent: ReadonlyMap<string, T>;
  readonly byDomain: ReadonlyMap<string, T>;
  readonly anyone: T;
}
type Plans = Choice<Ways>;

/** What a route wants for one operation. While it moves there are two plans, which differ in their way only. */
interface Ways {
  readonly plan: RoutePlan;
  readonly direct?: RoutePlan;
}

interface Known {
  readonly target: TargetEntry;
  readonly operations: ReadonlyMap<string, OperationEntry>;
  /** Filled at the first call of an operation. */
  readonly plans: Map<string, Plans>;
}

/**
 * `planOf(call)` answers in a few map lookups and allocates nothing after the first call of an operation.
 * Throws `unauthenticated` without a principal, `not_found` for an unknown target or operation. A target of another
 * tenant is indistinguishable from none.
 */
export const planner = (snapshot: Snapshot): ((call: Question) => RoutePlan) => {
  const domains = domainTree(snapshot.domains);
  const known = new Map<string, Known>();
  const byTenant = Map.groupBy(snapshot.targets, (target) => target.tenant);
  for (const target of snapshot.targets) {
    known.set(targetKey(target.tenant, target.kind, target.name), {
      target,
      operations: operationsOf(target),
      plans: new Map(),
    });
  }
  return (call) => {
    const principal = identified(call);
    const { kind, name, operation } = call.target;
    const entry = known.get(targetKey(principal.tenant, kind, name));
    if (entry === undefined) throw unknownTarget(call, byTenant.get(principal.tenant) ?? []);
    let plans = entry.plans.get(operation);
    if (plans === undefined) {
      plans = plansOf(entry, operation, snapshot.routes, domains);
      entry.plans.set(operation, plans);
    }
    return chosen(planFor(principal, plans, domains), call);
  };
};

/** The same targets come with one snapshot after the other. */
const operationsKnown = new WeakMap<TargetEntry, ReadonlyMap<string, OperationEntry>>();

const operationsOf = (target: TargetEntry): ReadonlyMap<string, OperationEntry> => {
  let operations = operationsKnown.get(target);
  if (operations === undefined) {
    operations = new Map(target.operations.map((operation) => [operation.name, operation]));
    operationsKnown.set(target, operations);
  }
  return operations;
};

/** INVARIANT: a tree takes one way, whichever of its calls is asked about and on whichever node. */
const chosen = ({ plan, direct }: Ways, { lineage }: Question): RoutePlan =>
  direct !== undefined && lineage !== undefined && isInShare(lineage.root, direct.meshPercent ?? 0) ? direct : plan;

const identified = (call: Question): Principal => {
  if (call.principal !== null) return call.principal;
  throw new Fault('unauthenticated', 'nobody knows who calls, so nothing can be looked up; send a credential');
};

/** How calls of somebody to a target may travel, whatever their operation: directly, too, while their route moves. Looks each target up once. */
export const viaOf = ({
  routes,
  domains: entries,
}: Pick<Snapshot, 'routes' | 'domains'>): ((principal: Principal, target: TargetEntry) => RoutePlan['via']) => {
  const domains = domainTree(entries);
  const known = new Map<TargetEntry, Choice<RoutePlan['via']>>();
  return (principal, target) => {
    let choice = known.get(target);
    if (choice === undefined) {
      choice = choiceOf(target, routes, domains, ({ via, meshPercent }) => (meshPercent === undefined ? via : 'mesh'));
      known.set(target, choice);
    }
    return planFor(principal, choice, domains);
  };
};

/** The caller's name beats its domain, the nearest domain beats its parents, and any domain beats everyone. */
const planFor = <T>(principal: Principal, plans: Choice<T>, domains: DomainTree): T => {
  const byName = principal.kind === 'agent' ? plans.byAgent.get(principal.id) : undefined;
  if (byName !== undefined) return byName;
  if (plans.byDomain.size > 0 && principal.domain !== undefined) {
    for (const domain of domains.chain(principal.tenant, principal.domain)) {
      const byDomain = plans.byDomain.get(domain);
      if (byDomain !== undefined) return byDomain;
    }
  }
  return plans.anyone;
};

const plansOf = (known: Known, name: string, routes: readonly RouteEntry[], domains: DomainTree): Plans => {
  const { target } = known;
  const operation = known.operations.get(name);
  if (operation === undefined) throw unknownOperation(target, name);
  return choiceOf(target, routes, domains, (route) => waysAlong(route, target, operation));
};

const choiceOf = <T>(
  target: TargetEntry,
  routes: readonly RouteEntry[],
  domains: DomainTree,
  along: (route: Along) => T,
): Choice<T> => {
  const within = domains.chain(target.tenant, target.domain);
  const ranked = routes
    .map((route) => ({ route, rank: targetRank(route, target, within) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || (a.route.name < b.route.name ? -1 : 1));
  const byAgent = new Map<string, T>();
  const byDomain = new Map<string, T>();
  let anyone: { readonly is: T } | undefined;
  for (const { route } of ranked) {
    const it = along(route);
    for (const agent of route.fromAgents) if (!byAgent.has(agent)) byAgent.set(agent, it);
    for (const domain of route.fromDomains) if (!byDomain.has(domain)) byDomain.set(domain, it);
    if (route.fromAgents.length + route.fromDomains.length === 0) anyone ??= { is: it };
  }
  return { byAgent, byDomain, anyone: (anyone ?? { is: along(DEFAULT_ROUTE) }).is };
};

/** How exactly a route names this target: by name, by its domain (nearer is more), or as any; 0 when it does not. */
const targetRank = (route: RouteEntry, target: TargetEntry, within: readonly string[]): number => {
  if (route.tenant !== target.tenant || route.toKind !== target.kind) return 0;
  if (route.toName !== '*' && route.toName !== target.name) return 0;
  const distance = route.toDomain === '' ? 0 : within.indexOf(route.toDomain);
  if (distance < 0) return 0;
  const byDomain = route.toDomain === '' ? 0 : 100 - distance;
  return 1 + byDomain + (route.toName === '*' ? 0 : 1000);
};

type Along = Pick<RouteEntry, 'name' | 'via' | 'meshPercent' | 'withoutPeer' | 'timeoutMs' | 'attempts' | 'priority'>;

const waysAlong = (route: Along, target: TargetEntry, operation: OperationEntry): Ways => {
  const plan = planAlong(route, target, operation);
  return route.meshPercent === undefined ? { plan } : { plan, direct: { ...plan, via: 'mesh' } };
};

const planAlong = (route: Along, target: TargetEntry, operation: OperationEntry): RoutePlan => ({
  target,
  operation,
  route: route.name,
  via: route.via,
  ...(route.meshPercent === undefined ? {} : { meshPercent: route.meshPercent }),
  ...(route.withoutPeer === undefined ? {} : { withoutPeer: route.withoutPeer }),
  timeoutMs: smaller(route.timeoutMs, target.timeoutMs),
  attempts: route.attempts,
  priority: route.priority,
});

const smaller = (a: number | null, b: number | null): number | null => {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
};

const unknownTarget = (call: Question, own: readonly TargetEntry[]): Fault => {
  const { kind, name } = call.target;
  const names = own.filter((target) => target.kind === kind).map((target) => target.name);
  const guess = nearest(name, names);
  const otherKind = own.find((target) => target.name === name)?.kind;
  return new Fault('not_found', `there is no ${kind} \`${shown(name)}\`${hint(kind, guess, otherKind, names)}`);
};

const hint = (kind: string, guess: string | undefined, otherKind: string | undefined, names: readonly string[]) => {
  if (guess !== undefined) return `; did you mean \`${guess}\`?`;
  if (otherKind !== undefined) return `; there is a ${otherKind} of that name`;
  if (names.length === 0) return `; no ${kind} is registered yet`;
  return `; known: ${listed(names)}`;
};

const unknownOperation = (target: TargetEntry, name: string): Fault => {
  const names = target.operations.map((operation) => operation.name);
  const guess = nearest(name, names);
  const help = guess === undefined ? `its operations are ${listed(names)}` : `did you mean \`${guess}\`?`;
  return new Fault('not_found', `${target.kind} \`${target.name}\` has no operation \`${shown(name)}\`; ${help}`);
};

const listed = (names: readonly string[]): string => {
  const first = names.slice(0, MAX_LISTED).map((name) => `\`${name}\``);
  return first.join(', ') + (names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '');
};

/** A name from outside, safe to print: short, and without control or quoting characters. */
const shown = (name: string): string => {
  const plain = name.replace(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return plain.length > 80 ? `${plain.slice(0, 80)}...` : plain;
};
