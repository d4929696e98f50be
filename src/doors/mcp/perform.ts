/** What becomes of one request: messages on the way, and the end. The two manners of MCP differ in how these are sent, not in this. */
import { Fault, type Reply, type Target } from '../../contract/index.ts';
import { CALL_TOOL, CODES, META, operationOf } from '../../dialects/mcp/index.ts';
import { type Asked, invoke, wantsEvents } from './asked.ts';
import { missingCapability } from './capabilities.ts';
import { discovered } from './discover.ts';
import { type Bound, boundOf, endAt } from './federated.ts';
import { gathered, isGathered } from './gather.ts';
import { canElicit, endSoon, type Held, heldIn, inputRequired, lookAt, stillHeld, waited } from './held.ts';
import { listed } from './list.ts';
import { isJson, type Json, Refusal } from './message.ts';
import { checkMirrors } from './mirror.ts';
import { progressFor, withProgress } from './progress.ts';
import { type Provided, providedBy } from './provided.ts';
import { type End, heardIn } from './reply.ts';
import type { Messages, More, Sent } from './sent.ts';
import { type State, serverState, stateOf } from './state.ts';
import { declaresTasks, heldTask, sealedTask, taskRequest } from './tasks.ts';
import { conversationOf, hiddenTool, isConversation, serverAt, type Tool, toolsOf } from './tools.ts';

const BOTH = [
  'tools/list',
  CALL_TOOL,
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
];

export const MODERN_METHODS: ReadonlySet<string> = new Set([
  ...BOTH,
  'server/discover',
  'subscriptions/listen',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
]);

