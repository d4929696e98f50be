/** The OpenAI SDK, unmodified, against a hub with scripted providers behind it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI, { type APIError } from 'openai';
import { PROVIDER_KEY, type Scene, startScene } from './scene.ts';

let scene: Scene;
let client: OpenAI;
before(async () => {
  scene = await startScene();
  client = new OpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: scene.key, maxRetries: 0 });
});
after(() => scene?.[Symbol.asyncDispose]());

const user = (content: string) => [{ role: 'user', content }] as const;
const failing = (work: Promise<unknown>): Promise<APIError> =>
  work.then(
    () => assert.fail('expected an error'),
    (error: APIError) => error,
  );

test('a chat passes through: model by alias, the key of the caller stays here, the provider is shown its own', async () => {
  const { data, response } = await client.chat.completions
    .create({ model: 'openai/gpt-5.2', messages: [...user('hello')], temperature: 0.25 })
    .withResponse();
  assert.equal(data.choices[0]!.message.content, 'scripted: hello');
  assert.equal(data.model, 'scripted-large');
  const seen = scene.provider.seen.at(-1)!;
  assert.equal(
    seen.text,
    '{"model":"scripted-large","messages":[{"role":"user","content":"hello"}],"temperature":0.25}',
  );
  assert.equal(seen.headers.authorization, `Bearer ${PROVIDER_KEY}`);
  assert.ok(!JSON.stringify(seen.headers).includes(scene.key));
  assert.deepEqual(
    Object.keys(seen.headers).filter((name) => /^(airspace-|baggage|x-stainless|idempotency)/.test(name)),
    [],
  );
  assert.match(response.headers.get('x-request-id')!, /^req_scripted/);
  assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '99');
  assert.match(response.headers.get('airspace-call-id')!, /^[0-9a-f]{32}$/);
  assert.equal(response.headers.get('openai-organization'), null);
});

test('a stream passes through, and the count of tokens only for whoever asks for it', async () => {
  for (const asks of [false, true]) {
    const stream = await client.chat.completions.create({
      model: 'gpt',
      messages: [...user('one two three')],
      stream: true,
      ...(asks ? { stream_options: { include_usage: true } } : {}),
    });
    const chunks = await Array.fromAsync(stream);
    assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), 'scripted: one two three');
    assert.deepEqual(scene.provider.seen.at(-1)!.body.stream_options, { include_usage: true });
    assert.equal(chunks.filter(({ choices }) => choices.length === 0).length, asks ? 1 : 0);
    assert.equal(chunks.at(-1)!.usage?.prompt_tokens !== undefined, asks);
  }
});

test('tools are called', async () => {
  const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }] as const;
  const answer = await client.chat.completions.create({
    model: 'gpt',
    messages: [...user('tool add {"a":1}')],
    tools: [...tools],
  });
  const [call] = answer.choices[0]!.message.tool_calls!;
  assert.deepEqual(call?.type === 'function' && [call.function.name, call.function.arguments], ['add', '{"a":1}']);
  const runner = client.chat.completions.stream({
    model: 'gpt',
    messages: [...user('tool add {"a":1}')],
    tools: [...tools],
  });
  assert.equal((await runner.finalChatCompletion()).choices[0]!.finish_reason, 'tool_calls');
});

test('errors are those of the API, with what the SDK makes of them', async () => {
  const unknown = await failing(client.chat.completions.create({ model: 'gpt-5.3', messages: [...user('x')] }));
  assert.deepEqual([unknown.status, unknown.code, unknown.constructor.name], [404, 'model_not_found', 'NotFoundError']);
  assert.match(unknown.message, /`gpt-5\.2`/);
  assert.ok(!unknown.message.includes('secret-model'), 'nobody hears of what it may not call');
  const denied = await failing(client.chat.completions.create({ model: 'secret-model', messages: [...user('x')] }));
  assert.deepEqual([denied.status, denied.constructor.name], [403, 'PermissionDeniedError']);
  const stranger = new OpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: 'air_nobody', maxRetries: 0 });
  const refused = await failing(stranger.models.list());
  assert.deepEqual(
    [refused.status, refused.code, refused.constructor.name],
    [401, 'invalid_api_key', 'AuthenticationError'],
  );
  const limited = await failing(
    client.chat.completions.create({ model: 'gpt', messages: [...user('fail 429')] }, { timeout: 5_000 }),
  );
  assert.deepEqual(
    [limited.status, limited.code, limited.constructor.name],
    [429, 'rate_limit_exceeded', 'RateLimitError'],
  );
  const bad = await failing(client.chat.completions.create({ model: 'gpt', messages: [...user('fail 400')] }));
  assert.deepEqual([bad.status, bad.code], [400, 'scripted_400']);
  assert.match(bad.message, /the key was Bearer \[secret\]/);
  const locked = await failing(client.chat.completions.create({ model: 'gpt', messages: [...user('fail 401')] }));
  assert.equal(locked.status, 503);
  for (const { message, headers } of [limited, bad, locked])
    assert.ok(!`${message}${JSON.stringify([...headers!])}`.includes(PROVIDER_KEY));
  assert.ok(!scene.log.join('').includes(PROVIDER_KEY));
});

test('the list of models is what the caller may call', async () => {
  const ids = (await Array.fromAsync(await client.models.list())).map(({ id }) => id);
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
  assert.equal((await client.models.retrieve('openai/gpt-5.2')).id, 'openai/gpt-5.2');
  assert.equal((await failing(client.models.retrieve('secret-model'))).status, 404);
});

test('a client that leaves takes the request at the provider with it', async () => {
  const stream = await client.chat.completions.create({ model: 'gpt', messages: [...user('begin')], stream: true });
  for await (const _ of stream) break;
  stream.controller.abort();
  await scene.provider.seen.at(-1)!.dropped;
});

test('embeddings come as the client wants them', async () => {
  const answer = await client.embeddings.create({ model: 'gpt', input: ['ab', 'abcd'] });
  assert.deepEqual(
    answer.data.map(({ embedding }) => embedding),
    [
      [2, 0.5, -0.25, 0.125],
      [4, 0.5, -0.25, 0.125],
    ],
  );
  assert.equal(scene.provider.seen.at(-1)!.body.encoding_format, 'base64');
});

test('responses pass through, streamed too', async () => {
  const answer = await client.responses.create({ model: 'gpt', input: 'hello' });
  assert.equal(answer.output_text, 'scripted: hello');
  const stream = await client.responses.create({ model: 'gpt', input: 'hello there', stream: true });
  const events = await Array.fromAsync(stream);
  assert.equal(
    events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : [])).join(''),
    'scripted: hello there',
  );
  assert.equal(events.at(-1)!.type, 'response.completed');
});

test('a response that the provider keeps belongs to its caller: for others it does not exist, and nobody sees its real id', async () => {
  const first = await client.responses.create({ model: 'gpt', input: 'hello' });
  assert.match(first.id, /^resp_[A-Za-z0-9_-]{60,}$/);
  const second = await client.responses.create({ model: 'gpt', input: 'again', previous_response_id: first.id });
  assert.match(scene.provider.seen.at(-1)!.body.previous_response_id, /^resp_scripted/);
  assert.equal(second.previous_response_id, first.id);
  const events = await Array.fromAsync(
    await client.responses.create({ model: 'gpt', input: 'more', previous_response_id: second.id, stream: true }),
  );
  const ids = new Set(events.flatMap((event) => ('response' in event ? [event.response.id] : [])));
  assert.equal(ids.size, 1);
  const [third] = ids;
  assert.equal((await client.responses.retrieve(third!)).id, third);
  assert.equal((await client.responses.inputItems.list(third!)).data.length, 1);
  assert.equal((await client.responses.cancel(third!)).status, 'cancelled');

  const bob = new OpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: await scene.keyOf('agent', 'bob'), maxRetries: 0 });
  const before = scene.provider.seen.length;
  for (const id of [third!, 'resp_scripted000001', `resp_${'A'.repeat(60)}`]) {
    assert.equal((await failing(bob.responses.retrieve(id))).status, 404);
    assert.equal(
      (await failing(bob.responses.create({ model: 'gpt', input: 'x', previous_response_id: id }))).status,
      404,
    );
  }
  for (const more of [{ conversation: 'conv_1' }, { background: true }])
    assert.equal((await failing(client.responses.create({ model: 'gpt', input: 'x', ...more }))).status, 400);
  assert.equal(scene.provider.seen.length, before, 'nothing was asked of the provider');

  await client.responses.delete(third!);
  assert.equal((await failing(client.responses.retrieve(third!))).status, 404);
  assert.ok(!scene.log.join('').includes('resp_scripted'), 'the ids of the provider are in no log');
});

test('a call that people have to look at first is an error that says so, and nothing is asked of the provider', async () => {
  const before = scene.provider.seen.length;
  const held = await failing(client.chat.completions.create({ model: 'careful', messages: [...user('x')] }));
  assert.deepEqual([held.status, held.code], [403, 'approval_required']);
  assert.match(held.message, /GET \/v1\/calls\/[0-9a-f]{32}/);
  assert.equal(scene.provider.seen.length, before);
});

test('a stream that is given again is the stream that was given', async () => {
  const options = { headers: { 'idempotency-key': 'once' } };
  const body = { model: 'gpt', messages: [...user('hello there')], stream: true as const };
  const [first, second] = [
    await Array.fromAsync(await client.chat.completions.create(body, options)),
    await Array.fromAsync(await client.chat.completions.create(body, options)),
  ];
  assert.deepEqual(second, first);
  assert.ok(first.every(({ choices }) => choices.length === 1));
  const responses = async () => {
    const request = { model: 'gpt', input: 'hello', stream: true } as const;
    return Array.fromAsync(await client.responses.create(request, { headers: { 'idempotency-key': 'twice' } }));
  };
  assert.deepEqual(await responses(), await responses());
});
