/** What the Anthropic door serves. Lists of models are its own only for clients that say its version. */
import type { DoorRoute } from '../routes.ts';

const VERSION = { 'anthropic-version': '2023-06-01' };
const JSON_TYPE = { 'content-type': 'application/json', ...VERSION };

const ask = (path: string, summary: string, operation: string): DoorRoute => ({
  ...{ door: 'anthropic', method: 'POST', path, summary, keyHeader: 'x-api-key' },
  gate: { kind: 'call', target: 'model', operation },
  example: {
    headers: JSON_TYPE,
    body: JSON.stringify({ model: '{name}', max_tokens: 16, messages: [{ role: 'user', content: 'hello' }] }),
  },
});

const list = (path: string, summary: string): DoorRoute => ({
  ...{ door: 'anthropic', method: 'GET', path, summary, keyHeader: 'x-api-key' },
  variant: 'with anthropic-version',
  gate: { kind: 'known' },
  example: { headers: VERSION },
});

export const routes: readonly DoorRoute[] = [
  ask('/v1/messages', 'a message', 'chat'),
  ask('/v1/messages/count_tokens', 'how many tokens a message has', 'count'),
  list('/v1/models', 'models that you may call'),
  list('/v1/models/{name}', 'one of them'),
];
