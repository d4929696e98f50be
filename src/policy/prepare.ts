/** Makes a snapshot ready for decisions: policies compiled, entities built, who touches which level worked out once. */
import type {
  Constraints,
  DomainEntry,
  FactEntry,
  OperationEntry,
  PolicyEntry,
  RecordArgument,
  Snapshot,
  Target,
  TargetEntry,
} from '../contract/index.ts';
import { FACT_READER, Fault, MCP_PREFIX } from '../contract/index.ts';
import { annotationProblems, constraintsOf } from './annotations.ts';
import { type CompiledPolicy, type CompileOptions, compileOrMark, type Env } from './compile/index.ts';
import { type Entity, EntityStore, entity } from './entities.ts';
import { CLOSURES, type Engine, type Outcome } from './evaluate.ts';
import { fallbackEngine, type SchemaFor } from './fallback/index.ts';
import { ACTION_OF, CEDAR_LANGUAGE, operationId, schemaOf, TYPE_OF } from './schema.ts';
import { type Teams, teamsOf } from './teams.ts';
import { CedarRecord, EntityRef, type Value } from './value.ts';

export type PolicyWorld = Pick<Snapshot, 'policy' | 'targets' | 'domains' | 'teams'>;

export interface LimitRule {
  readonly policy: CompiledPolicy;
  readonly constraints: Constraints;
}

export interface Level {
  readonly name: string;
  /** `org`, or the domain whose calls it decides. */
  readonly of: string;
  readonly policies: readonly CompiledPolicy[];
  readonly limits: readonly LimitRule[];
  /** Who decides a set that has an operator which the compiler does not know. Absent: the engine of the policy. */
  readonly instead: { readonly policies?: Engine; readonly limits?: Engine };
}

export interface PreparedOperation {
  readonly target: TargetEntry;
  readonly operation: OperationEntry;
  readonly action: EntityRef;
  readonly resource: EntityRef;
  /** Null: the context of its calls has no `args`. */
  readonly arguments: RecordArgument | null;
  /** Facts that its policies may read. */
  readonly facts: readonly FactEntry[];
  /** A fact asks it, or it is what an MCP server offers: then `FACT_READER` may be its caller. */
  readonly asked: boolean;
  /** What `caseOf` worked out for each caller; a memo, so it may be emptied at any time. */
  readonly cases: Map<string, Case>;
}

/** A caller and an operation: everything about a decision that does not depend on the circumstances of one call. */
export interface Case {
  readonly env: Omit<Env, 'context'>;
  /** Of the tenant: for users who are no caller, such as the one that a tree began with. */
  readonly teams: Teams;
  /** `org` first. Sliced: only policies whose scope matches. */
  readonly levels: readonly Level[];
  /** One of the policies reads the arguments: the payload has to be parsed. */
  readonly readsArguments: boolean;
  /** What the context has under `facts`: those that one of the policies reads. */
  readonly facts: readonly FactEntry[];
  /** The same with those that they are built from, each after what it needs. */
  readonly asks: readonly FactEntry[];
}

/** One tenant's policy, alone: nothing in here knows that other tenants exist. */
export interface PreparedTenant {
  readonly levels: ReadonlyMap<string, Level>;
  /** The same by whose calls they decide: the hubs of a tree may each have said something about one domain, and all of it holds. */
  readonly levelsOf: ReadonlyMap<string, readonly Level[]>;
  readonly domains: ReadonlyMap<string, DomainEntry>;
  readonly agents: ReadonlyMap<string, TargetEntry>;
  /** By `operationId`. */
  readonly operations: ReadonlyMap<string, PreparedOperation>;
  readonly entities: EntityStore;
  readonly teams: Teams;
  /** All of them, each after those that it is built from. */
  readonly facts: readonly FactEntry[];
}

export interface PreparedPolicy {
  readonly version: string;
  readonly tenants: ReadonlyMap<string, PreparedTenant>;
  readonly engine: Engine;
}

export const ORG = 'org';

export interface PrepareOptions extends Pick<CompileOptions, 'knows'> {
  /** Told of every evaluation by cedar-wasm, because an operator is unknown here. */
  readonly onFallback?: (outcome: Outcome) => void;
}

