/** An agent answers as if it were a model, in the words of whoever asks. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
let openai: OpenAI;
let anthropic: Anthropic;
before(async () => {
  scene = await startScene();
  openai = new OpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: scene.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: scene.hub.url, apiKey: scene.key, maxRetries: 0 });
});
after(() => scene?.[Symbol.asyncDispose]());

const user = (content: string) => [{ role: 'user' as const, content }];

test('an agent is asked in chat completions, responses and messages, at once and as a stream', async () => {
  const chat = await openai.chat.completions.create({ model: 'agent/writer', messages: user('hello') });
  assert.equal(chat.choices[0]!.message.content, 'agent: hello');
  assert.equal(scene.provider.seen.at(-1)!.path, '/agent/chat');
  assert.deepEqual(scene.provider.seen.at(-1)!.body, { text: 'hello' });
  const stream = openai.chat.completions.stream({ model: 'agent/writer/other', messages: user('hello') });
  assert.equal((await stream.finalChatCompletion()).choices[0]!.message.content, 'agent: hello');
  assert.equal(scene.provider.seen.at(-1)!.path, '/agent/other');
  assert.equal((await openai.responses.create({ model: 'agent/writer', input: 'hello' })).output_text, 'agent: hello');
  const typed = openai.responses.stream({ model: 'agent/writer', input: 'hello' });
  assert.equal((await typed.finalResponse()).output_text, 'agent: hello');
  const message = await anthropic.messages
    .stream({ model: 'agent/writer', max_tokens: 9, messages: user('hello') })
    .finalMessage();
  assert.deepEqual(message.content, [{ type: 'text', text: 'agent: hello', citations: null }]);
});

test('an agent that is not there is a model that is not there', async () => {
  for (const model of ['agent/nobody', 'agent/', 'agent/writer/chat/more', 'agent/../x', '/agent/writer'])
    await assert.rejects(openai.chat.completions.create({ model, messages: user('x') }), {
      status: 404,
      code: 'model_not_found',
    });
  await assert.rejects(openai.chat.completions.create({ model: 'agent/writer/nothing', messages: user('x') }), {
    status: 404,
  });
  await assert.rejects(openai.embeddings.create({ model: 'agent/writer', input: 'x' }), { status: 404 });
});

test('a tool is asked with one text, and is in no list of models', async () => {
  const chat = await openai.chat.completions.create({ model: 'tool/dictionary/look', messages: user('word') });
  assert.equal(chat.choices[0]!.message.content, 'agent: word');
  assert.equal(scene.provider.seen.at(-1)!.path, '/agent/look');
  const ids = (await Array.fromAsync(await openai.models.list())).map(({ id }) => id);
  assert.ok(ids.every((id) => !id.startsWith('tool/')));
});
