/** Callers and models that do not speak the same API: each SDK reads what was written in its words. */
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

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const parameters = { type: 'object', properties: { a: { type: 'number' } } };
const seen = () => scene.provider.seen.at(-1)!;

test('a chat with a model of Anthropic: system, image, tools and their results, and what it cost', async () => {
  const answer = await openai.chat.completions.create({
    model: 'claude',
    max_completion_tokens: 50,
    temperature: 0.5,
    stop: ['END'],
    messages: [
      { role: 'developer', content: 'be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
          { id: 'call_2', type: 'function', function: { name: 'add', arguments: '' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '2' },
      { role: 'tool', tool_call_id: 'call_2', content: '3' },
      { role: 'user', content: 'and now' },
    ],
    tools: [{ type: 'function', function: { name: 'add', description: 'adds', parameters } }],
    tool_choice: 'required',
  });
  assert.equal(answer.choices[0]!.message.content, 'scripted: 2 3 and now');
  assert.deepEqual(seen().body, {
    model: 'scripted-claude',
    max_tokens: 50,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_1', name: 'add', input: { a: 1 } },
          { type: 'tool_use', id: 'call_2', name: 'add', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: '2' }] },
          { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: '3' }] },
          { type: 'text', text: 'and now' },
        ],
      },
    ],
    system: [{ type: 'text', text: 'be brief' }],
    tools: [{ name: 'add', description: 'adds', input_schema: parameters }],
    tool_choice: { type: 'any' },
    temperature: 0.5,
    stop_sequences: ['END'],
  });
  const { usage } = answer;
  assert.deepEqual(
    [usage!.prompt_tokens_details!.cached_tokens, usage!.prompt_tokens_details!.cache_write_tokens],
    [7, 5],
  );
  assert.equal(usage!.total_tokens, usage!.prompt_tokens + usage!.completion_tokens);
});

test('a chat streams from a model of Anthropic, with tools, and with usage only if it was asked for', async () => {
  for (const include_usage of [true, false]) {
    const stream = openai.chat.completions.stream({
      model: 'claude',
      messages: [{ role: 'user', content: 'one two' }],
      stream_options: { include_usage },
    });
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices[0]!.message.content, 'scripted: one two');
    assert.equal(final.choices[0]!.finish_reason, 'stop');
    assert.equal(final.usage !== undefined && final.usage !== null, include_usage);
  }
  const tools = [{ type: 'function', function: { name: 'add', parameters } }] as const;
  const called = await openai.chat.completions
    .stream({ model: 'claude', messages: [{ role: 'user', content: 'tool add {"a":1}' }], tools: [...tools] })
    .finalChatCompletion();
  const [call] = called.choices[0]!.message.tool_calls!;
  assert.equal(called.choices[0]!.finish_reason, 'tool_calls');
  assert.deepEqual(call?.type === 'function' && call.function, {
    name: 'add',
    arguments: '{"a":1}',
  });
});

test('responses are given by a model of Anthropic, at once and as a stream', async () => {
  const answer = await openai.responses.create({
    model: 'claude',
    instructions: 'be brief',
    input: [
      { role: 'user', content: 'hello' },
      { type: 'function_call', call_id: 'call_1', name: 'add', arguments: '{"a":1}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'two' },
    ],
  });
  assert.equal(answer.output_text, 'scripted: two');
  assert.equal(answer.usage!.input_tokens_details.cached_tokens, 7);
  assert.deepEqual(
    seen().body.messages.map(({ role }: { role: string }) => role),
    ['user', 'assistant', 'user'],
  );
  const stream = openai.responses.stream({ model: 'claude', input: 'one two' });
  const final = await stream.finalResponse();
  assert.equal(final.output_text, 'scripted: one two');
  assert.ok(final.usage!.output_tokens > 0);
  const called = await openai.responses
    .stream({
      model: 'claude',
      input: 'tool add {"a":1}',
      tools: [{ type: 'function', name: 'add', parameters, strict: false }],
    })
    .finalResponse();
  assert.deepEqual(
    called.output.map((item) => item.type === 'function_call' && [item.name, item.arguments]),
    [['add', '{"a":1}']],
  );
});

test('messages are answered by a model of OpenAI: system, tools and their results, counts', async () => {
  const answer = await anthropic.messages.create({
    model: 'gpt',
    max_tokens: 50,
    system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://pictures.example/a.png' } }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1 } }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'no such number', is_error: true },
          { type: 'text', text: 'go on' },
        ],
      },
    ],
    tools: [{ name: 'add', input_schema: { type: 'object' } }],
    tool_choice: { type: 'any' },
  });
  assert.deepEqual(answer.content, [{ type: 'text', text: 'scripted: go on', citations: null }]);
  assert.deepEqual(seen().body, {
    model: 'scripted-large',
    messages: [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'Error: no such number' },
      { role: 'user', content: 'go on' },
    ],
    tools: [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }],
    tool_choice: 'required',
    max_completion_tokens: 50,
  });
  assert.equal(answer.usage.cache_read_input_tokens, 2);
  const { input_tokens } = await anthropic.messages.countTokens({
    model: 'gpt',
    messages: [{ role: 'user', content: 'hello' }],
  });
  assert.ok(input_tokens > 0);
  assert.equal(seen().path, '/v1/responses/input_tokens');
});

