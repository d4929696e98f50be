/** Resources to the snapshot that nodes run: resolved, flat and complete, so that a node looks nothing up anywhere else. */
import {
  type DomainEntry,
  idOf,
  inputOf,
  type KeyEntry,
  meshPercentOf,
  operationsOf,
  type Resource,
  type ResourceKind,
  type ResourceOf,
  type RouteEntry,
  resourceKey,
  type Snapshot,
  type Speech,
  type StalenessEntry,
  type TargetEntry,
  type TargetKind,
  type TargetSpec,
  type TeamEntry,
  type TreeLimitsEntry,
} from '../contract/index.ts';
import { budgetEntry, type PriceOf, pricesOf } from './budgets.ts';
import type { Configuration } from './configuration.ts';
import { planEntry, planOperations, planTarget } from './plans.ts';
import { refuseIfAny } from './problems.ts';

/** Cedar text of one level of one tenant, with the name of the file that it came from. */
export interface PolicyText {
  readonly tenant: string;
  readonly level: string;
  readonly policies: { readonly text: string; readonly source: string };
  readonly limits?: { readonly text: string; readonly source: string };
}

/** Names of everything that policies can be about, in all tenants: a rule about nobody is a typing mistake. */
export interface PolicyWorld {
  readonly targets: readonly {
    readonly tenant: string;
    readonly kind: TargetKind;
    readonly name: string;
    readonly domain: string;
    /** `input` is the JSON Schema of the payload. */
    readonly operations: readonly {
      readonly name: string;
      readonly effect: string;
      readonly input?: object | undefined;
    }[];
  }[];
  readonly domains: readonly DomainEntry[];
  readonly users: readonly {
    readonly tenant: string;
    readonly name: string;
    readonly domain: string;
    readonly roles: readonly string[];
  }[];
  readonly teams: readonly TeamEntry[];
  /** What policies may know besides the call; the policy room checks what they name. */
  readonly facts: readonly {
    readonly tenant: string;
    readonly name: string;
    readonly spec: ResourceOf<'Fact'>['spec'];
    readonly source: string;
  }[];
}

/** The policy room's compiler. Throws Fault `bad_request` whose fact `problems` names file and line. */
export type CompilePolicy = (bundles: readonly PolicyText[], world: PolicyWorld) => Promise<Snapshot['policy']>;

/** A snapshot that has no number yet: numbers are taken only for what will be published. */
export type Draft = Omit<Snapshot, 'seq' | 'revision' | 'createdAtMs'>;

/**
 * Compiles a checked configuration. The order of its resources does not matter; that of the result is by key. `originOf` names
 * the place that a resource came from: policy text that stands in it is found by that. `wallMs` is when: prices change with time.
 */
