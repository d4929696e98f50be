/** How models are spoken to that speak the Anthropic API. */
import { Fault, type Form, formOf } from '../../contract/index.ts';
import type { HttpUpstream } from '../http/index.ts';
import { labelled, payloadFor, throwIfRefused } from '../models/index.ts';
import type { Way } from '../words.ts';

const FORMS: Readonly<Record<string, readonly Form[]>> = {
  chat: ['anthropic-messages'],
  count: ['anthropic-count', 'plain'],
};

const PATHS: Readonly<Record<string, string>> = { chat: '/v1/messages', count: '/v1/messages/count_tokens' };

/** For callers that speak another API, and so say no version. */
const VERSION = '2023-06-01';

export const anthropicWay = (upstream: HttpUpstream): Way => ({
  forms: ({ target }) => FORMS[target.operation] ?? [],
  to: (endpoint) => async (call, words, scope) => {
    const form = formOf(words.contentType);
    const path = PATHS[call.target.operation];
    if (path === undefined)
      throw new Fault('bad_request', `\`${call.target.operation}\` is nothing that the Anthropic API can be asked for`);
    const version = call.headers.find(([name]) => name === 'anthropic-version')?.[1] ?? VERSION;
    const reply = await upstream.send(endpoint, call, scope, {
      method: 'POST',
      path,
      contentType: 'application/json',
      accept: call.stream ? 'text/event-stream' : 'application/json',
      headers: ['anthropic-version', version],
      body: payloadFor(call, words, endpoint),
      isForeign: true,
    });
    return labelled(await throwIfRefused(reply, call), form);
  },
});
