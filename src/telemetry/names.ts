/**
 * What our words for calls and their steps are called outside: the one table between our events and the semantic conventions of
 * OpenTelemetry for HTTP, GenAI and MCP. Names of those conventions still change, so they are written down here and nowhere else.
 */
import { type Attributes, type CallEvent, MCP_PREFIX, type StepEvent } from '../contract/index.ts';

/** `otel`: the conventions, and our own names for what they have none for. `airspace`: our own names throughout. */
export type NameSet = 'otel' | 'airspace';

/** The last version of the conventions that has GenAI and MCP and was released; they go on in a repository without releases. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.41.1';

export type SpanRole = 'internal' | 'server' | 'client';

interface Row {
  readonly kind: SpanRole;
  /** Our name of an attribute to that of the conventions. */
  readonly names: Readonly<Record<string, string>>;
}

const OWN: Row = { kind: 'internal', names: {} };
const ERROR = { code: 'error.type' };

const isToolCall = ({ target }: CallEvent): boolean =>
  target.kind === 'tool' && !target.operation.startsWith(MCP_PREFIX);

/** It was sent to a server of MCP from here: the call is then what MCP calls `tools/call`. */
const isMcp = (event: CallEvent): boolean =>
  isToolCall(event) && event.steps.some(({ name, attributes }) => name === 'send' && attributes['protocol'] === 'mcp');

/** Of every step that a layer notes; a test holds it against the sources. */
export const STEP_ROWS: Readonly<Record<string, Row>> = {
  decide: OWN,
  delegation: OWN,
  fact: OWN,
  hold: OWN,
  price: OWN,
  pause: OWN,
  halt: OWN,
  record: OWN,
  resolve: OWN,
  route: OWN,
  failover: OWN,
  replay: OWN,
  fallback: { kind: 'internal', names: ERROR },
  attempt: { kind: 'internal', names: { ...ERROR, status: 'http.response.status_code' } },
  send: { kind: 'client', names: { ...ERROR, status: 'http.response.status_code' } },
};

const CALL_NAMES: Readonly<Record<string, string>> = {
  ...ERROR,
  session: 'gen_ai.conversation.id',
  'http.status': 'http.response.status_code',
  'request.bytes': 'http.request.body.size',
  'reply.bytes': 'http.response.body.size',
  'usage.input_tokens': 'gen_ai.usage.input_tokens',
  'usage.output_tokens': 'gen_ai.usage.output_tokens',
};

interface TargetRow {
  /** `gen_ai.operation.name`; undefined where the conventions have none. */
  readonly operation: (operation: string) => string | undefined;
  /** What stands behind it in the name of the span. */
  readonly object: (event: CallEvent) => string;
  readonly more: (event: CallEvent, say: SayAttribute) => void;
}

/** Of our operations of models. */
const MODEL_OPERATIONS: Readonly<Record<string, string>> = { chat: 'chat', embed: 'embeddings' };

const TARGET_ROWS: Readonly<Record<CallEvent['target']['kind'], TargetRow>> = {
  agent: {
    operation: () => 'invoke_agent',
    object: ({ target }) => target.name,
    more: ({ target }, say) => say('gen_ai.agent.name', target.name),
  },
  tool: {
    operation: (operation) => (operation.startsWith(MCP_PREFIX) ? undefined : 'execute_tool'),
    object: ({ target }) => target.operation,
    more: (event, say) => {
      if (isToolCall(event)) say('gen_ai.tool.name', event.target.operation);
      if (isMcp(event)) say('mcp.method.name', 'tools/call');
    },
  },
  model: {
    operation: (operation) => (Object.hasOwn(MODEL_OPERATIONS, operation) ? MODEL_OPERATIONS[operation] : undefined),
    object: ({ target }) => target.name,
    more: ({ target }, say) => say('gen_ai.request.model', target.name),
  },
};

export interface Named {
  readonly name: string;
  readonly kind: SpanRole;
}

/** Hears of each attribute once, under its name outside. */
export type SayAttribute = (name: string, value: NonNullable<Attributes[string]>) => void;

