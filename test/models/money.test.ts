/** What calls cost, against the price catalogue and the counts of the provider: to the micro, in every form and however they end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { calcPrice, extractUsage, findProvider } from '@pydantic/genai-prices';
import OpenAI from 'openai';
import { model, resource, type Scene, startScene } from './scene.ts';

let scene: Scene;
let openai: OpenAI;
let anthropic: Anthropic;
before(async () => {
  scene = await startScene((url) => [
    model('priced', 'openai', `${url}/v1`, { price: { catalogue: 'openai/gpt-4o' } }),
    model('priced-claude', 'anthropic', url, { price: { catalogue: 'anthropic/claude-haiku-4-5' } }),
    resource('Budget', 'all', { scope: 'organisation', unit: 'usd', limit: '100 USD' }),
    resource('Budget', 'tokens', { scope: 'organisation', unit: 'tokens', limit: 10_000_000 }),
  ]);
  openai = new OpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: scene.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: scene.hub.url, apiKey: scene.key, maxRetries: 0 });
});
after(() => scene?.[Symbol.asyncDispose]());

/** The catalogue's own reading of a reply and its own arithmetic, rounded up to a micro. */
const expected = (providerId: string, name: string, reply: unknown, flavour: string): number => {
  const provider = findProvider({ providerId })!;
  const { usage } = extractUsage(provider, { ...(reply as object), model: name }, flavour);
  const { total_price: usd } = calcPrice(usage, name, { provider })!;
  return Math.ceil(Number((usd * 1e6).toFixed(6)));
};

const spentIn = async (callId: string | null): Promise<Readonly<Record<string, unknown>>> =>
  (await scene.event(callId ?? '')).attributes;
const user = (content: string) => [{ role: 'user' as const, content }];

test('an answer costs what the catalogue says, cached tokens at their own price', async () => {
  const chat = await openai.chat.completions.create({ model: 'priced', messages: user('hello') }).withResponse();
  const { 'cost.micros': cost, 'usage.flags': flags } = await spentIn(chat.response.headers.get('airspace-call-id'));
  assert.deepEqual([cost, flags], [expected('openai', 'gpt-4o', chat.data, 'chat'), undefined]);
  const responses = await openai.responses.create({ model: 'priced', input: 'hello' }).withResponse();
  const second = await spentIn(responses.response.headers.get('airspace-call-id'));
  assert.equal(second['cost.micros'], expected('openai', 'gpt-4o', responses.data, 'responses'));
  const messages = await anthropic.messages
    .create({ model: 'priced-claude', max_tokens: 99, messages: user('hello') })
    .withResponse();
  const third = await spentIn(messages.response.headers.get('airspace-call-id'));
  const {
    input_tokens,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
    output_tokens,
  } = messages.data.usage;
  assert.equal(third['usage.input_tokens'], input_tokens + read! + written!);
  assert.equal(third['usage.output_tokens'], output_tokens);
});

test('a stream costs the same as an answer, also for a caller that asked for no count', async () => {
  for (const stream_options of [{ include_usage: true }, null]) {
    const { data, response } = await openai.chat.completions
      .create({ model: 'priced', messages: user('one two'), stream: true, stream_options })
      .withResponse();
    await Array.fromAsync(data);
    const once = await openai.chat.completions.create({ model: 'priced', messages: user('one two') });
    const { 'cost.micros': cost, 'usage.flags': flags } = await spentIn(response.headers.get('airspace-call-id'));
    assert.deepEqual([cost, flags], [expected('openai', 'gpt-4o', once, 'chat'), undefined]);
  }
});

test('what is translated costs what its provider counted', async () => {
  const chat = await openai.chat.completions.create({ model: 'priced-claude', messages: user('hello') }).withResponse();
  const messages = await anthropic.messages
    .create({ model: 'priced-claude', max_tokens: 99, messages: user('hello') })
    .withResponse();
  const [one, two] = await Promise.all(
    [chat, messages].map(({ response }) => spentIn(response.headers.get('airspace-call-id'))),
  );
  // The same question is a little longer as a list of blocks.
  assert.ok(Math.abs(Number(one!['usage.input_tokens']) - Number(two!['usage.input_tokens'])) < 10);
  assert.equal(one!['usage.flags'], undefined);
});

test('a stream that is cut costs what was written until then, not what its beginning said', async () => {
  scene.provider.script.push((_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const event = (type: string, more: object): void =>
      void res.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
    event('message_start', {
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'x',
        content: [],
        usage: { input_tokens: 10, output_tokens: 1 },
      },
    });
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'word '.repeat(300) } });
    setImmediate(() => res.destroy());
  });
  const { data, response } = await anthropic.messages
    .create({ model: 'priced-claude', max_tokens: 999, messages: user('x'), stream: true })
    .withResponse();
  await assert.rejects(Array.fromAsync(data), (error: InstanceType<typeof Anthropic.APIError>) =>
    /api_error/.test(error.message),
  );
  const spent = await spentIn(response.headers.get('airspace-call-id'));
  assert.deepEqual([spent['usage.input_tokens'], spent['usage.output_tokens']], [10, 500]);
  assert.deepEqual(spent['usage.flags'], ['cut', 'missing']);
});

test('vectors are no tokens, and what providers do without a model costs none', async () => {
  const vectors = await openai.embeddings.create({ model: 'priced', input: 'hello' }).withResponse();
  const spent = await spentIn(vectors.response.headers.get('airspace-call-id'));
  assert.deepEqual([spent['usage.output_tokens'], spent['usage.flags']], [0, undefined]);
  const counted = await anthropic.messages
    .countTokens({ model: 'priced-claude', messages: user('hello') })
    .withResponse();
  assert.equal((await spentIn(counted.response.headers.get('airspace-call-id')))['cost.micros'], 0);
  const { id } = await openai.responses.create({ model: 'priced', input: 'hello' });
  const again = await openai.responses.retrieve(id).withResponse();
  assert.equal((await spentIn(again.response.headers.get('airspace-call-id')))['cost.micros'], 0);
});

test('a cap that a budget adds is one that the API knows', async () => {
  await openai.chat.completions.create({ model: 'priced', messages: user('x') });
  assert.deepEqual(capsIn(scene.provider.seen.at(-1)!.body), { max_completion_tokens: 4096 });
  await openai.chat.completions.create({ model: 'priced', messages: user('x'), max_tokens: 7 });
  assert.deepEqual(capsIn(scene.provider.seen.at(-1)!.body), { max_tokens: 7 });
  await openai.responses.create({ model: 'priced', input: 'x' });
  assert.deepEqual(capsIn(scene.provider.seen.at(-1)!.body), { max_output_tokens: 4096 });
  await openai.embeddings.create({ model: 'priced', input: 'x' });
  assert.deepEqual(capsIn(scene.provider.seen.at(-1)!.body), {});
});

const capsIn = (body: object): object =>
  Object.fromEntries(Object.entries(body).filter(([name]) => name.startsWith('max_')));