test('messages stream from a model of OpenAI, and are told at the end what they cost', async () => {
  const final = await anthropic.messages
    .stream({ model: 'gpt', max_tokens: 50, messages: [{ role: 'user', content: 'one two' }] })
    .finalMessage();
  assert.deepEqual(final.content, [{ type: 'text', text: 'scripted: one two', citations: null }]);
  assert.ok(final.usage.output_tokens > 0 && final.usage.input_tokens > 0);
  const called = await anthropic.messages
    .stream({
      model: 'gpt',
      max_tokens: 50,
      messages: [{ role: 'user', content: 'tool add {"a":1}' }],
      tools: [{ name: 'add', input_schema: { type: 'object' } }],
    })
    .finalMessage();
  assert.deepEqual(
    [called.stop_reason, called.content.map((block) => block.type === 'tool_use' && block.input)],
    ['tool_use', [{ a: 1 }]],
  );
});

test('what the other side has no words for is refused by its name, and nothing is sent', async () => {
  const before = scene.provider.seen.length;
  const refused = (work: Promise<unknown>, pattern: RegExp): Promise<void> =>
    assert.rejects(work, (error: Error) => {
      assert.match(error.message, pattern);
      return true;
    });
  await refused(
    openai.chat.completions.create({
      model: 'claude',
      messages: [{ role: 'user', content: 'x' }],
      seed: 7,
      logit_bias: { 1: 2 },
    }),
    /400 .*`openai-chat` says here cannot be said in `anthropic-messages`: `logit_bias`, `seed`|400 .*`seed`, `logit_bias`/,
  );
  await refused(
    anthropic.messages.create({
      model: 'gpt',
      max_tokens: 2_000,
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      messages: [{ role: 'user', content: 'x' }],
    }),
    /`thinking`/,
  );
  await refused(
    openai.responses.create({ model: 'claude', input: 'x', tools: [{ type: 'web_search' }] }),
    /`tools\[0\]\.type`/,
  );
  assert.equal(scene.provider.seen.length, before);
});

test('failures of the other side are errors of this one', async () => {
  await assert.rejects(
    openai.chat.completions.create({ model: 'claude', messages: [{ role: 'user', content: 'fail 400' }] }),
    (error: InstanceType<typeof OpenAI.APIError>) =>
      error.status === 400 && error.type === 'api_error' && /scripted failure/.test(error.message),
  );
  await assert.rejects(
    anthropic.messages.create({ model: 'gpt', max_tokens: 9, messages: [{ role: 'user', content: 'fail 400' }] }),
    (error: InstanceType<typeof Anthropic.APIError>) =>
      error.type === 'invalid_request_error' && /scripted failure/.test(error.message),
  );
});

test('whoever calls a model in the native protocol speaks chat completions to it, whatever it speaks', async () => {
  for (const name of ['gpt', 'claude']) {
    const reply = await fetch(`${scene.hub.url}/v1/models/${name}/chat`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scene.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hello' }] }),
    });
    assert.equal(reply.headers.get('content-type'), 'application/json');
    const { choices } = (await reply.json()) as OpenAI.ChatCompletion;
    assert.equal(choices[0]!.message.content, 'scripted: hello');
  }
});

test('a response of a model whose server has chat completions only is asked for in those', async () => {
  const before = scene.provider.seen.length;
  assert.equal((await openai.responses.create({ model: 'llama', input: 'hello' })).output_text, 'scripted: hello');
  const final = await openai.responses.stream({ model: 'llama', input: 'one two' }).finalResponse();
  assert.equal(final.output_text, 'scripted: one two');
  assert.deepEqual(
    scene.provider.seen.slice(before).map(({ path }) => path),
    ['/plain/v1/responses', '/plain/v1/chat/completions', '/plain/v1/chat/completions'],
    'it is asked once whether it knows them',
  );
  await assert.rejects(openai.responses.create({ model: 'llama', input: 'x', reasoning: { effort: 'high' } }), {
    status: 400,
  });
});
