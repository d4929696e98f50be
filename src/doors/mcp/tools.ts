/** What a caller sees as tools: those of one server under their own names, or everything it may call under names that say whose it is. */
import { createHash } from 'node:crypto';
import {
  type Directory,
  Fault,
  MCP_PREFIX,
  type OperationEntry,
  type Principal,
  RUN,
  type TargetEntry,
  type TargetKind,
} from '../../contract/index.ts';
import { isJson, type Json } from './message.ts';
import { CAPABILITY, KINDS, PREFIXES, prefixOf } from './names.ts';
import type { Place } from './path.ts';
import { bestOf, type Offered } from './provided.ts';

export interface Tool {
  readonly target: TargetEntry;
  readonly operation: OperationEntry;
  /** As this door offers it. */
  readonly definition: Json;
  /** It is whoever provides this, and the target is only the best of them now. */
  readonly capability?: string;
}

export type Tools = ReadonlyMap<string, Tool>;

/** Lists of the directory are the same object while nothing changed. */
const offered = new WeakMap<readonly TargetEntry[], Map<string, Tools>>();

export const toolsOf = async (directory: Directory, principal: Principal, place: Place): Promise<Tools> => {
  const visible = await directory.visible(principal, place.target === null ? KINDS : ['tool']);
  const places = offered.get(visible) ?? new Map<string, Tools>();
  offered.set(visible, places);
  const key = place.target ?? '';
  const known = places.get(key);
  if (known !== undefined) return known;
  const tools = new Map([
    ...visible
      .filter(({ name }) => place.target === null || name === place.target)
      .flatMap((target) => target.operations.flatMap((operation) => offer(target, operation, place))),
    // Behind everything else, and where everything is: a place of one server is that server.
    ...(place.target === null ? bestOf(visible).flatMap(provided) : []),
  ]);
  places.set(key, tools);
  return tools;
};

/** A tool by its name, whoever may call it. */
export const hiddenTool = (
  directory: Directory,
  { tenant }: Principal,
  place: Place,
  name: string,
): Pick<Tool, 'target' | 'operation'> | undefined => {
  const [first = '', second = '', ...rest] = place.target === null ? name.split('__') : [place.target, name];
  if (place.target === null && first === CAPABILITY) return undefined;
  const isKind = PREFIXES.has(first) && rest.length > 0;
  const target = isKind ? directory.find(tenant, first as TargetKind, second) : directory.find(tenant, 'tool', first);
  const called = place.target !== null ? name : (isKind ? rest : [second, ...rest]).join('__');
  const operation = target?.operations.find((one) => one.name === called);
  return target === undefined || operation === undefined || !isTool(target, operation)
    ? undefined
    : { target, operation };
};

const marks = new WeakMap<Tools, string>();

/** The same for lists that say the same. Many follow the same list, and it may be long. */
export const markOf = (tools: Tools): string => {
  const known = marks.get(tools);
  if (known !== undefined) return known;
  const digest = createHash('sha256');
  for (const { definition } of tools.values()) digest.update(JSON.stringify(definition));
  const mark = digest.digest('base64url');
  marks.set(tools, mark);
  return mark;
};

/** The server behind a place, if the caller may use any of it. */
export const serverAt = async (
  directory: Directory,
  principal: Principal,
  { target }: Place,
): Promise<TargetEntry | undefined> =>
  target === null ? undefined : (await directory.visible(principal, ['tool'])).find(({ name }) => name === target);

const offer = (target: TargetEntry, operation: OperationEntry, place: Place): readonly (readonly [string, Tool])[] => {
  if (!isTool(target, operation)) return [];
  const name = place.target === null ? prefixOf(target) + operation.name : operation.name;
  return [[name, { target, operation, definition: { ...definitionOf(target, operation), name } }]];
};

const provided = ({ capability, target, operation }: Offered): readonly (readonly [string, Tool])[] => {
  if (!isTool(target, operation)) return [];
  const name = `${CAPABILITY}__${capability}`;
  return [[name, { target, operation, capability, definition: { ...definitionOf(target, operation), name } }]];
};

const isTool = ({ kind, speech }: TargetEntry, { name, input }: OperationEntry): boolean => {
  if (name.startsWith(MCP_PREFIX)) return false;
  // A question of a run is for nobody but its run.
  if (speech?.protocol === 'plan') return name === RUN;
  if (kind === 'tool' || speech === undefined) return true;
  // What comes with a protocol is for who speaks it; asking is for everybody.
  return name === (kind === 'agent' ? 'message' : 'chat') || input !== undefined;
};

const definitionOf = (target: TargetEntry, operation: OperationEntry): Json => {
  const { definition, effect, idempotent } = operation;
  if (definition !== undefined)
    return { ...definition, ...(isJson(definition['inputSchema']) ? {} : { inputSchema: ANY }) };
  return {
    description: operation.description ?? target.description ?? `${operation.name} of ${target.kind} ${target.name}`,
    inputSchema: inputOf(target, operation),
    annotations: {
      readOnlyHint: effect === 'read',
      destructiveHint: effect === 'irreversible',
      idempotentHint: idempotent,
    },
  };
};

const ANY: Json = { type: 'object' };

const TEXT: Json = {
  type: 'object',
  properties: { text: { type: 'string', description: 'what to say to the agent' } },
  required: ['text'],
};

const CONVERSATION: Json = {
  type: 'object',
  properties: {
    messages: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { role: { enum: ['system', 'user', 'assistant'] }, content: { type: 'string' } },
        required: ['role', 'content'],
      },
    },
    max_tokens: { type: 'integer', minimum: 1 },
    temperature: { type: 'number' },
  },
  required: ['messages'],
};

/** MCP wants an object at the root. */
const inputOf = (target: TargetEntry, { name, input }: OperationEntry): Json => {
  if (input !== undefined) return input['type'] === 'object' ? input : { ...input, type: 'object' };
  if (isConversation(target, name)) return CONVERSATION;
  return target.kind === 'agent' && target.speech?.protocol === 'a2a' && name === 'message' ? TEXT : ANY;
};

/** Models are asked in the words that most clients know. */
export const isConversation = ({ kind }: TargetEntry, operation: string): boolean =>
  kind === 'model' && operation === 'chat';

/** Which model it is has been decided; what the definition does not offer is nothing that a tool takes. Throws Fault `bad_request`. */
export const conversationOf = ({ name }: TargetEntry, args: Json): Json => {
  const more = Object.keys(args).filter((key) => !Object.hasOwn(CONVERSATION['properties'] as Json, key));
  if (more.length > 0)
    throw new Fault('bad_request', `this tool takes no ${more.map((key) => `\`${key}\``).join(', ')}; see tools/list`);
  return { ...args, model: name };
};
