/** What the OpenAI door serves. */
import type { DoorRoute, Gate } from '../routes.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const ask = (path: string, summary: string, operation: string, body: object): DoorRoute => ({
  ...{ door: 'openai', method: 'POST', path, summary, keyHeader: 'x-api-key' },
  gate: { kind: 'call', target: 'model', operation },
  example: { headers: JSON_TYPE, body: JSON.stringify({ model: '{name}', ...body }) },
});

const look = (
  method: DoorRoute['method'],
  path: string,
  summary: string,
  gate: Gate = { kind: 'known' },
): DoorRoute => ({
  ...{ door: 'openai', method, path, summary, gate, keyHeader: 'x-api-key' },
  ...(method === 'POST' ? { example: { headers: JSON_TYPE, body: '{}' } } : {}),
});

const HELLO = [{ role: 'user', content: 'hello' }];

export const routes: readonly DoorRoute[] = [
  ask('/v1/chat/completions', 'a chat completion', 'chat', { messages: HELLO }),
  ask('/v1/responses', 'a response', 'chat', { input: 'hello' }),
  ask('/v1/responses/input_tokens', 'how many tokens a request has', 'count', { input: 'hello' }),
  ask('/v1/embeddings', 'embeddings', 'embed', { input: 'hello' }),
  look('GET', '/v1/models', 'models that you may call'),
  look('GET', '/v1/models/{name}', 'one of them'),
  look('GET', '/v1/responses/{id}', 'a response of yours'),
  look('DELETE', '/v1/responses/{id}', 'a response of yours, no more'),
  look('POST', '/v1/responses/{id}/cancel', 'cancel a response of yours'),
  look('GET', '/v1/responses/{id}/input_items', 'what a response of yours was asked'),
];
