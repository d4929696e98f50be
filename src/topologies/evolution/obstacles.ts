/** Why calls of a pair cannot go directly, and what of their governance would mean something else if they did. Pure. */
import {
  type BudgetEntry,
  type InstanceEntry,
  type NodeEntry,
  type PolicyEntry,
  type Snapshot,
  type TargetEntry,
  targetKey,
} from '../../contract/index.ts';
import { domainTree } from '../../routing/index.ts';
import type { Passed } from './passed.ts';

export type ObstacleCode =
  | 'no_caller_sidecar'
  | 'no_target_sidecar'
  | 'no_caller_sidecar_possible'
  | 'no_target_sidecar_possible'
  | 'delegated_domain'
  | 'secret_at_hub'
  | 'budget_without_lease'
  | 'approval';

export interface Obstacle {
  readonly code: ObstacleCode;
  readonly text: string;
  /** Starting a sidecar is enough. */
  readonly isCured: boolean;
}

export interface Ground {
  readonly snapshot: Snapshot;
  /** Of the tenant. */
  readonly nodes: readonly NodeEntry[];
  readonly instances: readonly InstanceEntry[];
}

export interface Pair extends Pick<Passed, 'caller'> {
  readonly target: TargetEntry;
}

export const obstaclesOf = ({ caller, target }: Pair, ground: Ground): readonly Obstacle[] => [
  ...sidecarOfCaller(caller, ground),
  ...sidecarOfTarget(target, ground),
  ...delegated(target, ground),
  ...(target.credential === undefined
    ? []
    : [
        obstacle(
          'secret_at_hub',
          `${target.kind} \`${target.name}\` is shown a secret, and only the hub opens secrets`,
        ),
      ]),
  ...target.operations
    .filter(({ approval }) => approval !== undefined)
    .map(({ name }) =>
      obstacle('approval', `operation \`${name}\` asks for an approval, and calls wait for people at a hub only`),
    ),
  ...budgetsOf({ caller, target }, ground)
    .filter((budget) => withoutLease(budget) !== undefined)
    .map((budget) =>
      obstacle(
        'budget_without_lease',
        `budget \`${budget.name}\` has \`${withoutLease(budget)}\`, and gives no leases to sidecars`,
      ),
    ),
  ...rulesOf({ caller, target }, ground, isApproval).map(({ id }) =>
    obstacle('approval', `rule \`${id}\` may want an approval, and calls wait for people at a hub only`),
  ),
];

const obstacle = (code: ObstacleCode, text: string, isCured = false): Obstacle => ({ code, text, isCured });

const sidecarOfCaller = ({ kind, id }: Passed['caller'], { nodes }: Ground): readonly Obstacle[] => {
  if (kind !== 'agent')
    return [obstacle('no_caller_sidecar_possible', `${kind} \`${id}\` calls with a key and comes in at the hub`)];
  if (sidecarsOf(nodes, 'agent', id).length > 0) return [];
  return [
    obstacle(
      'no_caller_sidecar',
      `no sidecar has joined for the caller \`${id}\`; airspace token create --role sidecar --agent ${id}`,
      true,
    ),
  ];
};

const sidecarOfTarget = ({ kind, name, speech }: TargetEntry, { nodes }: Ground): readonly Obstacle[] => {
  if (speech?.protocol === 'plan')
    return [obstacle('no_target_sidecar_possible', `\`${name}\` is a plan, and plans run at hubs`)];
  if (kind === 'model')
    return [obstacle('no_target_sidecar_possible', `no sidecar stands in front of a model, and \`${name}\` is one`)];
  if (sidecarsOf(nodes, kind, name).length > 0) return [];
  return [
    obstacle(
      'no_target_sidecar',
      `no sidecar stands in front of ${kind} \`${name}\`; airspace token create --role sidecar --${kind} ${name}`,
      true,
    ),
  ];
};

