/** How models are spoken to that speak the OpenAI API: OpenAI itself, and the many that answer like it. */
import { type Call, type Endpoint, Fault, type Form, formOf, type Reply, type Scope } from '../../contract/index.ts';
import type { HttpUpstream } from '../http/index.ts';
import { collected, labelled, payloadFor, throwIfRefused } from '../models/index.ts';
import { translated } from '../speaking.ts';
import type { Way, Words } from '../words.ts';

/** `plain`: a caller that knows the target speaks its words, those of chat completions and embeddings. */
const FORMS: Readonly<Record<string, readonly Form[]>> = {
  chat: ['openai-chat', 'openai-responses', 'plain'],
  embed: ['openai-embeddings', 'plain'],
  count: ['openai-responses', 'plain'],
  'response.get': ['openai-responses'],
  'response.delete': ['openai-responses'],
  'response.cancel': ['openai-responses'],
};

const PATHS: Readonly<Record<string, string>> = {
  'chat openai-chat': '/chat/completions',
  'chat plain': '/chat/completions',
  'chat openai-responses': '/responses',
  'embed openai-embeddings': '/embeddings',
  'embed plain': '/embeddings',
  'count openai-responses': '/responses/input_tokens',
  'count plain': '/responses/input_tokens',
};

export const openaiWay = (upstream: HttpUpstream): Way => {
  /** Endpoints that know chat completions only, as many do that answer like OpenAI: they said so when they were asked for a response. */
  const chatOnly = new Set<string>();
  return {
    forms: ({ target }) => FORMS[target.operation] ?? [],
    to: (endpoint) => {
      const send = sendTo(upstream, endpoint);
      return async (call, words, scope) => {
        if (call.target.operation !== 'chat' || formOf(words.contentType) !== 'openai-responses')
          return send(call, words, scope);
        if (!chatOnly.has(endpoint.id)) {
          const reply = await send(call, words, scope);
          if (reply.status !== 404 && reply.status !== 405) return reply;
          const bytes = await collected(reply);
          if (!isUnknownPath(bytes)) return { ...reply, body: { kind: 'bytes', bytes } };
          chatOnly.add(endpoint.id);
        }
        const form = 'openai-responses';
        const model = endpoint.speech?.model || call.target.name;
        return translated(send, { call, asked: form, wanted: form, forms: ['openai-chat'], model }, scope);
      };
    },
  };
};

/** A server that knows the path speaks of what is wrong with the request. */
const isUnknownPath = (bytes: Buffer): boolean => {
  try {
    const { error } = JSON.parse(bytes.toString()) as { readonly error?: { readonly code?: unknown } };
    return typeof error !== 'object' || error === null || error.code === 'unknown_url';
  } catch {
    return true;
  }
};

const sendTo =
  (upstream: HttpUpstream, endpoint: Endpoint) =>
  async (call: Call, words: Words, scope: Scope): Promise<Reply> => {
    const form = formOf(words.contentType);
    const request = KEPT[call.target.operation]?.(words);
    if (request !== undefined) {
      const headers: readonly string[] = [];
      const kept = { ...request, contentType: '', accept: 'application/json', headers, body: null, isForeign: true };
      return labelled(await throwIfRefused(await upstream.send(endpoint, call, scope, kept), call), form);
    }
    const path = PATHS[`${call.target.operation} ${form}`];
    if (path === undefined)
      throw new Fault('bad_request', `\`${call.target.operation}\` is nothing that the OpenAI API can be asked for`);
    const reply = await upstream.send(endpoint, call, scope, {
      method: 'POST',
      path,
      contentType: 'application/json',
      accept: call.stream ? 'text/event-stream' : 'application/json',
      headers: [],
      body: payloadFor(call, words, endpoint, (member) => (form === 'openai-chat' ? counted(member) : {})),
      isForeign: true,
    });
    return labelled(await throwIfRefused(reply, call), form);
  };

/** What the provider keeps, by its id there. */
const KEPT: Readonly<
  Record<string, (words: Words) => { readonly method: 'GET' | 'POST' | 'DELETE'; readonly path: string }>
> = {
  'response.get': (words) => {
    const { id, items, query } = keptIn(words);
    return { method: 'GET', path: `/responses/${id}${items ? '/input_items' : ''}${query === '' ? '' : `?${query}`}` };
  },
  'response.delete': (words) => ({ method: 'DELETE', path: `/responses/${keptIn(words).id}` }),
  'response.cancel': (words) => ({ method: 'POST', path: `/responses/${keptIn(words).id}/cancel` }),
};

const ID = /^[A-Za-z0-9_-]{1,200}$/;
const QUERY = /^[A-Za-z0-9_.%=&[\]-]{0,1000}$/;

const keptIn = ({ body }: Words): { readonly id: string; readonly items: boolean; readonly query: string } => {
  const said =
    body.kind === 'bytes' ? (JSON.parse(Buffer.from(body.bytes).toString()) as Readonly<Record<string, unknown>>) : {};
  const { id, items, query = '' } = said;
  if (typeof id !== 'string' || !ID.test(id)) throw new Fault('bad_request', '`id` must be the id of a response');
  if (typeof query !== 'string' || !QUERY.test(query) || /(^|&)stream(=|%|&|$)/i.test(query))
    throw new Fault('bad_request', 'the query has something that cannot be asked for here');
  return { id, items: items === true, query };
};

/** What a stream came to is said only if somebody asks; the door takes it out again for a caller that did not. */
const counted = (member: (name: string) => unknown): Readonly<Record<string, unknown>> => {
  if (member('stream') !== true) return {};
  const options = member('stream_options');
  const said = typeof options === 'object' && options !== null ? options : {};
  return { stream_options: { ...said, include_usage: true } };
};
