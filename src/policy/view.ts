/**
 * What rules see of a payload, in whatever words it is written: of a model the chat request that most of them know, of everything else
 * the plain arguments. Otherwise a rule would hold for those who call in one protocol, and not for those who call in another.
 */
import { type Body, type Call, documentIn, eventsIn, type Form, formOf, MCP_PREFIX } from '../contract/index.ts';
import { dialectOf, lost, membersIn } from '../dialects/index.ts';
import { bytesOf, type Payload, parsedPayload, payloadOf } from '../kernel/index.ts';

type Seen = Pick<Call, 'id' | 'target' | 'contentType' | 'body'>;

/** The words that rules are written for, where a call is not in them already. */
const canonical = (form: Form, { kind, operation }: Call['target']): Form => {
  if (form === 'plain' || (form === 'mcp' && kind !== 'model')) return form;
  if (kind !== 'model') return 'plain';
  return operation === 'embed' ? 'openai-embeddings' : 'openai-chat';
};

const views = new WeakMap<Body, Payload>();

/** Never throws. What cannot be said in the words of the rules is a problem, and a rule that reads it denies. */
export const argumentsSeen = (call: Seen): Payload => {
  const form = formOf(call.contentType);
  const words = canonical(form, call.target);
  if (words === form) return form === 'mcp' ? requestSeen(call) : payloadOf(call);
  const known = views.get(call.body);
  if (known !== undefined) return known;
  const view = translated(call, form, words);
  views.set(call.body, view);
  return view;
};

/**
 * A tool that is called without arguments gets none, whatever else stands in the request; and what is no tool has no arguments, so that
 * nobody can show rules something else than the server reads.
 */
const requestSeen = (call: Seen): Payload => {
  const has = call.body.kind === 'bytes' && membersIn(call.body.bytes)?.has('arguments') === true;
  if (call.target.operation.startsWith(MCP_PREFIX))
    return has ? { problem: 'has `arguments`, and calls no tool' } : payloadOf(call);
  return has || call.body.kind === 'stream' ? payloadOf(call) : { data: {} };
};

/** What `argumentsSeen` answered for this call, if anybody has asked. */
export const argumentsKnown = (call: Seen): Payload | undefined => {
  const form = formOf(call.contentType);
  return canonical(form, call.target) === form ? parsedPayload(call.body) : views.get(call.body);
};

const translated = (call: Seen, form: Form, words: Form): Payload => {
  const payload = payloadOf(call);
  if ('problem' in payload) return payload;
  const { kind, operation } = call.target;
  const about = { kind, operation, model: call.target.name, callId: call.id, atS: 0, from: form };
  try {
    const ask = dialectOf(form).readAsk(payload.data, about);
    // A rule would not see it, and the target may get it all the same.
    if (ask.rest.length > 0) throw lost(form, words, ask.rest);
    const seen = dialectOf(words).writeAsk(ask, about);
    return { data: kind === 'model' ? withHints(seen, form, payload.data) : seen };
  } catch (thrown) {
    return { problem: `cannot be read as \`${words}\`: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
};

/** Labels and hints that mean the same in both, and that translations do without: rules may be about them. */
const withHints = (seen: unknown, form: Form, payload: unknown): unknown => {
  if (form !== 'openai-responses' && form !== 'anthropic-messages') return seen;
  const said = payload as Readonly<Record<string, unknown>>;
  const hints = HINTS.filter((name) => Object.hasOwn(said, name)).map((name) => [name, said[name]] as const);
  return hints.length === 0 ? seen : { ...(seen as object), ...Object.fromEntries(hints) };
};

const HINTS = ['metadata', 'prompt_cache_key', 'safety_identifier', 'service_tier', 'store', 'user'] as const;

/**
 * The same call in the words that rules are written for, so that limits can change it; whoever called hears its own. Undefined: it
 * says what those words have no place for.
 */
export const inWordsOfRules = (call: Call): Call | undefined => {
  const form = formOf(call.contentType);
  const seen = argumentsSeen(call);
  if ('problem' in seen || (call.target.kind === 'agent' && goesOn(payloadOf(call)))) return undefined;
  if (call.target.kind !== 'model' && isText(seen.data)) return undefined;
  return {
    ...call,
    contentType: documentIn(canonical(form, call.target)),
    accept: call.stream ? eventsIn(form) : documentIn(form),
    body: { kind: 'bytes', bytes: bytesOf(seen.data) },
  };
};

/** Nobody can say what stands in it. */
const isText = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && Object.keys(data).length === 1 && Object.hasOwn(data, 'text');

/** A message about a conversation, or with wishes about its task: rules see none of that, and the agent needs it. */
const goesOn = (payload: Payload): boolean => {
  if ('problem' in payload) return true;
  const { message, configuration } = (payload.data ?? {}) as Readonly<Record<string, unknown>>;
  const { contextId, taskId } = (message ?? {}) as Readonly<Record<string, unknown>>;
  return [configuration, contextId, taskId].some((one) => one !== undefined);
};

/** Is the payload, as it is sent, in the words that rules are written for? Pointers into it mean nothing otherwise. */
export const isAsRulesSeeIt = ({ contentType, target }: Pick<Call, 'contentType' | 'target'>): boolean =>
  canonical(formOf(contentType), target) === formOf(contentType);
