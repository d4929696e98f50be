/**
 * What rules see of a payload, in whatever words it is written: of a model the chat request that most of them know, of everything else
 * the plain arguments. Otherwise a rule would hold for those who call in one protocol, and not for those who call in another.
 */
import { type Body, type Call, type Form, formOf } from '../contract/index.ts';
import { dialectOf } from '../dialects/index.ts';
import { type Payload, parsedPayload, payloadOf } from '../kernel/index.ts';

type Seen = Pick<Call, 'id' | 'target' | 'contentType' | 'body'>;

/** The words that rules are written for, where a call is not in them already. */
const canonical = (form: Form, { kind, operation }: Call['target']): Form => {
  if (form === 'plain' || form === 'mcp') return form;
  if (kind !== 'model') return 'plain';
  return operation === 'embed' ? 'openai-embeddings' : 'openai-chat';
};

const views = new WeakMap<Body, Payload>();

/** Never throws. What cannot be said in the words of the rules is a problem, and a rule that reads it denies. */
export const argumentsSeen = (call: Seen): Payload => {
  const form = formOf(call.contentType);
  const words = canonical(form, call.target);
  if (words === form) return payloadOf(call);
  const known = views.get(call.body);
  if (known !== undefined) return known;
  const view = translated(call, form, words);
  views.set(call.body, view);
  return view;
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
  const about = { kind, operation, model: call.target.name, callId: call.id, atS: 0 };
  try {
    return { data: dialectOf(words).writeAsk(dialectOf(form).readAsk(payload.data, about), about) };
  } catch (thrown) {
    return { problem: `cannot be read as \`${words}\`: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
};

/** Is the payload, as it is sent, in the words that rules are written for? Pointers into it mean nothing otherwise. */
export const isAsRulesSeeIt = ({ contentType, target }: Pick<Call, 'contentType' | 'target'>): boolean =>
  canonical(formOf(contentType), target) === formOf(contentType);
