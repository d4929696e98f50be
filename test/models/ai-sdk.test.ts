/** The AI SDK, unmodified, through each of its providers: what is passed on, and what is translated. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await startScene();
});
after(() => scene?.[Symbol.asyncDispose]());

const modelsOf = (name: string) => {
  const baseURL = `${scene.hub.url}/v1`;
  const apiKey = scene.key;
  return {
    chat: createOpenAI({ baseURL, apiKey }).chat(name),
    responses: createOpenAI({ baseURL, apiKey }).responses(name),
    messages: createAnthropic({ baseURL, apiKey })(name),
    compatible: createOpenAICompatible({ baseURL, apiKey, name: 'airspace' })(name),
  };
};

for (const name of ['gpt', 'claude'])
  for (const words of ['chat', 'responses', 'messages', 'compatible'] as const) {
    test(`${words} with ${name}: text, stream, and a tool in two steps`, async () => {
      const model = modelsOf(name)[words];
      const { text, usage } = await generateText({ model, prompt: 'hello', maxOutputTokens: 99, maxRetries: 0 });
      assert.equal(text, 'scripted: hello');
      assert.ok(usage.inputTokens! > 0 && usage.outputTokens! > 0);
      const stream = streamText({ model, prompt: 'one two', maxOutputTokens: 99, maxRetries: 0 });
      assert.equal((await Array.fromAsync(stream.textStream)).join(''), 'scripted: one two');
      const add = tool({ inputSchema: z.object({ a: z.number() }), execute: async ({ a }) => `got ${a}` });
      const looped = await generateText({
        model,
        prompt: 'tool add {"a":1}',
        tools: { add },
        maxOutputTokens: 99,
        stopWhen: stepCountIs(2),
        maxRetries: 0,
      });
      assert.deepEqual(
        looped.steps[0]!.toolResults.map(({ output }) => output),
        ['got 1'],
      );
      assert.match(looped.text, /^scripted: .*got 1/);
    });
  }

test('embeddings come through', async () => {
  const { embedding } = await embed({
    model: createOpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: scene.key }).embedding('gpt'),
    value: 'abc',
  });
  assert.deepEqual(embedding, [3, 0.5, -0.25, 0.125]);
});
