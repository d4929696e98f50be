/** One tenant's registry as policies see it: names, actions with typed arguments, and which of them a policy can be about. */
import { createHash } from 'node:crypto';
import { type DomainEntry, FACT_READER, type FactEntry, type TargetKind } from '../contract/index.ts';
import { argumentsFromSchema, type DeclaredArguments } from './arguments/index.ts';
import type { CompiledPolicy } from './compile/index.ts';
import { EntityStore, entity } from './entities.ts';
import { declareFacts } from './facts/index.ts';
import { type KnownNames, literalsIn, namesOf, type RegistryNames } from './names.ts';
import {
  ACTION_OF,
  ACTION_PARENTS,
  type ActionDeclaration,
  factsText,
  operationId,
  schemaOf,
  schemaWithoutArguments,
  TYPE_OF,
  typeText,
} from './schema.ts';
import { type Teams, teamsOf } from './teams.ts';
import { EntityRef } from './value.ts';

export interface CatalogOperation {
  readonly id: string;
  readonly kind: TargetKind;
  readonly declared: DeclaredArguments;
  /** Those that serve it. */
  readonly facts: readonly FactEntry[];
  /** Equal for operations that policies without their names cannot tell apart. */
  readonly likeness: string;
  readonly action: EntityRef;
  readonly resource: EntityRef;
}

export interface Catalog {
  readonly tenant: string;
  readonly names: KnownNames;
  readonly operations: readonly CatalogOperation[];
  readonly entities: EntityStore;
  readonly facts: readonly FactEntry[];
  /** What is wrong with the facts themselves. */
  readonly problems: readonly string[];
  /** Schemas already written, by what they declare; a memo. */
  readonly schemas: Map<string, Schema>;
}

export const catalogOf = (world: RegistryNames, tenant: string): Catalog => {
  const targets = world.targets.filter((each) => each.tenant === tenant);
  const teams = teamsOf((world.teams ?? []).filter((each) => each.tenant === tenant));
  const { entries: facts, problems } = declareFacts(world.facts ?? [], world, tenant);
  const operations = targets
    .flatMap((target) =>
      target.operations.map(({ name, input }) =>
        operationOf(operationId(target.kind, target.name, name), target.kind, input, facts),
      ),
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    tenant,
    names: namesOf(world, tenant),
    operations,
    facts,
    problems,
    entities: new EntityStore([
      ...Object.entries(ACTION_PARENTS).map(([id, groups]) => entity(action(id), groups.map(action))),
      entity(new EntityRef(TYPE_OF.agent, FACT_READER)),
      ...world.domains.filter((each) => each.tenant === tenant).map(domainEntity),
      ...targets.flatMap((target) => targetEntities(target, teams)),
    ]),
    schemas: new Map(),
  };
};

const action = (id: string): EntityRef => new EntityRef('Action', id);

const operationOf = (
  id: string,
  kind: TargetKind,
  input: object | undefined,
  all: readonly FactEntry[],
): CatalogOperation => {
  const declared = argumentsFromSchema(input);
  const facts = all.filter(({ serves }) => serves.includes(id));
  const likeness = `${kind} ${declared.type === null ? '' : typeText(declared.type)} ${factsText(facts)}`;
  return { id, kind, declared, facts, likeness, action: action(id), resource: new EntityRef('Operation', id) };
};

const within = (domain: string): EntityRef[] => (domain === '' ? [] : [new EntityRef('Domain', domain)]);

const domainEntity = ({ name, parent }: Pick<DomainEntry, 'name' | 'parent'>) =>
  entity(new EntityRef('Domain', name), within(parent));

const targetEntities = ({ kind, name, domain, operations }: RegistryNames['targets'][number], teams: Teams) => {
  const target = new EntityRef(TYPE_OF[kind], name);
  const ids = operations.map((operation) => operationId(kind, name, operation.name));
  return [
    entity(target, [...within(domain), ...(kind === 'agent' ? teams.ofAgent(name) : [])]),
    ...ids.map((id) => entity(new EntityRef('Operation', id), [target])),
    ...ids.map((id) => entity(action(id), [action(ACTION_OF[kind])])),
  ];
};

export interface Schema {
  readonly text: string;
  readonly hash: string;
}

/** The part of the schema that one policy is checked against. */
export interface Shard {
  readonly schema: Schema;
  /** The operations that the policy can be about. */
  readonly operations: readonly CatalogOperation[];
}

/**
 * INVARIANT: a policy is right in its shard exactly if it is right in the whole schema with each action and its own
 * resource. An operation that is left out either cannot match the scope, or cannot be told apart, by this policy, from
 * one that is there: same group, same arguments, and not named.
 */
export const shardOf = (catalog: Catalog, policy: CompiledPolicy): Shard => {
  const named = new Set(literalsIn(policy.entry.est).flatMap(({ type, id }) => (type === 'Action' ? [id] : [])));
  const operations = catalog.operations.filter(
    (each) => policy.action(each.action, catalog.entities) && policy.resource(each.resource, catalog.entities),
  );
  const declared = catalog.operations.filter(({ id }) => named.has(id));
  const readsFacts = policy.readsFacts === 'all' || policy.readsFacts.size > 0;
  if ((!policy.readsArguments && !readsFacts) || operations.length === 0)
    return { schema: schemaFor(catalog, declared, schemaWithoutArguments), operations };
  const alike = new Map<string, CatalogOperation>();
  for (const each of operations) if (!named.has(each.id) && !alike.has(each.likeness)) alike.set(each.likeness, each);
  return { schema: schemaFor(catalog, [...declared, ...alike.values()], schemaOf), operations };
};

const schemaFor = (
  { schemas }: Catalog,
  operations: readonly CatalogOperation[],
  write: (actions: readonly ActionDeclaration[]) => string,
): Schema => {
  const key = [write.name, ...operations.map(({ id }) => id)].join(' ');
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const text = write(operations.map(declarationOf));
  const schema = { text, hash: createHash('sha256').update(text).digest('base64') };
  schemas.set(key, schema);
  return schema;
};

const declarationOf = ({ id, kind, declared, facts }: CatalogOperation): ActionDeclaration => ({
  id,
  kind,
  args: declared.type,
  facts,
});
