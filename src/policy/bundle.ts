/** Policy bundles as people write them to the policy part of a snapshot: all of it checked, or none of it accepted. */
import { createHash } from 'node:crypto';
import {
  type ArgumentsEntry,
  type FactEntry,
  Fault,
  type PolicyEntry,
  type PolicyLevel,
  type Snapshot,
} from '../contract/index.ts';
import type { EntryKind } from './annotations.ts';
import { type Catalog, catalogOf } from './catalog.ts';
import { type KnownNames, type RegistryNames, suggestion } from './names.ts';
import { parsePolicies } from './parse.ts';
import { ORG } from './prepare.ts';
import { ACTION_PARENTS, CEDAR_LANGUAGE, schemaOf } from './schema.ts';
import { Verdicts } from './validate.ts';

export interface CedarText {
  readonly text: string;
  /** File that it came from, for messages. */
  readonly source?: string | undefined;
}

export interface Bundle {
  readonly tenant: string;
  /** `org`, or a domain. Several bundles of one level become one level. */
  readonly level: string;
  readonly policies: CedarText;
  readonly limits?: CedarText | undefined;
}

export type CompilePolicy = (bundles: readonly Bundle[], world: RegistryNames) => Promise<Snapshot['policy']>;

/**
 * Parses and checks every bundle against the schema and the registry.
 * Throws Fault `bad_request` with all problems in `facts.problems`, one line each: `file:line:column: policy ...`.
 */
export const compilePolicy: CompilePolicy = (bundles, world) => policyCompiler()(bundles, world);

/** A `compilePolicy` that remembers what it checked: of the next configuration only what changed is checked again. */
export const policyCompiler = (): CompilePolicy => {
  const verdicts = new Verdicts();
  return async (bundles, world) => compileWith(verdicts, bundles, world);
};

const compileWith = (verdicts: Verdicts, bundles: readonly Bundle[], world: RegistryNames): Snapshot['policy'] => {
  const problems: string[] = [];
  const tenants = new Set([...bundles, ...world.targets, ...(world.facts ?? [])].map(({ tenant }) => tenant));
  const catalogs = new Map([...tenants].sort().map((tenant) => [tenant, catalogOf(world, tenant)]));
  problems.push(...[...catalogs.values()].flatMap((catalog) => catalog.problems));
  const levels = new Map<string, PolicyLevel>();
  for (const bundle of bundles) {
    const catalog = catalogs.get(bundle.tenant) ?? catalogOf(world, bundle.tenant);
    const misplaced = levelProblem(bundle, catalog.names);
    if (misplaced !== undefined) problems.push(misplaced);
    const policies = read(bundle, 'policies', catalog, verdicts, problems);
    const limits = read(bundle, 'limits', catalog, verdicts, problems);
    const key = JSON.stringify([bundle.tenant, bundle.level]);
    levels.set(
      key,
      joined(levels.get(key), { tenant: bundle.tenant, level: bundle.level, policies, limits }, problems),
    );
  }
  if (problems.length > 0) throw new Fault('bad_request', summary(problems), { facts: { problems } });
  const ordered = [...levels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, level]) => level);
  const args = [...catalogs.values()].flatMap(argumentsIn);
  const facts = [...catalogs.values()].flatMap((catalog) => catalog.facts);
  return {
    version: versionOf(ordered, args, facts),
    cedar: CEDAR_LANGUAGE,
    actionParents: ACTION_PARENTS,
    arguments: args,
    ...(facts.length === 0 ? {} : { facts }),
    levels: ordered,
  };
};

/** Typed arguments of a tenant's operations, as a snapshot carries them. */
export const argumentsIn = ({ tenant, operations }: Catalog): ArgumentsEntry[] =>
  operations.flatMap(({ id, declared: { type } }) => (type === null ? [] : [{ tenant, operation: id, type }]));

const read = (
  bundle: Bundle,
  kind: EntryKind,
  catalog: Catalog,
  verdicts: Verdicts,
  problems: string[],
): readonly PolicyEntry[] => {
  const text = bundle[kind];
  if (text === undefined) return [];
  const name = text.source ?? `${kind} of \`${bundle.tenant}/${bundle.level}\``;
  const parsed = parsePolicies({ text: text.text, name }, kind, catalog, verdicts);
  problems.push(...parsed.problems);
  return parsed.entries.map(({ id, effect, annotations, est }) => ({ id, effect, annotations, est }));
};

const levelProblem = ({ level, policies }: Bundle, known: KnownNames): string | undefined => {
  const domains = known.get('Domain') ?? new Set();
  if (level === ORG && !domains.has(ORG)) return undefined;
  const at = policies.source ?? `bundle of level \`${level}\``;
  if (domains.has(ORG)) return `${at}: a domain must not be called \`${ORG}\`: that is the level of the organisation`;
  return domains.has(level) ? undefined : `${at}: level \`${level}\` is no domain${suggestion(level, domains)}`;
};

/** INVARIANT: an id says which rule of a level decided, so it is unique across policies and limits of all its bundles. */
const joined = (before: PolicyLevel | undefined, level: PolicyLevel, problems: string[]): PolicyLevel => {
  const policies = [...(before?.policies ?? []), ...level.policies];
  const limits = [...(before?.limits ?? []), ...level.limits];
  // A repetition inside one text is already reported, with its line.
  const groups = [[...(before?.policies ?? []), ...(before?.limits ?? [])], level.policies, level.limits];
  const ids = groups.flatMap((group) => [...new Set(group.map(({ id }) => id))]);
  const twice = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
  for (const id of twice)
    problems.push(`level \`${level.level}\` has the @id \`${id}\` twice; ids are unique in a level`);
  return { ...level, policies, limits };
};

const summary = ([first = '', ...rest]: readonly string[]): string =>
  rest.length === 0 ? first : `${first} (and ${rest.length} more)`;

/** Content address: the same rules under the same schema are the same version on every machine. */
const versionOf = (
  levels: readonly PolicyLevel[],
  args: readonly ArgumentsEntry[],
  facts: readonly FactEntry[],
): string => {
  const content = JSON.stringify([schemaOf([]), CEDAR_LANGUAGE, args, facts, levels]);
  return `sha256:${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
};
