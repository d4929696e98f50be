/** A chain of models: who cannot take a call hands it on, decided and paid for anew, and never twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { model, resource, type Scene, startScene } from './scene.ts';

let scene: Scene;
let client: OpenAI;
before(async () => {
  scene = await startScene((url) => [
    model('gone', 'openai', 'http://127.0.0.1:1/v1', {
      fallback: ['secret-model', 'cheap'],
      price: { perCall: '1 USD' },
      credential: undefined,
    }),
    model('busy', 'openai', `${url}/v1`, {
      model: 'busy',
      fallback: ['opus'],
      price: { catalogue: 'openai/gpt-4o' },
    }),
    model('opus', 'anthropic', url, { price: { perCall: '0.02 USD' } }),
    model('cheap', 'openai', `${url}/v1`, { model: 'cheap-1', price: { perCall: '0.01 USD' } }),
    model('lonely', 'openai', 'http://127.0.0.1:1/v1', {
      fallback: ['secret-model'],
      price: { perCall: '1 USD' },
      credential: undefined,
    }),
    resource('Budget', 'calls', { scope: 'organisation', unit: 'usd', limit: '10 USD' }),
  ]);
  client = new OpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: scene.key, maxRetries: 0 });
});
after(() => scene?.[Symbol.asyncDispose]());

const user = (content: string) => [{ role: 'user' as const, content }];

test('a model that is not there hands the call on, past one that policy forbids, and the caller is told', async () => {
  const { data, response } = await client.chat.completions
    .create({ model: 'gone', messages: user('hello') })
    .withResponse();
  assert.equal(data.choices[0]!.message.content, 'scripted: hello');
  assert.equal(response.headers.get('airspace-fallback'), 'cheap; instead-of=gone; because=unreachable');
  assert.equal(scene.provider.seen.at(-1)!.body.model, 'cheap-1');
  const event = await scene.event(response.headers.get('airspace-call-id')!);
  assert.deepEqual(
    event.steps.filter(({ name }) => name === 'fallback').map(({ attributes: { to, code } }) => [to, code]),
    [
      ['secret-model', 'denied'],
      ['cheap', ''],
    ],
  );
  assert.equal(event.attributes['model.fallback'], 'gone -> cheap');
  assert.equal(event.attributes['cost.micros'], 10_000, 'at the price of the one that answered');
});

test('each model of a chain is paid for once, and nothing stays set aside', async () => {
  const spent = async (): Promise<readonly number[]> => {
    const { items } = (await scene.ask('/v1/budgets')) as {
      items: { accounts: { spent: number; reserved: number }[] }[];
    };
    const [account] = items[0]!.accounts;
    return [account!.spent, account!.reserved];
  };
  // Settled when the stream of the provider is over, which its reader may see first.
  const settled = async (): Promise<readonly number[]> => {
    let now = await spent();
    for (const endMs = performance.now() + 10_000; now[1] !== 0 && performance.now() < endMs; ) now = await spent();
    return now;
  };
  const [before] = await settled();
  await client.chat.completions.create({ model: 'gone', messages: user('hello') });
  assert.deepEqual(await settled(), [before! + 10_000, 0]);
});

test('a provider that has too many calls is passed by, into the words of another one, streamed too', async () => {
  for (const stream of [false, true]) {
    scene.provider.script.push((_, res) => {
      res.writeHead(429, { 'content-type': 'application/json', 'retry-after': '20' });
      res.end(JSON.stringify({ error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } }));
    });
    const { data, response } = await client.chat.completions
      .create({ model: 'busy', messages: user('hello'), stream })
      .withResponse();
    assert.equal(response.headers.get('airspace-fallback'), 'opus; instead-of=busy; because=refused');
    if (Symbol.asyncIterator in data) {
      const chunks = await Array.fromAsync(data);
      assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), 'scripted: hello');
    } else assert.equal(data.choices[0]!.message.content, 'scripted: hello');
  }
});

test('what may have run, or has begun to answer, goes to nobody else', async () => {
  scene.provider.script.push((_, res) => res.socket!.destroy());
  scene.provider.script.push((_, res) => res.socket!.destroy());
  scene.provider.script.push((_, res) => res.socket!.destroy());
  await assert.rejects(client.chat.completions.create({ model: 'busy', messages: user('x') }), { status: 502 });
  scene.provider.script.length = 0;
  await assert.rejects(client.chat.completions.create({ model: 'busy', messages: user('fail 500') }), { status: 500 });
  const seen = scene.provider.seen.length;
  scene.provider.script.push((_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: {"id":"c","choices":[{"index":0,"delta":{"content":"begun"}}]}\n\n', () => res.socket!.destroy());
  });
  const stream = await client.chat.completions.create({ model: 'busy', messages: user('x'), stream: true });
  await assert.rejects(Array.fromAsync(stream));
  assert.equal(scene.provider.seen.length, seen + 1);
});

test('a chain that ends nowhere says what the first model said, and who was asked', async () => {
  await assert.rejects(
    client.chat.completions.create({ model: 'lonely', messages: user('x') }),
    (error: InstanceType<typeof OpenAI.APIError>) => {
      assert.deepEqual([error.status, error.code], [502, 'unreachable']);
      assert.deepEqual((error.error as { facts: { fallback: unknown } }).facts.fallback, [
        'lonely: unreachable',
        'secret-model: denied',
      ]);
      return true;
    },
  );
});
