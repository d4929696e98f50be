/** The way out of a node: each endpoint in its own protocol, with a translation in front where the caller speaks another one. */
import { Buffer } from 'node:buffer';
import {
  type Call,
  documentIn,
  type Endpoint,
  eventsIn,
  Fault,
  type Form,
  formOf,
  type Protocol,
  type Reply,
  type Scope,
} from '../contract/index.ts';
import { type About, type Answer, type Ask, type Delta, type Dialect, dialectOf, lost } from '../dialects/index.ts';
import { exactJson, type Handler, numberLostIn } from '../kernel/index.ts';
import type { Way, Words } from './words.ts';

export type Ways = Readonly<Record<Protocol, Way>> & {
  /** Plans, on nodes that run them. */
  readonly plan?: Way;
};

/** Which protocol an endpoint speaks; nodes are spoken to in ours, and govern and translate by themselves. */
export const speaking =
  (ways: Ways): ((endpoint: Endpoint) => Handler) =>
  (endpoint) => {
    const way = ways[endpoint.protocol === 'direct' ? (endpoint.speech?.protocol ?? 'http') : 'http'];
    if (way === undefined) return noPlans;
    const send = way.to(endpoint);
    return (call, scope) => {
      const forms = endpoint.protocol === 'direct' ? way.forms(call) : [formOf(call.contentType)];
      const asked = wordsOf(call, forms);
      const wanted = formOf(call.accept) === 'plain' ? asked : formOf(call.accept);
      if (endpoint.protocol !== 'direct' || (forms.includes(asked) && forms.includes(wanted)))
        return send(call, call, scope);
      return translated(send, { call, asked, wanted, forms, model: endpoint.speech?.model || call.target.name }, scope);
    };
  };

const noPlans: Handler = ({ target }) =>
  Promise.reject(new Fault('unavailable', `plan \`${target.name}\` cannot run on this node; call it through a hub`));

/** Who calls a model without saying how speaks the words that rules read, and that most models know, whatever this one speaks. */
const wordsOf = ({ contentType, target }: Call, forms: readonly Form[]): Form => {
  const form = formOf(contentType);
  const isChat = form === 'plain' && target.kind === 'model' && target.operation === 'chat';
  return isChat && !forms.includes('plain') && forms.length > 0 ? 'openai-chat' : form;
};

type Send = (call: Call, words: Words, scope: Scope) => Promise<Reply>;

interface Translation {
  readonly call: Call;
  readonly asked: Form;
  readonly wanted: Form;
  /** What the target understands. */
  readonly forms: readonly Form[];
  readonly model: string;
}

/** Asks in words that the target understands, and answers in those that are wanted. Throws `bad_request` for what would be lost. */
export const translated = async (send: Send, translation: Translation, scope: Scope): Promise<Reply> => {
  const { call, asked, wanted, forms, model } = translation;
  const { target } = call;
  const about: About = {
    kind: target.kind,
    operation: target.operation,
    model,
    callId: call.id,
    atS: Math.floor(scope.clock.wallMs() / 1_000),
    from: asked,
  };
  const spoken = forms.includes(asked) ? asked : forms[0];
  if (spoken === undefined)
    throw new Fault(
      'bad_request',
      `\`${target.operation}\` of ${target.kind} \`${target.name}\` cannot be called in the words of \`${asked}\``,
    );
  const words: Words =
    spoken === asked
      ? call
      : {
          contentType: documentIn(spoken),
          accept: call.stream ? `${eventsIn(spoken)}, ${documentIn(spoken)}` : documentIn(spoken),
          body: bytesOf(dialectOf(spoken).writeAsk(read(call, asked, spoken, about), about)),
        };
  const reply = await send(call, words, scope);
  return inOtherWords(reply, dialectOf(wanted), { ...about, stream: call.stream });
};

/** What the caller says and these words have no place for would be lost in silence. */
const read = (call: Call, asked: Form, spoken: Form, about: About): Ask => {
  const ask = dialectOf(asked).readAsk(jsonOf(call), about);
  if (ask.rest.length > 0) throw lost(asked, spoken, ask.rest);
  return ask;
};

const bytesOf = (value: unknown): { readonly kind: 'bytes'; readonly bytes: Uint8Array } => ({
  kind: 'bytes',
  bytes: Buffer.from(JSON.stringify(value ?? null)),
});

const jsonOf = ({ body, contentType }: Pick<Call, 'body' | 'contentType'>): unknown => {
  if (body.kind === 'stream')
    throw new Fault('bad_request', 'a streamed payload cannot be translated; send it as one document');
  if (body.bytes.byteLength === 0) return {};
  const text = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString();
  try {
    const lostNumber = numberLostIn(text);
    if (lostNumber === undefined) return JSON.parse(text);
    throw new Fault('bad_request', `\`${lostNumber}\` has more digits than a translation keeps; send it as text`);
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw new Fault('bad_request', `the payload is sent as \`${contentType || 'nothing'}\` and is no JSON`);
  }
};