export const compile = async (
  configuration: Configuration,
  compilePolicy: CompilePolicy,
  originOf: (key: string) => string = (key) => key,
  wallMs = 0,
): Promise<Draft> => {
  const all = [...configuration.keys()].sort().map((key) => configuration.get(key)!);
  const called = [
    ...of(all, 'Agent').map((resource) => ({ kind: 'agent' as const, resource })),
    ...of(all, 'Tool').map((resource) => ({ kind: 'tool' as const, resource })),
    ...of(all, 'Model').map((resource) => ({ kind: 'model' as const, resource })),
  ];
  const plans = of(all, 'Plan');
  const domains = of(all, 'Domain').map(domainEntry);
  const teams = of(all, 'Team').map(teamEntry);
  const providers = of(all, 'IdentityProvider').map(({ metadata: { tenant, name }, spec }) => ({
    tenant,
    name,
    ...spec,
  }));
  const trusting = new Set(providers.map(({ tenant }) => tenant));
  const world: PolicyWorld = {
    targets: [
      ...called.map(({ kind, resource: { metadata, spec } }) => ({
        tenant: metadata.tenant,
        kind,
        name: metadata.name,
        domain: metadata.domain ?? '',
        operations: operationsOf(spec.protocol, spec.operations).map((operation) => ({
          name: operation.name,
          effect: operation.effect,
          input: inputOf(operation),
        })),
      })),
      ...plans.map((plan) => ({
        tenant: plan.metadata.tenant,
        kind: 'agent' as const,
        name: plan.metadata.name,
        domain: plan.metadata.domain ?? '',
        operations: planOperations(plan),
      })),
    ],
    domains,
    users: of(all, 'User').map(userEntry),
    teams,
    facts: of(all, 'Fact').map(({ metadata: { tenant, name }, spec }) => ({
      tenant,
      name,
      spec,
      source: originOf(resourceKey({ tenant, kind: 'Fact', name })),
    })),
  };
  const prices = await pricesOf(
    called.map(({ resource }) => resource),
    wallMs,
  );
  refuseIfAny(
    prices.problems.map(
      ({ resource, text }) =>
        `${originOf(resourceKey(idOf(resource)))}: ${resource.kind} \`${resource.metadata.name}\`: ${text}`,
    ),
  );
  const budgets = of(all, 'Budget').map(budgetEntry);
  return {
    targets: [...called.map(({ kind, resource }) => targetEntry(kind, resource, prices.of)), ...plans.map(planTarget)],
    ...(plans.length === 0 ? {} : { plans: plans.map(planEntry) }),
    ...(budgets.length === 0 ? {} : { budgets }),
    routes: of(all, 'Route').map(routeEntry),
    domains,
    ...treesIn(of(all, 'TreeLimits')),
    ...stalenessIn(of(all, 'Staleness')),
    keys: of(all, 'Key').map((resource) => keyEntry(resource, configuration)),
    ...(teams.length === 0 ? {} : { teams }),
    ...(providers.length === 0
      ? {}
      : {
          providers,
          users: of(all, 'User')
            .filter(({ metadata: { tenant } }) => trusting.has(tenant))
            .map((user) => ({ ...userEntry(user), ...administersOf(user) })),
        }),
    policy: await compilePolicy(
      of(all, 'PolicyBundle').map((bundle) => policyText(bundle, originOf(resourceKey(idOf(bundle))))),
      world,
    ),
  };
};

const of = <K extends ResourceKind>(resources: readonly Resource[], kind: K): readonly ResourceOf<K>[] =>
  resources.filter((resource): resource is ResourceOf<K> => resource.kind === kind);

const targetEntry = (
  kind: TargetEntry['kind'],
  resource: ResourceOf<'Agent' | 'Tool' | 'Model'>,
  priceOf: PriceOf,
): TargetEntry => {
  const { metadata, spec } = resource;
  return {
    tenant: metadata.tenant,
    kind,
    name: metadata.name,
    domain: metadata.domain ?? '',
    ...(metadata.owner === undefined ? {} : { owner: metadata.owner }),
    labels: metadata.labels,
    endpoints: spec.endpoints,
    operations: operationsOf(spec.protocol, spec.operations).map((operation) => ({
      name: operation.name,
      effect: operation.effect,
      idempotent: operation.idempotent ?? operation.effect === 'read',
      ...defined({
        description: operation.description,
        sensitive: operation.sensitive === true ? true : undefined,
        input: inputOf(operation),
        definition: operation.definition,
        reconcile: operation.reconcile,
        provides: operation.provides?.map(({ shared, ...rest }) => (shared === true ? { ...rest, shared } : rest)),
        price: priceOf(resource, operation.name),
      }),
    })),
    health: spec.health ?? null,
    concurrency: spec.concurrency,
    timeoutMs: spec.timeoutMs ?? null,
    ...defined({
      near: spec.near === true ? (true as const) : undefined,
      credential: spec.credential,
      speech: speechOf(spec),
      description: spec.description,
      aliases: spec.aliases,
      fallback: spec.fallback,
      card: spec.card,
      exportedBy: metadata.exportedBy,
    }),
  };
};

/** Nothing for what is undefined, so that a configuration that does not speak of it is the same snapshot as ever. */
const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const speechOf = ({ protocol, protocolVersion, binding, model }: TargetSpec): Speech | undefined =>
  protocol === 'http'
    ? undefined
    : { protocol, version: protocolVersion ?? '', binding: binding ?? '', model: model ?? '' };

/** 0 is for control traffic; no route can ask for it. */
const PRIORITY = { interactive: 1, standard: 2, batch: 3 } as const;

const routeEntry = ({ metadata, spec }: ResourceOf<'Route'>): RouteEntry => ({
  tenant: metadata.tenant,
  name: metadata.name,
  fromAgents: spec.from.agents ?? [],
  fromDomains: spec.from.domains ?? [],
  toKind: spec.to.kind,
  toName: spec.to.name,
  toDomain: spec.to.domain ?? '',
  ...wayOf(spec),
  timeoutMs: spec.timeoutMs ?? null,
  attempts: spec.attempts,
  priority: PRIORITY[spec.priority],
});