/** The span of a call. Who calls us waits for our answer, so it is a server's in either set. */
export const nameCall = (event: CallEvent, set: NameSet): Named => {
  const { kind, name, operation } = event.target;
  const row = TARGET_ROWS[kind];
  const called = set === 'otel' ? row.operation(operation) : undefined;
  return {
    name: called === undefined ? `${kind} ${name}/${operation}` : `${called} ${row.object(event)}`,
    kind: 'server',
  };
};

/** Its attributes. */
export const sayCall = (event: CallEvent, set: NameSet, say: SayAttribute): void => {
  if (set === 'airspace') {
    sayOwn(event, PLAIN, say);
    return;
  }
  const row = TARGET_ROWS[event.target.kind];
  const called = row.operation(event.target.operation);
  if (called !== undefined) say('gen_ai.operation.name', called);
  row.more(event, say);
  sayOwn(event, OF_CALLS, say);
};

/** The span of a step has our name of it in either set. One that this version does not know yet goes out under its own names. */
export const nameStep = ({ name }: StepEvent): Named => ({ name, kind: rowOf(name).kind });

/** Its attributes. */
export const sayStep = ({ name, attributes }: StepEvent, set: NameSet, say: SayAttribute): void => {
  const outside = set === 'otel' ? outsideOf(rowOf(name).names) : PLAIN;
  for (const own in attributes) sayOne(outside, own, attributes[own], say);
};

const rowOf = (step: string): Row => (Object.hasOwn(STEP_ROWS, step) ? STEP_ROWS[step]! : OWN);

/** What an event says of itself goes before what layers noted under the same name. */
const sayOwn = (event: CallEvent, outside: Outside, say: SayAttribute): void => {
  const { attributes } = event;
  for (const own of OWN_NAMES)
    sayOne(outside, own, Object.hasOwn(attributes, own) ? attributes[own] : OWN_VALUES[own](event), say);
  for (const own in attributes) if (!Object.hasOwn(OWN_VALUES, own)) sayOne(outside, own, attributes[own], say);
};

const OWN_VALUES = {
  'call.id': ({ callId }) => callId,
  tenant: ({ tenant }) => tenant,
  caller: ({ principal }) => principal?.id,
  'target.kind': ({ target }) => target.kind,
  'target.name': ({ target }) => target.name,
  operation: ({ target }) => target.operation,
  role: ({ role }) => role,
  status: ({ status }) => status,
  'snapshot.seq': ({ snapshotSeq }) => snapshotSeq,
  session: ({ session }) => session,
  'http.status': ({ httpStatus }) => (httpStatus === 0 ? undefined : httpStatus),
  'request.bytes': ({ requestBytes }) => requestBytes,
  'reply.bytes': ({ replyBytes }) => replyBytes,
  code: ({ code }) => code,
} as const satisfies Readonly<Record<string, (event: CallEvent) => Attributes[string]>>;

const OWN_NAMES = Object.keys(OWN_VALUES) as readonly (keyof typeof OWN_VALUES)[];

/** An empty code is no error. */
const sayOne = (outside: Outside, own: string, value: Attributes[string], say: SayAttribute): void => {
  if (value !== undefined && !(own === 'code' && value === '')) say(outside.of(own), value);
};

/** Names of attributes are few; what is above it is made anew each time. */
const MOST_KNOWN = 1_000;

/** Everything without a name of the conventions has our prefix. The same text each time: making it costs more than finding it. */
class Outside {
  readonly #names: Readonly<Record<string, string>>;
  readonly #known = new Map<string, string>();

  constructor(names: Readonly<Record<string, string>>) {
    this.#names = names;
  }

  of(own: string): string {
    const known = this.#known.get(own);
    if (known !== undefined) return known;
    const name = Object.hasOwn(this.#names, own) ? this.#names[own]! : `airspace.${own}`;
    if (this.#known.size < MOST_KNOWN) this.#known.set(own, name);
    return name;
  }
}

const PLAIN = new Outside({});
const OF_CALLS = new Outside(CALL_NAMES);
const OF_STEPS = new Map(
  [...new Set(Object.values(STEP_ROWS).map(({ names }) => names))].map((names) => [names, new Outside(names)]),
);

const outsideOf = (names: Row['names']): Outside => OF_STEPS.get(names) ?? PLAIN;
