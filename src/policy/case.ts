/** Who asks for what, looked up in the registry: which levels decide it, and which of their policies can matter. */
import { FACT_READER, type FactEntry, type Principal, type Target } from '../contract/index.ts';
import { type CompiledPolicy, concerns } from './compile/index.ts';
import { EntityStore, entity } from './entities.ts';
import type { Engine } from './evaluate.ts';
import { dependencies } from './facts/index.ts';
import {
  type Case,
  type Level,
  ORG,
  type PreparedOperation,
  type PreparedPolicy,
  type PreparedTenant,
} from './prepare.ts';
import { operationId } from './schema.ts';
import { TEAM, type Teams } from './teams.ts';
import { EntityRef } from './value.ts';

/** Why there is nothing to evaluate. Missing means no. */
export interface Refusal {
  readonly code: 'NO_POLICY' | 'UNKNOWN_PRINCIPAL' | 'UNKNOWN_OPERATION' | 'UNKNOWN_DOMAIN';
  readonly reason: string;
}

export interface Found {
  readonly operation: PreparedOperation;
  readonly case: Case;
}

/** Callers remembered per operation; beyond that the memo starts again, so that it cannot grow without end. */
const MAX_CASES = 1000;

/** INVARIANT: domains and levels come from the snapshot and the proven credential, never from what a request says about itself. */
export const findCase = (prepared: PreparedPolicy, principal: Principal | null, target: Target): Found | Refusal => {
  if (principal === null) return refusal('UNKNOWN_PRINCIPAL', 'the call has no proven caller');
  const tenant = prepared.tenants.get(principal.tenant);
  if (!tenant?.levels.has(ORG))
    return refusal(
      'NO_POLICY',
      `tenant \`${principal.tenant}\` has no policy of level \`org\`; nothing is allowed until it has one`,
    );
  const operation = tenant.operations.get(operationId(target.kind, target.name, target.operation));
  if (operation === undefined)
    return refusal('UNKNOWN_OPERATION', `${target.kind} \`${target.name}\` has no operation \`${target.operation}\``);
  const key = JSON.stringify([principal.kind, principal.id, principal.roles, principal.domain, principal.teams]);
  const known = operation.cases.get(key);
  if (known !== undefined) return { operation, case: known };
  const made = makeCase(tenant, principal, operation, prepared.engine);
  if ('code' in made) return made;
  if (operation.cases.size >= MAX_CASES) operation.cases.clear();
  operation.cases.set(key, made);
  return { operation, case: made };
};

const refusal = (code: Refusal['code'], reason: string): Refusal => ({ code, reason });

const makeCase = (
  tenant: PreparedTenant,
  principal: Principal,
  operation: PreparedOperation,
  engine: Engine,
): Case | Refusal => {
  const caller = principal.kind === 'node' ? readerOf(tenant, principal, operation) : callerOf(tenant, principal);
  if ('code' in caller) return caller;
  const chain = new Set([ORG]);
  for (const start of [caller.domain, operation.target.domain]) {
    const missing = addChain(tenant, start, chain);
    if (missing !== undefined)
      return refusal('UNKNOWN_DOMAIN', `domain \`${missing}\` does not exist, so its policy cannot be asked`);
  }
  const { action, resource } = operation;
  const env = { principal: caller.ref, action, resource, entities: caller.entities };
  const levels = [...chain]
    .flatMap((name) => tenant.levelsOf.get(name) ?? [])
    .map((level) => sliceLevel(level, env, engine));
  const concerned = levels.flatMap((level) => concernedIn(level, env));
  const facts = operation.facts.filter(({ name }) => concerned.some((policy) => readsFact(policy, name)));
  return {
    env,
    teams: tenant.teams,
    levels,
    readsArguments: concerned.some((policy) => policy.readsArguments),
    facts,
    asks: withDependencies(tenant, facts),
  };
};

/**
 * Airspace itself, asking for a fact. INVARIANT: it calls nothing else, and what it calls is served by no fact; so a node that
 * lies can ask what policy lets facts ask, and no more.
 */
