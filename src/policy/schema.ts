/** The Cedar schema of Airspace: what a policy may talk about, and so what a typing mistake is held against. */
import type { ArgumentType, FactEntry, RecordArgument } from '../contract/index.ts';

/** The words of the schema for the words of the contract. */
export const ACTION_OF = { agent: 'InvokeAgent', tool: 'CallTool', model: 'CallModel' } as const;
export const TYPE_OF = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

/** Version of the Cedar language that the schema and the compiler speak. */
export const CEDAR_LANGUAGE = '4.5';

/** Groups and what they belong to. Each operation is an action of its own, in the group of its kind. */
export const ACTION_PARENTS: Readonly<Record<string, readonly string[]>> = {
  Call: [],
  InvokeAgent: ['Call'],
  CallTool: ['Call'],
  CallModel: ['Call'],
};

/**
 * Qualified by kind: an agent and a tool may share a name, and a permit for one must not open the other.
 * The same text is the id of the operation's entity and of its action.
 */
export const operationId = (kind: keyof typeof TYPE_OF, target: string, operation: string): string =>
  `${kind}/${target}/${operation}`;

/** Entity ids are plain names; every tenant has its own entities, so no policy can see another tenant. */
const ENTITIES = `entity Role;
entity Team;
entity Domain in [Domain];
entity User in [Role, Team] { name: String };
entity Agent in [Domain, Team] { name: String } tags String;
entity Tool in [Domain] { name: String } tags String;
entity Model in [Domain] { name: String } tags String;

@doc("What is called: one operation of a target. Its id is kind/target/operation, its tags are the labels of its target")
entity Operation in [Agent, Tool, Model] {
  name: String,
  effect: String,
  idempotent: Bool,
} tags String;
`;

/** What every policy may read, whatever is called. */
const CIRCUMSTANCES = {
  origin: '{ user?: User, agent?: Agent }',
  operation: 'String',
  effect: 'String',
  depth: 'Long',
  session: 'Bool',
  hourUtc: 'Long',
  now: 'datetime',
  priority: 'Long',
  tenant: 'String',
  taint: 'Set<String>',
};

/** Of some calls only: ask `context has plan` first. */
const SOMETIMES = { plan: '{ name: String, step: String }' };

/** Names of all that a context may have. */
export const CONTEXT_NAMES: readonly string[] = [...Object.keys({ ...CIRCUMSTANCES, ...SOMETIMES }), 'args', 'facts'];

const APPLIES_TO_CALLS = 'principal: [Agent, User], resource: [Operation]';

export interface ActionDeclaration {
  readonly id: string;
  readonly kind: keyof typeof ACTION_OF;
  /** Null: the context has no `args`. */
  readonly args: RecordArgument | null;
  /** Facts that serve it. None: the context has no `facts`. */
  readonly facts: readonly Pick<FactEntry, 'name' | 'type'>[];
}

/** A schema with exactly these operations. */
export const schemaOf = (actions: readonly ActionDeclaration[]): string =>
  [ENTITIES, groups(''), ...actions.map(actionText)].join('\n');

/**
 * For policies that read neither arguments nor facts: to them all operations of a kind are alike, so the group stands for its members.
 * Such a policy costs the same to check in a registry of ten operations and of ten thousand.
 */
export const schemaWithoutArguments = (named: readonly ActionDeclaration[]): string =>
  [
    ENTITIES,
    groups(applying(null, [])),
    ...named.map((action) => actionText({ ...action, args: null, facts: [] })),
  ].join('\n');

const groups = (appliesTo: string): string =>
  Object.entries(ACTION_PARENTS)
    .map(([id, parents]) => (parents.length === 0 ? `action ${id};` : `action ${id} in [${parents}]${appliesTo};`))
    .join('\n');

const actionText = ({ id, kind, args, facts }: ActionDeclaration): string =>
  `action ${quoted(id)} in [${ACTION_OF[kind]}]${applying(args, facts)};`;

const applying = (args: RecordArgument | null, facts: ActionDeclaration['facts']): string => {
  const context = [
    ...Object.entries(CIRCUMSTANCES).map(([name, type]) => `${name}: ${type}`),
    ...Object.entries(SOMETIMES).map(([name, type]) => `${name}?: ${type}`),
    ...(args === null ? [] : [`args: ${typeText(args)}`]),
    ...(facts.length === 0 ? [] : [`facts: ${factsText(facts)}`]),
  ];
  return ` appliesTo { ${APPLIES_TO_CALLS}, context: { ${context.join(', ')} } }`;
};

/** The type of `context.facts` in words. */
export const factsText = (facts: ActionDeclaration['facts']): string =>
  `{ ${facts.map(({ name, type }) => `${quoted(name)}: ${typeText(type)}`).join(', ')} }`;

const CEDAR_TYPE = { string: 'String', boolean: 'Bool', long: 'Long', decimal: 'decimal' } as const;

/** The Cedar type in words; equal types are equal texts. */
export const typeText = (type: ArgumentType): string => {
  if (type.is === 'set') return `Set<${typeText(type.of)}>`;
  if (type.is !== 'record') return CEDAR_TYPE[type.is];
  const fields = type.fields.flatMap(({ name, required, type: inner }) =>
    inner === null ? [] : [`${quoted(name)}${required ? '' : '?'}: ${typeText(inner)}`],
  );
  return `{ ${fields.sort().join(', ')} }`;
};

/** Names come from other people's schemas: everything but plain letters is escaped. */
const quoted = (name: string): string =>
  `"${name.replace(/[^\w ./-]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)}"`;
