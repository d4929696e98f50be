/** How a target itself is spoken to, and what it can do because of the protocol that it speaks. */
import type { TargetKind } from './call.ts';
import type { Effect, Operation } from './resources/index.ts';

export const PROTOCOLS = ['http', 'a2a', 'mcp', 'openai', 'anthropic'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** `plan`: the target is a plan, and the node itself answers for it. */
export type Spoken = Protocol | 'plan';

export const BINDINGS = ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const;
export type Binding = (typeof BINDINGS)[number];

/** Absent from a target: it is spoken to in our own way, one POST for each operation. */
export interface Speech {
  readonly protocol: Exclude<Spoken, 'http'>;
  /** As the protocol counts: `1.0`, `0.3`, `2026-07-28`; of a plan the digest of its definition. Empty: the target is asked when it is first called. */
  readonly version: string;
  /** Of A2A; others have one way only. Empty: the target's card says. */
  readonly binding: Binding | '';
  /** Name of the model at its provider. Empty: the name of the resource. */
  readonly model: string;
}

interface Standard {
  readonly effect: Effect;
  readonly idempotent?: true;
  readonly description: string;
}

/** What is there because of the protocol. What a configuration says of an operation with the same name counts instead. */
const STANDARD: Readonly<Record<Protocol, Readonly<Record<string, Standard>>>> = {
  http: {},
  a2a: {
    message: { effect: 'write', description: 'send a message: SendMessage, SendStreamingMessage' },
    'task.get': { effect: 'read', description: 'ask how a task of yours stands: GetTask' },
    'task.list': { effect: 'read', description: 'list tasks of yours: ListTasks' },
    'task.cancel': { effect: 'write', idempotent: true, description: 'cancel a task of yours: CancelTask' },
    'task.subscribe': { effect: 'read', description: 'follow a task of yours: SubscribeToTask' },
    card: { effect: 'read', description: 'the extended agent card' },
  },
  mcp: {
    'mcp.list': { effect: 'read', description: 'what the server offers: tools, prompts, resources, templates' },
    'mcp.resources.read': { effect: 'read', description: 'resources/read' },
    'mcp.prompts.get': { effect: 'read', description: 'prompts/get' },
    'mcp.complete': { effect: 'read', description: 'completion/complete' },
    'mcp.listen': { effect: 'read', description: 'follow what the server announces' },
    'mcp.task': { effect: 'write', idempotent: true, description: 'tasks of the server: get, update, cancel' },
    'mcp.session': {
      effect: 'write',
      idempotent: true,
      description: 'sessions of the versions that have them, and what clients announce',
    },
  },
  openai: {
    chat: { effect: 'read', description: 'chat completions, responses, messages' },
    embed: { effect: 'read', description: 'embeddings' },
    count: { effect: 'read', description: 'tokens of a request' },
    'response.get': {
      effect: 'read',
      description: 'a response of yours that the provider keeps, and what it was given',
    },
    'response.delete': { effect: 'write', idempotent: true, description: 'delete a response of yours' },
    'response.cancel': { effect: 'write', idempotent: true, description: 'cancel a response of yours' },
  },
  anthropic: {
    chat: { effect: 'read', description: 'messages, chat completions, responses' },
    count: { effect: 'read', description: 'tokens of a request' },
  },
};

/** Prefix of what MCP servers do besides running tools: no tool may be called so. */
export const MCP_PREFIX = 'mcp.';

/** Which kinds of targets a protocol is spoken by. */
export const KINDS_OF: Readonly<Record<Protocol, readonly TargetKind[]>> = {
  http: ['agent', 'tool', 'model'],
  a2a: ['agent'],
  mcp: ['tool'],
  openai: ['model'],
  anthropic: ['model'],
};

/** The operations of a target: those that its configuration names, and those that come with its protocol. */
export const operationsOf = (protocol: Protocol, named: readonly Operation[]): readonly Operation[] => {
  const known = new Set(named.map(({ name }) => name));
  const standard = Object.entries(STANDARD[protocol]).filter(([name]) => !known.has(name));
  return standard.length === 0 ? named : [...named, ...standard.map(([name, rest]) => ({ name, ...rest }))];
};