/** All and none have one form each, so that a move that is over leaves the same snapshot as a route that never moved. */
const wayOf = ({
  via,
  withoutPeer,
}: ResourceOf<'Route'>['spec']): Pick<RouteEntry, 'via' | 'meshPercent' | 'withoutPeer'> => {
  const percent = meshPercentOf(via);
  return {
    via: percent === 100 ? 'mesh' : 'hub',
    ...(percent > 0 && percent < 100 ? { meshPercent: percent } : {}),
    ...(percent > 0 && withoutPeer === 'hub' ? { withoutPeer } : {}),
  };
};

const domainEntry = ({ metadata, spec }: ResourceOf<'Domain'>): DomainEntry => ({
  tenant: metadata.tenant,
  name: metadata.name,
  parent: spec.parent ?? '',
  delegated: spec.delegated,
  ...defined({
    exports: spec.exports,
    direct: spec.direct === true ? (true as const) : undefined,
    telemetry: spec.telemetry === 'sums' ? ('sums' as const) : undefined,
    exportedBy: metadata.exportedBy,
  }),
});

const teamEntry = ({ metadata, spec }: ResourceOf<'Team'>): TeamEntry => ({
  tenant: metadata.tenant,
  name: metadata.name,
  users: spec.users,
  agents: spec.agents,
});
/** Absent where nobody says anything, so that a configuration without them is the same snapshot as ever. */
const treesIn = (resources: readonly ResourceOf<'TreeLimits'>[]): Pick<Snapshot, 'trees'> =>
  resources.length === 0 ? {} : { trees: resources.map(treesEntry) };

const treesEntry = ({ metadata, spec }: ResourceOf<'TreeLimits'>): TreeLimitsEntry => {
  const { level, delegation, ...said } = spec;
  const limits = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { tenant: metadata.tenant, level, limits, delegation };
};

const stalenessIn = (resources: readonly ResourceOf<'Staleness'>[]): Pick<Snapshot, 'staleness'> =>
  resources.length === 0 ? {} : { staleness: resources.map(stalenessEntry) };

const stalenessEntry = ({ metadata, spec: { level, ...bounds } }: ResourceOf<'Staleness'>): StalenessEntry => ({
  tenant: metadata.tenant,
  level,
  bounds: defined(bounds),
});

const userEntry = ({ metadata, spec }: ResourceOf<'User'>): PolicyWorld['users'][number] => ({
  tenant: metadata.tenant,
  name: metadata.name,
  domain: metadata.domain ?? '',
  roles: spec.roles,
});

const policyText = ({ metadata, spec }: ResourceOf<'PolicyBundle'>, origin: string): PolicyText => {
  const named = (field: string, source: { readonly text: string; readonly source?: string | undefined }) => ({
    text: source.text,
    source: source.source ?? `${origin}: PolicyBundle \`${metadata.name}\`: spec.${field}.text`,
  });
  return {
    tenant: metadata.tenant,
    level: spec.level,
    policies: named('policies', spec.policies),
    ...(spec.limits === undefined ? {} : { limits: named('limits', spec.limits) }),
  };
};

/** Absent where there is none: most keys are agents'. */
const administersOf = (owner: Resource | undefined): Pick<KeyEntry['principal'], 'administers'> =>
  owner?.kind === 'User' && (owner.spec.administers ?? []).length > 0
    ? { administers: owner.spec.administers ?? [] }
    : {};

const keyEntry = ({ metadata, spec }: ResourceOf<'Key'>, configuration: Configuration): KeyEntry => {
  const { kind, name } = spec.principal;
  const ownerKind = kind === 'agent' ? 'Agent' : 'User';
  const owner = configuration.get(resourceKey({ tenant: metadata.tenant, kind: ownerKind, name }));
  return {
    id: metadata.name,
    tenant: metadata.tenant,
    // A key without one was refused before; no secret has the empty digest.
    secretHash: spec.secretHash ?? '',
    principal: {
      kind,
      name,
      domain: owner?.metadata.domain ?? '',
      roles: owner?.kind === 'User' ? owner.spec.roles : [],
      ...administersOf(owner),
    },
    expiresAtMs: spec.expiresAt === undefined ? null : Date.parse(spec.expiresAt),
    ...(spec.scopes === undefined ? {} : { scopes: spec.scopes }),
  };
};
