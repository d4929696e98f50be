/** All resource kinds: one schema each, from which types, JSON Schema, `explain` and error messages derive. */
import { z } from 'zod';
import { AlertSpec } from './alert.ts';
import { BudgetSpec } from './budget.ts';
import { FactSpec } from './fact.ts';
import { DomainSpec, KeySpec, PolicyBundleSpec, RouteSpec, TeamSpec, UserSpec } from './governance.ts';
import { API_VERSION, Metadata } from './metadata.ts';
import { PlanSpec } from './plan.ts';
import { IdentityProviderSpec } from './provider.ts';
import { StalenessSpec } from './staleness.ts';
import { TargetSpec } from './target.ts';
import { TreeLimitsSpec } from './trees.ts';

const resource = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({ apiVersion: z.literal(API_VERSION), kind: z.literal(kind), metadata: Metadata, spec });

/** The schema of each kind. Whatever goes through all kinds goes through this. */
export const SCHEMAS = {
  Agent: resource('Agent', TargetSpec),
  Tool: resource('Tool', TargetSpec),
  Model: resource('Model', TargetSpec),
  Route: resource('Route', RouteSpec),
  Plan: resource('Plan', PlanSpec),
  PolicyBundle: resource('PolicyBundle', PolicyBundleSpec),
  Fact: resource('Fact', FactSpec),
  Budget: resource('Budget', BudgetSpec),
  Alert: resource('Alert', AlertSpec),
  Domain: resource('Domain', DomainSpec),
  TreeLimits: resource('TreeLimits', TreeLimitsSpec),
  Staleness: resource('Staleness', StalenessSpec),
  User: resource('User', UserSpec),
  Team: resource('Team', TeamSpec),
  Key: resource('Key', KeySpec),
  IdentityProvider: resource('IdentityProvider', IdentityProviderSpec),
};

type Schema = (typeof SCHEMAS)[keyof typeof SCHEMAS];

export const Resource = z.discriminatedUnion('kind', Object.values(SCHEMAS) as [Schema, ...Schema[]]);
export type Resource = z.output<typeof Resource>;
export type ResourceKind = Resource['kind'];
export type ResourceOf<K extends ResourceKind> = Extract<Resource, { kind: K }>;

/** Kinds in the order in which people meet them, with the words that the CLI accepts. */
export const KINDS: Readonly<Record<ResourceKind, { readonly plural: string; readonly short: string }>> = {
  Agent: { plural: 'agents', short: 'ag' },
  Tool: { plural: 'tools', short: 'tl' },
  Model: { plural: 'models', short: 'md' },
  Route: { plural: 'routes', short: 'rt' },
  Plan: { plural: 'plans', short: 'pl' },
  PolicyBundle: { plural: 'policies', short: 'pol' },
  Fact: { plural: 'facts', short: 'fc' },
  Budget: { plural: 'budgets', short: 'bud' },
  Alert: { plural: 'alerts', short: 'al' },
  Domain: { plural: 'domains', short: 'dom' },
  TreeLimits: { plural: 'treelimits', short: 'tr' },
  Staleness: { plural: 'stalenesses', short: 'stale' },
  User: { plural: 'users', short: 'usr' },
  Team: { plural: 'teams', short: 'tm' },
  Key: { plural: 'keys', short: 'key' },
  IdentityProvider: { plural: 'identityproviders', short: 'idp' },
};

/** `tenant/Kind/name`: the identity of a resource for its whole life. */
export interface ResourceId {
  readonly tenant: string;
  readonly kind: ResourceKind;
  readonly name: string;
}

export const resourceKey = (id: ResourceId): string => `${id.tenant}/${id.kind}/${id.name}`;

export const idOf = (resource: Resource): ResourceId => ({
  tenant: resource.metadata.tenant,
  kind: resource.kind,
  name: resource.metadata.name,
});

export type { AlertSpec } from './alert.ts';
export { type BudgetSpec, Money, type PriceSpec, type WindowLength } from './budget.ts';
export type { FactSource, FactSpec } from './fact.ts';
export { meshPercentOf, type RouteSpec } from './governance.ts';
export {
  API_VERSION,
  CapabilityName,
  CapabilityVersion,
  DEFAULT_TENANT,
  Labels,
  Metadata,
  Name,
  OperationName,
} from './metadata.ts';
export { PlanBody, PlanSpec, StepName, StepSpec } from './plan.ts';
export type { IdentityProviderSpec } from './provider.ts';
export type { Operation, TargetSpec } from './target.ts';
export { Effect, EndpointSpec, HttpUrl, inputOf } from './target.ts';