export const LEGACY_METHODS: ReadonlySet<string> = new Set([
  ...BOTH,
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** Throws Refusal for what the client did wrong, and Fault for everything else. */
export const perform = (asked: Asked): Messages => {
  switch (asked.method) {
    case 'server/discover':
      return discovered(asked, through);
    case 'tools/list':
      return listed(asked);
    case CALL_TOOL:
      return callTool(asked);
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return taskRequest(asked, exchanged);
    default:
      return asked.place.target === null && isGathered(asked.method) ? gathered(asked) : through(asked);
  }
};

async function* callTool(asked: Asked): Messages {
  const { name, arguments: args = {} } = asked.params;
  const tools = await toolsOf(asked.parts.directory, asked.principal, asked.place);
  const listed = typeof name === 'string' ? tools.get(name) : undefined;
  const state = listed === undefined ? undefined : stateOf(asked);
  const provided = listed?.capability === undefined ? undefined : whoProvides(asked, listed.capability, state);
  const tool = provided === undefined ? listed : toolOf(asked, listed!, provided);
  if (tool === undefined) return yield* callHidden(asked, String(name), args);
  if (!isJson(args)) throw new Refusal(200, { code: CODES.invalidParams, message: '`arguments` must be an object' });
  if (asked.isModern) checkMirrors(asked.inbound, tool.definition, args);
  const end =
    state?.kind === 'held'
      ? yield* collectHeld(asked, state.call)
      : yield* exchanged(asked, { ...sentTo(tool, args), pin: state?.pin ?? asked.session?.pin, provided }, state);
  return endAt(asked, tool.target, end);
}

/** A request that comes again goes to whom it went before. */
const whoProvides = ({ parts, principal, meta }: Asked, capability: string, state: State | undefined): Provided => {
  const before = state?.kind === 'server' ? state.provided : undefined;
  return before ?? providedBy(parts.directory, principal, capability, meta);
};

/** The tool of a list, with who is called in the end. Undefined: it is there no more. */
const toolOf = ({ parts, principal }: Asked, tool: Tool, { chosen }: Provided): Tool | undefined => {
  const target = parts.directory.find(principal.tenant, chosen.target.kind, chosen.target.name);
  const operation = target?.operations.find(({ name }) => name === chosen.target.operation);
  return target === undefined || operation === undefined ? undefined : { ...tool, target, operation };
};

const unknownTool = (name: string): Refusal =>
  new Refusal(200, {
    code: CODES.invalidParams,
    message: `unknown tool: there is no ${JSON.stringify(name.slice(0, 200))} that you may call; see tools/list`,
  });

/** What exists and is not for this caller is refused by policy, so that there is a record of it; the caller hears that there is none. */
async function* callHidden(asked: Asked, name: string, args: unknown): Messages {
  const tool = hiddenTool(asked.parts.directory, asked.principal, asked.place, name);
  if (tool === undefined || !isJson(args)) throw unknownTool(name);
  try {
    return yield* exchanged(asked, sentTo(tool, args));
  } catch (thrown) {
    throw thrown instanceof Fault && thrown.executed === 'no' ? unknownTool(name) : thrown;
  }
}

const sentTo = ({ target, operation }: Pick<Tool, 'target' | 'operation'>, args: Json): Sent => {
  const called: Target = { kind: target.kind, name: target.name, operation: operation.name };
  if (isConversation(target, operation.name))
    return { target: called, form: 'openai-chat', body: () => conversationOf(target, args) };
  const isMcp = target.speech?.protocol === 'mcp';
  return {
    target: called,
    form: 'plain',
    body: (more) =>
      isMcp && (more.inputResponses !== undefined || more.requestState !== undefined)
        ? { arguments: args, ...more }
        : args,
  };
};

/** Everything that is neither a tool nor ours: it goes to the one server that it is for. */
export async function* through(asked: Asked): Messages {
  const bound = await boundIn(asked);
  const operation = operationOf(asked.method);
  if (bound?.server.speech?.protocol !== 'mcp' || operation === undefined) throw notThere(asked.method);
  const { server } = bound;
  const state = stateOf(asked);
  const { _meta: _, requestState: __, inputResponses: ___, ...params } = bound.params;
  const end = yield* exchanged(
    asked,
    {
      target: { kind: 'tool', name: server.name, operation },
      form: 'mcp',
      body: (more) => ({ method: asked.method, params: { ...params, ...more } }),
      pin: (state?.kind === 'server' ? state.pin : undefined) ?? asked.session?.pin,
    },
    state,
  );
  return endAt(asked, server, end);
}

/** A place stands for one server; where all of them are, the request says which one it means. */
const boundIn = async (asked: Asked): Promise<Bound | undefined> => {
  if (asked.place.target === null) return boundOf(asked);
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  return server === undefined ? undefined : { server, params: asked.params };
};

export const notThere = (method: string): Refusal =>
  new Refusal(404, { code: CODES.methodNotFound, message: `there is no method \`${method}\` here` });

/** Sends it, and again with what the client answered, where the client cannot send it again itself. */
async function* exchanged(asked: Asked, sent: Sent, state?: State): Messages {
  let more: More = {
    ...(asked.params['inputResponses'] === undefined ? {} : { inputResponses: asked.params['inputResponses'] }),
    ...(state?.kind === 'server' && state.state !== undefined ? { requestState: state.state } : {}),
  };
  let { pin } = sent;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const body = sent.body(more);
    const isMore = Object.keys(more).length > 0 && sent.form === 'plain';
    const reply = yield* replied(asked, {
      target: sent.target,
      form: isMore ? 'mcp' : sent.form,
      body,
      stream: wantsEvents(asked),
      session: asked.session?.id,
      pin,
      capability: sent.provided,
    });
    const held = heldIn(reply);
    if (held !== undefined) return yield* holding(asked, held);
    const end = yield* heard(asked, heardIn(reply, sent.target.operation));
    if (end.kind === 'error' || end.result['resultType'] === 'complete') return end;
    if (end.result['resultType'] === 'task') return sealedTask(asked, sent.target, end.result, reply.pin);
    if (end.result['resultType'] !== 'input_required') return end;
    const missing = missingCapability(asked, end.result['inputRequests']);
    if (missing !== undefined) throw missing;
    if (asked.isModern)
      return { kind: 'result', result: serverState(asked, end.result, { pin: reply.pin, provided: sent.provided }) };
    if (asked.ask === undefined) throw cannotAsk();
    pin = reply.pin ?? pin;
    more = yield* answeredBy(asked, end.result);
  }
  throw new Fault('upstream_invalid', `the server asked more than ${MOST_ROUNDS} times`, { executed: 'unknown' });
}

/** Tells how far the call is meanwhile, where that is known and wanted. */
async function* replied(asked: Asked, asking: Parameters<typeof invoke>[1]): AsyncGenerator<Json, Reply> {
  const progress = progressFor(asked, asking.target);
  if (progress === undefined) return invoke(asked, asking);
  const { promise: call, resolve: begun } = Promise.withResolvers<string>();
  return yield* withProgress(asked.meta['progressToken'], progress, call, invoke(asked, { ...asking, begun }));
}

const MOST_ROUNDS = 16;
const MOST_QUESTIONS = 32;

/** Passes on what comes before the end, as far as the client asked for it. */
async function* heard(asked: Asked, messages: ReturnType<typeof heardIn>): Messages {
  for await (const message of messages) {
    if (message.kind === 'result' || message.kind === 'error') return message;
    if (message.kind === 'notification') {
      if (isWanted(asked, message.method, message.params)) yield { method: message.method, params: message.params };
    } else yield* questioned(asked, message);
  }
  throw new Fault('upstream_broken', 'the server closed its stream before it answered');
}

/** A server with sessions asks a client with a session: the question goes there, and the answer back the same way. */
async function* questioned(
  asked: Asked,
  { id, method, params }: { id: string | number; method: string; params: Json },
): Messages {
  if (asked.ask === undefined || asked.session === undefined) throw cannotAsk();
  const { message, answered } = asked.ask(method, params);
  yield message;
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  if (server === undefined) throw new Fault('not_found', 'the server is not there any more');
  await respond(asked, server.name, id, await answered);
  return NOTHING;
}

const cannotAsk = (): Fault =>
  new Fault('upstream_invalid', 'the server asks its client something, and the client takes no questions here', {
    executed: 'unknown',
  });

const NOTHING: End = { kind: 'result', result: {} };

export const respond = async (asked: Asked, server: string, id: string | number, answer: Json): Promise<void> => {
  const reply = await invoke(asked, {
    target: { kind: 'tool', name: server, operation: 'mcp.session' },
    form: 'mcp',
    body: { method: '$response', params: { id, ...answer } },
    stream: false,
    session: asked.session?.id,
    pin: asked.session?.pin,
  });
  for await (const end of heardIn(reply, 'mcp.session'))
    if (end.kind === 'error')
      throw new Fault('upstream_broken', `the server did not take the answer: ${end.error.message}`);
};

/** Notifications that a client can place: of its own progress, and logs that it wants. */
const isWanted = ({ meta, isModern, takesEvents }: Asked, method: string, params: Json): boolean => {
  if (!takesEvents || !method.startsWith('notifications/')) return false;
  if (method === 'notifications/progress')
    return meta['progressToken'] !== undefined && params['progressToken'] === meta['progressToken'];
  return method !== 'notifications/message' || !isModern || meta[META.logLevel] !== undefined;
};

/** For a client with a session: each question is asked there, and the request is sent again with the answers. */
async function* answeredBy(asked: Asked, result: Json): AsyncGenerator<Json, More> {
  const { inputRequests, requestState } = result;
  const questions = Object.entries(isJson(inputRequests) ? inputRequests : {});
  if (questions.length > MOST_QUESTIONS)
    throw new Fault('upstream_invalid', `the server asks more than ${MOST_QUESTIONS} questions at once`);
  const inputResponses: Record<string, unknown> = Object.create(null);
  for (const [key, question] of questions) {
    if (!isJson(question) || typeof question['method'] !== 'string' || asked.ask === undefined)
      throw new Fault('upstream_invalid', 'the server asks something that is no question');
    const { message, answered } = asked.ask(question['method'], isJson(question['params']) ? question['params'] : {});
    yield message;
    const answer = await answered;
    if (!isJson(answer['result'])) throw new Fault('bad_request', 'the client refused to answer what the server asked');
    inputResponses[key] = answer['result'];
  }
  return {
    ...(questions.length === 0 ? {} : { inputResponses }),
    ...(typeof requestState === 'string' ? { requestState } : {}),
  };
}

async function* holding(asked: Asked, held: Held): Messages {
  if (asked.isModern && asked.method === CALL_TOOL) {
    if (canElicit(asked)) return { kind: 'result', result: inputRequired(asked, held) };
    if (declaresTasks(asked)) return heldTask(asked, held);
  }
  return yield* waited(asked, held);
}

async function* collectHeld(asked: Asked, id: string): Messages {
  const call = await lookAt(asked, id);
  asked.occurrence.callId = call.id;
  asked.occurrence.traceId = call.trace;
  const end = await endSoon(asked, call);
  if (end !== undefined) return end;
  return yield* holding(asked, stillHeld(call));
}
