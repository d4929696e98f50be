/** Typing mistakes in names: Cedar checks types and actions, but `Role::"refnder"` is a fine entity that simply never matches. */
import { type DomainEntry, FACT_READER, type TargetKind, type TeamEntry } from '../contract/index.ts';
import type { FactDeclaration } from './facts/declaration.ts';
import { nearest } from './nearest.ts';
import { ACTION_PARENTS, operationId, TYPE_OF } from './schema.ts';
import { TEAM } from './teams.ts';

/** What exists, in all tenants. */
export interface RegistryNames {
  readonly targets: readonly {
    readonly tenant: string;
    readonly kind: TargetKind;
    readonly name: string;
    readonly domain: string;
    /** `input` is the JSON Schema of the payload. */
    readonly operations: readonly {
      readonly name: string;
      readonly effect?: string | undefined;
      readonly input?: object | undefined;
    }[];
  }[];
  readonly domains: readonly Pick<DomainEntry, 'tenant' | 'name' | 'parent'>[];
  readonly users: readonly { readonly tenant: string; readonly name: string; readonly roles: readonly string[] }[];
  /** Absent: none. */
  readonly teams?: readonly TeamEntry[];
  /** Absent: none. */
  readonly facts?: readonly FactDeclaration[];
}

/** Names of one tenant by entity type. */
export type KnownNames = ReadonlyMap<string, ReadonlySet<string>>;

export const namesOf = (world: RegistryNames, tenant: string): KnownNames => {
  const targets = world.targets.filter((each) => each.tenant === tenant);
  const users = world.users.filter((each) => each.tenant === tenant);
  const facts = (world.facts ?? []).filter((each) => each.tenant === tenant);
  const ofKind = (kind: TargetKind): string[] => targets.filter((each) => each.kind === kind).map(({ name }) => name);
  const operations = targets.flatMap(({ kind, name, operations }) =>
    operations.map((operation) => operationId(kind, name, operation.name)),
  );
  return new Map([
    [TYPE_OF.agent, new Set([...ofKind('agent'), FACT_READER])],
    [TYPE_OF.tool, new Set(ofKind('tool'))],
    [TYPE_OF.model, new Set(ofKind('model'))],
    ['Operation', new Set(operations)],
    ['Action', new Set([...Object.keys(ACTION_PARENTS), ...operations])],
    ['Domain', new Set(world.domains.filter((each) => each.tenant === tenant).map(({ name }) => name))],
    ['User', new Set(users.map(({ name }) => name))],
    ['Fact', new Set(facts.map(({ name }) => name))],
    [TEAM, new Set((world.teams ?? []).filter((each) => each.tenant === tenant).map(({ name }) => name))],
    ['Role', new Set(users.flatMap(({ roles }) => roles))],
  ]);
};

export interface Literal {
  readonly type: string;
  readonly id: string;
}

/** Every entity that a policy tree names. */
export const literalsIn = (tree: unknown): Literal[] => {
  if (typeof tree !== 'object' || tree === null) return [];
  const { type, id } = tree as Readonly<Record<string, unknown>>;
  if (typeof type === 'string' && typeof id === 'string') return [{ type, id }];
  return Object.values(tree).flatMap(literalsIn);
};

/** A sentence about a name that nobody has, or undefined. Types that we keep no names of are Cedar's to check. */
export const nameProblem = (known: KnownNames, { type, id }: Literal): string | undefined => {
  const names = known.get(type);
  if (names === undefined || names.has(id)) return undefined;
  return `there is no ${type.toLowerCase()} \`${id}\`${suggestion(id, names)}`;
};

/** `; did you mean ...`, or what there is to choose from. */
export const suggestion = (word: string, names: ReadonlySet<string>): string => {
  const near = nearest(word, names);
  if (near !== undefined) return `; did you mean \`${near}\`?`;
  if (names.size === 0) return '; there are none yet';
  const some = [...names].sort().slice(0, 8);
  return `; known: ${some.map((name) => `\`${name}\``).join(', ')}${names.size > some.length ? ', ...' : ''}`;
};
