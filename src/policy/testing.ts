/** Worlds for tests of this room: short notation in, complete snapshot parts out. */
import type {
  Call,
  DomainEntry,
  Effect,
  Principal,
  Priority,
  TargetEntry,
  TargetKind,
  TeamEntry,
} from '../contract/index.ts';
import { FactSpec } from '../contract/resources/fact.ts';
import { payloadOf } from '../kernel/index.ts';
import { type Bundle, compilePolicy } from './bundle.ts';
import type { PolicyRequest } from './decide.ts';
import type { FactDeclaration } from './facts/index.ts';
import type { RegistryNames } from './names.ts';
import type { PolicyWorld } from './prepare.ts';

export interface ShortWorld {
  readonly domains: readonly { readonly name: string; readonly parent?: string }[];
  readonly users: readonly { readonly name: string; readonly roles?: readonly string[] }[];
  /** Users of each team. */
  readonly teams?: Readonly<Record<string, readonly string[]>>;
  readonly targets: readonly {
    readonly kind: TargetKind;
    readonly name: string;
    readonly domain?: string;
    readonly labels?: Readonly<Record<string, string>>;
    /** `input` is the JSON Schema of the payload. */
    readonly operations: readonly { readonly name: string; readonly effect: Effect; readonly input?: object }[];
  }[];
  /** By name, as `spec` of a Fact. */
  readonly facts?: Readonly<Record<string, object>>;
}

export type ShortBundles = Readonly<Record<string, { readonly policies: string; readonly limits?: string }>>;

export interface Ask {
  readonly tenant?: string;
  readonly agent?: string;
  readonly user?: string;
  readonly node?: string;
  readonly roles?: readonly string[];
  /** Domain that a user's credential proves. */
  readonly domain?: string;
  /** `kind/target/operation` */
  readonly call: string;
  readonly depth?: number;
  readonly at?: string;
  /** The payload, as a value or as text that is not JSON at all. */
  readonly body?: unknown;
  readonly text?: string;
  readonly contentType?: string;
  /** What information points answered, by name. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

const TENANT = 'default';

export const targetsOf = ({ targets }: ShortWorld): TargetEntry[] =>
  targets.map(({ kind, name, domain = '', labels = {}, operations }) => ({
    tenant: TENANT,
    kind,
    name,
    domain,
    labels,
    endpoints: [],
    operations: operations.map(({ name, effect }) => ({ name, effect, idempotent: effect === 'read' })),
    health: null,
    concurrency: 1,
    timeoutMs: null,
  }));

export const domainsOf = ({ domains }: ShortWorld): DomainEntry[] =>
  domains.map(({ name, parent = '' }) => ({ tenant: TENANT, name, parent, delegated: false }));

const teamsOf = ({ teams = {} }: ShortWorld): TeamEntry[] =>
  Object.entries(teams).map(([name, users]) => ({ tenant: TENANT, name, users, agents: [] }));

const registryOf = ({ targets }: ShortWorld): RegistryNames['targets'] =>
  targets.map((target) => ({ ...target, tenant: TENANT, domain: target.domain ?? '' }));

export const compileWorld = async (world: ShortWorld, bundles: ShortBundles): Promise<PolicyWorld> => {
  const targets = targetsOf(world);
  const domains = domainsOf(world);
  const teams = teamsOf(world);
  const registry = {
    targets: registryOf(world),
    domains,
    teams,
    facts: factsOf(world),
    users: world.users.map(({ name, roles = [] }) => ({ tenant: TENANT, name, roles })),
  };
  return { policy: await compilePolicy(bundlesOf(bundles), registry), targets, domains, teams };
};

export const factsOf = ({ facts = {} }: ShortWorld): FactDeclaration[] =>
  Object.entries(facts).map(([name, spec]) => ({
    tenant: TENANT,
    name,
    spec: FactSpec.parse(spec),
    source: 'facts.yaml',
  }));

export const bundlesOf = (bundles: ShortBundles): Bundle[] =>
  Object.entries(bundles).map(([level, { policies, limits }]) => ({
    tenant: TENANT,
    level,
    policies: { text: policies, source: `${level}.cedar` },
    limits: limits === undefined ? undefined : { text: limits, source: `${level}.limits.cedar` },
  }));

export const requestOf = (ask: Ask): PolicyRequest => {
  const [kind, name = '', operation = ''] = ask.call.split('/') as [TargetKind, string?, string?];
  return {
    principal: principalOf(ask),
    target: { kind, name, operation },
    depth: ask.depth ?? 0,
    session: false,
    priority: 2 as Priority,
    atMs: Date.parse(ask.at ?? '2026-11-26T10:00:00Z'),
    ...payloadIn(ask),
    ...(ask.facts === undefined ? {} : { facts: { values: ask.facts } }),
  };
};

/** What a call would bring; absent when the question does not say. */
const payloadIn = ({ body, text, contentType = 'application/json' }: Ask): Pick<PolicyRequest, 'payload'> => {
  if (body === undefined && text === undefined) return {};
  const bytes = new TextEncoder().encode(text ?? JSON.stringify(body));
  return { payload: payloadOf({ contentType, body: { kind: 'bytes', bytes } }) };
};

const principalOf = ({ tenant = TENANT, agent, user, node, roles = [], domain }: Ask): Principal | null => {
  if (agent !== undefined) return { kind: 'agent', tenant, id: agent, roles };
  if (user !== undefined) return { kind: 'user', tenant, id: user, roles, ...(domain === undefined ? {} : { domain }) };
  return node === undefined ? null : { kind: 'node', tenant, id: node, roles };
};

export const callOf = (ask: Ask): Call => {
  const { principal, target, depth } = requestOf(ask);
  return {
    id: 'c'.repeat(32),
    credential: { kind: 'none' },
    principal,
    target,
    contentType: 'application/json',
    accept: '*/*',
    body: { kind: 'bytes', bytes: new Uint8Array([1, 2, 3]) },
    headers: [],
    trace: { trace: 'a'.repeat(32), sampled: true },
    lineage: { root: 'r', depth },
    priority: 1,
    stream: false,
    via: [],
    retriedElsewhere: false,
  };
};