const readerOf = (tenant: PreparedTenant, { id }: Principal, { asked, facts }: PreparedOperation): Caller | Refusal =>
  id === FACT_READER && asked && facts.length === 0
    ? { ref: new EntityRef('Agent', id), domain: '', entities: tenant.entities }
    : refusal('UNKNOWN_PRINCIPAL', `node \`${id}\` may not call this; nodes only ask what a fact asks`);

interface Caller {
  readonly ref: EntityRef;
  readonly domain: string;
  readonly entities: EntityStore;
}

const callerOf = (tenant: PreparedTenant, principal: Principal): Caller | Refusal => {
  const { kind, id } = principal;
  if (kind === 'user') return userOf(tenant, principal);
  const agent = kind === 'agent' ? tenant.agents.get(id) : undefined;
  if (agent === undefined) return refusal('UNKNOWN_PRINCIPAL', `${kind} \`${id}\` is no agent or user of this tenant`);
  return { ref: new EntityRef('Agent', id), domain: agent.domain, entities: tenant.entities };
};

/**
 * A user's roles and domain are those that the credential proves; a domain can only add a level, so it can only tighten. Teams
 * are those of the configuration and those that a token names.
 */
const userOf = (tenant: PreparedTenant, user: Principal): Caller => ({
  ref: new EntityRef('User', user.id),
  domain: user.domain ?? '',
  entities: withUser(user, tenant.entities, tenant.teams),
});

/** A user as its credential shows it, beside whoever is known already. */
export const withUser = (
  { id, roles, teams = [] }: Pick<Principal, 'id' | 'roles' | 'teams'>,
  entities: EntityStore,
  known: Teams,
): EntityStore => {
  const parents = [
    ...roles.map((role) => new EntityRef('Role', role)),
    ...known.ofUser(id),
    ...teams.map((team) => new EntityRef(TEAM, team)),
  ];
  return new EntityStore([entity(new EntityRef('User', id), parents, new Map([['name', id]]))], entities);
};

/** Adds a domain and its ancestors. Answers the first that does not exist: without it, a guard might be passed by. */
const addChain = (tenant: PreparedTenant, start: string, chain: Set<string>): string | undefined => {
  const seen = new Set<string>();
  for (let name = start; name !== '' && !seen.has(name); ) {
    const domain = tenant.domains.get(name);
    if (domain === undefined) return name;
    seen.add(name);
    chain.add(name);
    name = domain.parent;
  }
  return undefined;
};

/** By the scopes themselves: an engine may leave out none, and what it leaves in must not change what is asked of a call. */
const concernedIn = ({ policies, limits }: Level, env: Case['env']): readonly CompiledPolicy[] =>
  [...policies, ...limits.map(({ policy }) => policy)].filter((policy) => concerns(policy, env));

const readsFact = ({ readsFacts }: CompiledPolicy, name: string): boolean =>
  readsFacts === 'all' || readsFacts.has(name);

/** In the order of the tenant, in which each fact comes after those that it is built from. */
const withDependencies = (tenant: PreparedTenant, facts: readonly FactEntry[]): readonly FactEntry[] => {
  const wanted = new Set(facts.map(({ name }) => name));
  for (const { name, ask } of tenant.facts.toReversed())
    if (wanted.has(name)) for (const before of dependencies(ask?.body ?? {})) wanted.add(before);
  return tenant.facts.filter(({ name }) => wanted.has(name));
};

const sliceLevel = ({ name, of, policies, limits, instead }: Level, env: Case['env'], engine: Engine): Level => {
  const concerned = new Set(
    (instead.limits ?? engine).slice(
      limits.map(({ policy }) => policy),
      env,
    ),
  );
  return {
    name,
    of,
    policies: (instead.policies ?? engine).slice(policies, env),
    limits: limits.filter(({ policy }) => concerned.has(policy)),
    instead,
  };
};