/** A whole reply of the target, read for translation; a longer one is not held. */
const MOST_READ = 16 * 1024 * 1024;

const collected = async (reply: Reply): Promise<Buffer> => {
  const { body } = reply;
  if (body.kind === 'bytes') return Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > MOST_READ)
      throw new Fault('upstream_invalid', `the reply is longer than ${MOST_READ} bytes and cannot be translated`, {
        executed: 'yes',
      });
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
};

/** The reply as it is, or in the words of another dialect. */
export const inOtherWords = async (
  reply: Reply,
  wanted: Dialect,
  about: About & { readonly stream: boolean },
): Promise<Reply> => {
  const spoken = dialectOf(formOf(reply.contentType));
  if (spoken === wanted) return reply;
  const isEvents = reply.contentType.startsWith('text/event-stream');
  if (isEvents && reply.body.kind === 'stream' && reply.outcome === 'ok') {
    const deltas = spoken.readEvents(reply.body.chunks, about);
    if (about.stream) return asEvents(reply, wanted, deltas, about);
    return asDocument(reply, wanted.writeAnswer(await gathered(deltas), about), wanted.form);
  }
  const payload = readable(await collected(reply), reply.contentType);
  if (reply.outcome === 'failed')
    return asDocument(reply, wanted.writeFailure(spoken.readFailure(payload, reply.status)), wanted.form);
  const answer = spoken.readAnswer(payload, about);
  if (about.stream) return asEvents(reply, wanted, deltasOf(answer), about);
  return asDocument(reply, wanted.writeAnswer(answer, about), wanted.form);
};

const asDocument = (reply: Reply, value: unknown, form: Form): Reply => ({
  ...reply,
  contentType: documentIn(form),
  body: bytesOf(value),
});

const asEvents = (reply: Reply, wanted: Dialect, deltas: AsyncIterable<Delta>, about: About): Reply => ({
  ...reply,
  contentType: eventsIn(wanted.form),
  body: { kind: 'stream', chunks: wanted.writeEvents(deltas, about) },
});

/** What is no JSON is text. */
const readable = (bytes: Buffer, contentType: string): unknown => {
  const text = bytes.toString();
  if (/^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(contentType)) {
    try {
      return numberLostIn(text) === undefined ? JSON.parse(text) : exactJson(bytes);
    } catch {
      throw new Fault('upstream_invalid', 'the target answered something that is not valid JSON', { executed: 'yes' });
    }
  }
  if (contentType === '' || contentType.startsWith('text/')) return text;
  return { base64: bytes.toString('base64'), mediaType: contentType };
};

/** An answer that came at once, for whoever wants it as it comes. */
async function* deltasOf({ parts, stop, use, ...begun }: Answer): AsyncGenerator<Delta> {
  const { id, model, context, task } = begun;
  yield { kind: 'begin', ...known({ id, model, context, task }) };
  for (const [at, part] of parts.entries()) {
    if (part.kind === 'text') yield { kind: 'text', at, text: part.text };
    else if (part.kind === 'call') {
      yield { kind: 'call', at, id: part.id, name: part.name };
      yield { kind: 'input', at, json: JSON.stringify(part.input ?? {}) };
    } else yield { kind: 'part', at, part };
  }
  yield { kind: 'end', stop, ...(use === undefined ? {} : { use }) };
}

/** The other way round. Throws `upstream_broken` when there is no end. */
const gathered = async (deltas: AsyncIterable<Delta>): Promise<Answer> => {
  const parts = new Map<number, Answer['parts'][number]>();
  const inputs = new Map<number, string>();
  let begun: Partial<Answer> = {};
  for await (const delta of deltas) {
    switch (delta.kind) {
      case 'begin': {
        const { kind: _, ...rest } = delta;
        begun = { ...begun, ...rest };
        break;
      }
      case 'text': {
        const before = parts.get(delta.at);
        parts.set(delta.at, { kind: 'text', text: (before?.kind === 'text' ? before.text : '') + delta.text });
        break;
      }
      case 'call':
        parts.set(delta.at, { kind: 'call', id: delta.id, name: delta.name, input: {} });
        break;
      case 'input':
        inputs.set(delta.at, (inputs.get(delta.at) ?? '') + delta.json);
        break;
      case 'part':
        parts.set(delta.at, delta.part);
        break;
      case 'note':
        break;
      case 'end': {
        for (const [at, json] of inputs) {
          const call = parts.get(at);
          if (call?.kind === 'call') parts.set(at, { ...call, input: inputIn(json) });
        }
        const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
        return { rest: [], ...begun, parts: inOrder, stop: delta.stop, ...known({ use: delta.use }) };
      }
    }
  }
  throw new Fault('upstream_broken', 'the target closed its stream before the end');
};

const inputIn = (json: string): unknown => {
  try {
    return JSON.parse(json === '' ? '{}' : json);
  } catch {
    throw new Fault('upstream_invalid', 'the model called a tool with arguments that are no JSON', { executed: 'yes' });
  }
};

const known = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
