/** The Anthropic SDK, unmodified, against a hub with scripted providers behind it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anthropic, { type APIError } from '@anthropic-ai/sdk';
import { PROVIDER_KEY, type Scene, startScene } from './scene.ts';

let scene: Scene;
let client: Anthropic;
before(async () => {
  scene = await startScene();
  client = new Anthropic({ baseURL: scene.hub.url, apiKey: scene.key, maxRetries: 0 });
});
after(() => scene?.[Symbol.asyncDispose]());

const ask = (content: string, model = 'claude-opus-5') =>
  ({ model, max_tokens: 100, messages: [{ role: 'user', content }] }) as const;
const asked = (content: string, model?: string) => {
  const { messages, ...rest } = ask(content, model);
  return { ...rest, messages: [...messages] };
};
const failing = (work: Promise<unknown>): Promise<InstanceType<typeof APIError>> =>
  work.then(
    () => assert.fail('expected an error'),
    (error: InstanceType<typeof APIError>) => error,
  );

test('messages pass through, with the key of the provider and the version of the client', async () => {
  const { data, response } = await client.messages.create(asked('hello')).withResponse();
  assert.deepEqual(data.content, [{ type: 'text', text: 'scripted: hello', citations: null }]);
  assert.deepEqual([data.usage.cache_read_input_tokens, data.model], [7, 'scripted-claude']);
  const seen = scene.provider.seen.at(-1)!;
  assert.equal(seen.path, '/v1/messages');
  assert.equal(seen.headers['x-api-key'], PROVIDER_KEY);
  assert.equal(seen.headers['anthropic-version'], '2026-10-21');
  assert.ok(!JSON.stringify(seen.headers).includes(scene.key));
  assert.match(response.headers.get('request-id')!, /^req_scripted/);
  assert.equal(response.headers.get('anthropic-ratelimit-requests-remaining'), '98');
});

test('streams and tools pass through', async () => {
  const stream = client.messages.stream(asked('one two'));
  let text = '';
  stream.on('text', (piece) => {
    text += piece;
  });
  const final = await stream.finalMessage();
  assert.equal(text, 'scripted: one two');
  assert.equal(final.stop_reason, 'end_turn');
  const tools = [{ name: 'add', input_schema: { type: 'object' as const } }];
  const called = await client.messages.stream({ ...asked('tool add {"a":1}'), tools }).finalMessage();
  assert.deepEqual(
    called.content.map((block) => block.type === 'tool_use' && block.input),
    [{ a: 1 }],
  );
});

test('tokens are counted', async () => {
  const { messages, model } = asked('hello');
  assert.ok((await client.messages.countTokens({ model, messages })).input_tokens > 0);
  assert.equal(scene.provider.seen.at(-1)!.path, '/v1/messages/count_tokens');
});

test('errors are those of the API', async () => {
  const unknown = await failing(client.messages.create(asked('x', 'claude-opus-6')));
  assert.deepEqual([unknown.status, unknown.type, unknown.constructor.name], [404, 'not_found_error', 'NotFoundError']);
  assert.match(unknown.message, /`claude-opus-5`/);
  for (const [status, type] of [
    [429, 'rate_limit_error'],
    [529, 'overloaded_error'],
  ] as const) {
    const error = await failing(client.messages.create(asked(`fail ${status}`)));
    assert.deepEqual([error.status, error.type], [status, type]);
    assert.ok(Number(error.headers?.get('retry-after')) >= 1);
    assert.ok(!error.message.includes(PROVIDER_KEY), error.message);
  }
  const bad = await failing(client.messages.create(asked('fail 400')));
  assert.deepEqual([bad.status, bad.type], [400, 'api_error']);
  const stranger = new Anthropic({ baseURL: scene.hub.url, apiKey: 'air_nobody', maxRetries: 0 });
  assert.equal((await failing(stranger.messages.create(asked('x')))).type, 'authentication_error');
});

test('the list of models has the shape that its clients know, page by page', async () => {
  const ids = (await Array.fromAsync(client.models.list({ limit: 2 }))).map(({ id }) => id);
  assert.deepEqual(ids, [
    'careful',
    'claude',
    'claude-opus-5',
    'gpt',
    'gpt-5.2',
    'openai/gpt-5.2',
    'llama',
    'agent/bob',
    'agent/writer',
  ]);
  assert.equal((await client.models.retrieve('claude')).type, 'model');
});

test('a client that leaves takes the request at the provider with it', async () => {
  const stream = await client.messages.create({ ...asked('begin'), stream: true });
  for await (const _ of stream) break;
  stream.controller.abort();
  await scene.provider.seen.at(-1)!.dropped;
});