/** Throws Fault `bad_request` when a policy cannot be compiled: a node must refuse such a snapshot, not run a part of it. */
export const preparePolicy = (
  world: PolicyWorld,
  engine: Engine = CLOSURES,
  options: PrepareOptions = {},
): PreparedPolicy => {
  const { policy, targets, domains } = world;
  if (policy.cedar !== CEDAR_LANGUAGE)
    throw new Fault(
      'bad_request',
      `the policy is written in cedar ${policy.cedar} and this node speaks ${CEDAR_LANGUAGE}`,
    );
  // What a node finds on its disk may be older than the node; without the types no rule about an argument could be held.
  if (!Array.isArray(policy.arguments))
    throw new Fault(
      'bad_request',
      'the snapshot says nothing about arguments: it was made before policies could read them',
    );
  const names = new Set([...policy.levels, ...targets, ...domains].map(({ tenant }) => tenant));
  return {
    version: policy.version,
    tenants: new Map([...names].map((tenant) => [tenant, prepareTenant(world, tenant, options)])),
    engine,
  };
};

const prepareTenant = (world: PolicyWorld, tenant: string, options: PrepareOptions): PreparedTenant => {
  const ours = <T extends { readonly tenant: string }>(entries: readonly T[]): T[] =>
    entries.filter((entry) => entry.tenant === tenant);
  const targets = ours(world.targets);
  const domains = ours(world.domains);
  const typed = new Map(ours(world.policy.arguments).map(({ operation, type }) => [operation, type]));
  const facts = ours(world.policy.facts ?? []);
  const operations = new Map(targets.flatMap((target) => prepareOperations(target, typed, facts)));
  const teams = teamsOf(ours(world.teams ?? []));
  const levels = prepareLevels(ours(world.policy.levels), options, schemaOver(operations));
  return {
    facts,
    teams,
    levels,
    levelsOf: Map.groupBy(levels.values(), ({ of }) => of),
    domains: new Map(domains.map((domain) => [domain.name, domain])),
    agents: new Map(targets.filter(({ kind }) => kind === 'agent').map((target) => [target.name, target])),
    operations,
    entities: new EntityStore([
      ...actionEntities(world.policy.actionParents),
      entity(new EntityRef(TYPE_OF.agent, FACT_READER), [], new Map([['name', FACT_READER]])),
      ...domains.map(domainEntity),
      ...targets.flatMap((target) => targetEntities(target, teams)),
    ]),
  };
};

const prepareLevels = (
  levels: Snapshot['policy']['levels'],
  options: PrepareOptions,
  schemaFor: SchemaFor,
): Map<string, Level> => {
  const prepared = new Map<string, Level>();
  const instead = (rules: readonly CompiledPolicy[]): Engine | undefined =>
    rules.every(({ unknown }) => unknown.size === 0)
      ? undefined
      : fallbackEngine({ rules, schemaFor, decided: options.onFallback ?? (() => undefined) });
  for (const { level, of, policies, limits } of levels) {
    if (prepared.has(level)) throw new Fault('bad_request', `the snapshot has level \`${level}\` twice`);
    const rules = policies.map((entry) => compileOrMark(entry, options));
    const limiting = limits.map((entry) => prepareLimit(entry, level, options));
    const deciding = instead(rules);
    const bounding = instead(limiting.map(({ policy }) => policy));
    prepared.set(level, {
      name: level,
      of: of ?? level,
      policies: rules,
      limits: limiting,
      instead: {
        ...(deciding === undefined ? {} : { policies: deciding }),
        ...(bounding === undefined ? {} : { limits: bounding }),
      },
    });
  }
  return prepared;
};

const prepareLimit = (entry: PolicyEntry, level: string, options: PrepareOptions): LimitRule => {
  // A limit that cannot be read would not limit.
  const [problem] = annotationProblems('limits', entry);
  if (problem !== undefined) throw new Fault('bad_request', `limit rule \`${entry.id}\`: ${problem}`);
  return { policy: compileOrMark(entry, options), constraints: constraintsOf(entry, level) };
};