export const sidecarsOf = (nodes: readonly NodeEntry[], kind: 'agent' | 'tool', name: string): readonly NodeEntry[] =>
  nodes.filter(
    ({ role, agent, tool }) =>
      role === 'sidecar' && (kind === 'tool' ? tool === name : tool === undefined && agent === name),
  );

const delegated = (target: TargetEntry, { snapshot }: Ground): readonly Obstacle[] => {
  const domain = domainTree(snapshot.domains).delegate(target.tenant, target.domain, '');
  return domain === undefined
    ? []
    : [obstacle('delegated_domain', `domain \`${domain}\` is delegated: only its own hub knows who runs in it`)];
};

/** Whose scope a call of the pair may be in. Who began the tree and which team somebody is in is not known here: then it may. */
export const budgetsOf = ({ caller, target }: Pair, { snapshot }: Ground): readonly BudgetEntry[] => {
  const above = domainTree(snapshot.domains).chain(target.tenant, caller.domain);
  return (snapshot.budgets ?? []).filter(({ tenant, scope }) => {
    if (tenant !== target.tenant) return false;
    if (scope.kind === 'domain') return above.includes(scope.name);
    if (scope.kind === 'agent') return caller.kind === 'agent' && caller.id === scope.name;
    if (scope.kind === 'target') return scope.target === target.kind && scope.name === target.name;
    return true;
  });
};

const withoutLease = ({ hard, soft }: BudgetEntry): string | undefined => {
  if (hard === 'pause') return 'hard: pause';
  return soft?.do === 'ask' ? 'soft: {do: ask}' : undefined;
};

const isApproval = ({ effect, annotations }: PolicyEntry): boolean =>
  effect === 'forbid' && annotations['remedy'] === 'approval';

/** Rules with a rate: each node counts for itself. */
export const ratesOf = (pair: Pair, ground: Ground): readonly PolicyEntry[] =>
  rulesOf(pair, ground, ({ annotations }) => annotations['rate'] !== undefined);

const rulesOf = (pair: Pair, { snapshot }: Ground, wanted: (rule: PolicyEntry) => boolean): readonly PolicyEntry[] => {
  const { caller, target } = pair;
  const tree = domainTree(snapshot.domains);
  const levels = new Set([
    'org',
    ...tree.chain(target.tenant, caller.domain),
    ...tree.chain(target.tenant, target.domain),
  ]);
  return snapshot.policy.levels
    .filter(({ tenant, level }) => tenant === target.tenant && levels.has(level))
    .flatMap(({ policies, limits }) => [...policies, ...limits])
    .filter((rule) => wanted(rule) && mayConcern(rule, pair));
};

/** By the head of the rule, and only what is certain: a rule about exactly somebody else, or exactly another target, is not about this pair. */
const mayConcern = ({ est }: PolicyEntry, { caller, target }: Pair): boolean => {
  const exactly = (part: string): { readonly type: string; readonly id: string } | undefined => {
    const scope = (est as Readonly<Record<string, { op?: string; entity?: unknown }>> | null)?.[part];
    if (scope?.op !== '==') return undefined;
    const entity = scope.entity as { type?: string; id?: string; __entity?: { type: string; id: string } } | undefined;
    const { type, id } = entity?.__entity ?? entity ?? {};
    return type === undefined || id === undefined ? undefined : { type, id };
  };
  const [principal, action, resource] = [exactly('principal'), exactly('action'), exactly('resource')];
  if (principal !== undefined && principal.id !== caller.id) return false;
  if (resource !== undefined && resource.id !== target.name) return false;
  return action === undefined || !action.id.includes('/') || action.id.startsWith(`${target.kind}/${target.name}/`);
};

export const instancesOf = (target: TargetEntry, { instances }: Ground): readonly InstanceEntry[] =>
  instances.filter(
    (one) => targetKey(one.tenant, one.kind, one.name) === targetKey(target.tenant, target.kind, target.name),
  );
