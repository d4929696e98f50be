/** How models are spoken to that speak the OpenAI API: OpenAI itself, and the many that answer like it. */
import { Fault, type Form, formOf } from '../../contract/index.ts';
import type { HttpUpstream } from '../http/index.ts';
import { labelled, payloadFor, throwIfRefused } from '../models/index.ts';
import type { Way } from '../words.ts';

/** `plain`: a caller that knows the target speaks its words, those of chat completions and embeddings. */
const FORMS: Readonly<Record<string, readonly Form[]>> = {
  chat: ['openai-chat', 'openai-responses', 'plain'],
  embed: ['openai-embeddings', 'plain'],
};

const PATHS: Readonly<Record<string, string>> = {
  'chat openai-chat': '/chat/completions',
  'chat plain': '/chat/completions',
  'chat openai-responses': '/responses',
  'embed openai-embeddings': '/embeddings',
  'embed plain': '/embeddings',
};

export const openaiWay = (upstream: HttpUpstream): Way => ({
  forms: ({ target }) => FORMS[target.operation] ?? [],
  to: (endpoint) => async (call, words, scope) => {
    const form = formOf(words.contentType);
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
  },
});

/** What a stream came to is said only if somebody asks; the door takes it out again for a caller that did not. */
const counted = (member: (name: string) => unknown): Readonly<Record<string, unknown>> => {
  if (member('stream') !== true) return {};
  const options = member('stream_options');
  const said = typeof options === 'object' && options !== null ? options : {};
  return { stream_options: { ...said, include_usage: true } };
};