/** As the validator had it, of the actions that one request and its rules can be about, and no more than its context has. */
const schemaOver =
  (operations: ReadonlyMap<string, PreparedOperation>): SchemaFor =>
  ({ action, context: { fields } }, named) => {
    const there = fields.get('facts');
    const isThere = ({ name }: FactEntry): boolean => there instanceof CedarRecord && there.fields.has(name);
    return schemaOf(
      [...new Set([action.id, ...named])].flatMap((id) => {
        const operation = operations.get(id);
        if (operation === undefined) return [];
        const { target, arguments: args, facts } = operation;
        return id === action.id
          ? [{ id, kind: target.kind, args: fields.has('args') ? args : null, facts: facts.filter(isThere) }]
          : [{ id, kind: target.kind, args, facts }];
      }),
    );
  };

const prepareOperations = (
  target: TargetEntry,
  typed: ReadonlyMap<string, RecordArgument>,
  facts: readonly FactEntry[],
): [string, PreparedOperation][] =>
  target.operations.map((operation, at) => {
    const { resource, action } = refsOf(target)[at]!;
    const types = typed.get(resource.id) ?? null;
    const serving = facts.filter(({ serves }) => serves.includes(resource.id));
    const isAsked = facts.some(({ ask }) => ask !== null && operationIdOf(ask.target) === resource.id);
    const asked = isAsked || isList(target, operation);
    const memo = { cases: new Map<string, Case>() };
    return [resource.id, { target, operation, action, resource, arguments: types, facts: serving, asked, ...memo }];
  });

/** What Airspace may look at by itself, if policy permits it: the names and definitions that a server gives of its tools. */
const isList = ({ speech }: TargetEntry, { name }: OperationEntry): boolean =>
  speech?.protocol === 'mcp' && name === `${MCP_PREFIX}list`;

const operationIdOf = ({ kind, name, operation }: Target): string => operationId(kind, name, operation);

interface Refs {
  readonly resource: EntityRef;
  readonly action: EntityRef;
}

/** In the order of its operations. The same targets come with one snapshot after the other. */
const refsKnown = new WeakMap<TargetEntry, readonly Refs[]>();

const refsOf = (target: TargetEntry): readonly Refs[] => {
  let refs = refsKnown.get(target);
  if (refs === undefined) {
    refs = target.operations.map(({ name }) => {
      const id = operationId(target.kind, target.name, name);
      return { resource: new EntityRef('Operation', id), action: new EntityRef('Action', id) };
    });
    refsKnown.set(target, refs);
  }
  return refs;
};

const actionEntities = (parents: Snapshot['policy']['actionParents']): Entity[] =>
  Object.entries(parents).map(([id, groups]) =>
    entity(
      new EntityRef('Action', id),
      groups.map((group) => new EntityRef('Action', group)),
    ),
  );

/** The organisation itself is the empty name, and no entity. */
const inDomain = (name: string): EntityRef[] => (name === '' ? [] : [new EntityRef('Domain', name)]);

const domainEntity = ({ name, parent }: DomainEntry): Entity => entity(new EntityRef('Domain', name), inDomain(parent));

/** Of targets that are in no team; which those are is said elsewhere in a snapshot. */
const entitiesKnown = new WeakMap<TargetEntry, readonly Entity[]>();

const targetEntities = (target: TargetEntry, teams: Teams): readonly Entity[] => {
  const memberOf = target.kind === 'agent' ? teams.ofAgent(target.name) : [];
  if (memberOf.length > 0) return newEntities(target, memberOf);
  let entities = entitiesKnown.get(target);
  if (entities === undefined) {
    entities = newEntities(target, []);
    entitiesKnown.set(target, entities);
  }
  return entities;
};

const newEntities = (target: TargetEntry, memberOf: readonly EntityRef[]): readonly Entity[] => {
  const ref = new EntityRef(TYPE_OF[target.kind], target.name);
  const tags = new Map<string, Value>(Object.entries(target.labels));
  const refs = refsOf(target);
  const operations = target.operations.map((operation, at) =>
    entity(
      refs[at]!.resource,
      [ref],
      new Map<string, Value>([
        ['name', operation.name],
        ['effect', operation.effect],
        ['idempotent', operation.idempotent],
      ]),
      tags,
    ),
  );
  const group = new EntityRef('Action', ACTION_OF[target.kind]);
  const actions = refs.map(({ action }) => entity(action, [group]));
  const parents = [...inDomain(target.domain), ...memberOf];
  return [entity(ref, parents, new Map([['name', target.name]]), tags), ...operations, ...actions];
};
