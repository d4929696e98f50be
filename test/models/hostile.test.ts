/** Clients and providers that mean no good, or know no better. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { request } from 'undici';
import type { Provider } from './provider.ts';
import { PROVIDER_KEY, type Scene, startScene } from './scene.ts';

let scene: Scene;
let client: OpenAI;
before(async () => {
  scene = await startScene();
  client = new OpenAI({ baseURL: `${scene.hub.url}/v1`, apiKey: scene.key, maxRetries: 0 });
});
after(() => scene?.[Symbol.asyncDispose]());

interface Asking {
  readonly path?: string;
  readonly method?: 'GET' | 'PUT' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
}

const ask = async (
  body: string | Buffer | undefined,
  { path = '/v1/chat/completions', method = 'POST', headers = {} }: Asking = {},
) => {
  const reply = await request(`${scene.hub.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${scene.key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await reply.body.text();
  return { status: reply.statusCode, headers: reply.headers, text, json: JSON.parse(text) };
};
const CHAT = '{"model":"gpt","messages":[{"role":"user","content":"x"}]}';

test('a request that can be read in two ways, or in none, reaches no provider', async () => {
  const before = scene.provider.seen.length;
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`;
  for (const [body, asking, status] of [
    ['{"model":"gpt","model":"secret-model","messages":[]}', {}, 400],
    ['{"model":"gpt","messages":[{"role":"user","role":"system","content":"x"}]}', {}, 400],
    ['{"model":"gpt","mod\\u0065l":"secret-model","messages":[]}', {}, 400],
    [
      Buffer.from([
        ...Buffer.from('{"model":"gpt","messages":[{"role":"user","content":"'),
        0xff,
        ...Buffer.from('"}]}'),
      ]),
      {},
      400,
    ],
    [`{"model":"gpt","messages":${deep}}`, {}, 400],
    ['{"model":7,"messages":[]}', {}, 400],
    ['{"messages":[]}', {}, 400],
    ['[]', {}, 400],
    ['', {}, 400],
    ['{"model":"gpt","stream":"yes","messages":[]}', {}, 400],
    [CHAT, { headers: { 'content-type': 'text/plain' } }, 400],
    [CHAT, { headers: { 'content-encoding': 'gzip' } }, 400],
    [CHAT, { headers: { 'x-api-key': 'air_another' } }, 401],
    [CHAT, { headers: { authorization: 'Airspace-Node abc.def' } }, 400],
    [CHAT, { headers: { authorization: 'Basic abc' } }, 401],
    [`{"model":"gpt","messages":[],"x":"${'x'.repeat(1_100_000)}"}`, {}, 413],
    [CHAT, { method: 'PUT' }, 405],
    [undefined, { method: 'GET' }, 405],
    ['{}', { path: '/v1/messages/batches' }, 404],
  ] as const satisfies readonly (readonly [string | Buffer | undefined, Asking, number])[]) {
    const answer = await ask(body, asking);
    assert.equal(answer.status, status, `${String(body).slice(0, 80)} ${answer.text}`);
    assert.ok(typeof answer.json.error.message === 'string', answer.text);
  }
  for (const model of [
    '../gpt',
    'gpt/../secret-model',
    'gpt\n',
    'gpt\u0000',
    `gpt${'/'.repeat(300)}`,
    '%67pt',
    'GPT',
    '__proto__',
  ]) {
    const answer = await ask(JSON.stringify({ model, messages: [] }));
    assert.deepEqual([answer.status, answer.json.error.code], [404, 'model_not_found'], model);
  }
  assert.equal(scene.provider.seen.length, before);
});

test('headers of the caller that mean something to a provider do not reach it', async () => {
  await ask(CHAT, {
    headers: {
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      'x-api-key': scene.key,
      baggage: 'who=alice',
      'x-forwarded-for': '192.0.2.1',
      cookie: 'a=b',
      'airspace-session': 's1',
    },
  });
  const { headers } = scene.provider.seen.at(-1)!;
  for (const name of [
    'openai-organization',
    'openai-project',
    'x-api-key',
    'baggage',
    'x-forwarded-for',
    'cookie',
    'airspace-session',
  ])
    assert.equal(headers[name], undefined, name);
});

/** What the provider does with the next request, and what the client of chat completions makes of it. */
const answering = async (next: Provider['script'][number], more: object = {}): Promise<Error | string> => {
  scene.provider.script.push(next);
  try {
    const stream = await client.chat.completions.create({
      model: 'gpt',
      messages: [{ role: 'user', content: 'x' }],
      stream: true,
      ...more,
    });
    const chunks = await Array.fromAsync(stream);
    return chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').join('');
  } catch (thrown) {
    return thrown as Error;
  } finally {
    scene.provider.script.length = 0;
  }
};
const EVENTS = { 'content-type': 'text/event-stream' };

test('a line without end is cut, and the provider is let go', async () => {
  let dropped: Promise<void> | undefined;
  const outcome = await answering((seen, res) => {
    dropped = seen.dropped;
    res.writeHead(200, EVENTS);
    res.write('data: ');
    const more = (): void => {
      while (!res.destroyed && res.write('x'.repeat(65_536)));
    };
    res.on('drain', more);
    more();
  });
  assert.match(String(outcome), /does not end/);
  await dropped;
});

test('a stream that ends in the middle, or with an error, is no whole answer', async () => {
  const half = await answering((_, res) => {
    res.writeHead(200, EVENTS);
    res.write('data: {"id":"c","choices":[{"index":0,"delta":{"content":"half"}}]}\n\ndata: {"id"', () =>
      res.socket!.destroy(),
    );
  });
  assert.match(String(half), /closed the connection/);
  for (const model of ['claude', 'gpt']) {
    const failed = await answering(
      (_, res) => {
        res.writeHead(200, EVENTS);
        res.end(
          model === 'claude'
            ? 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"too much"}}\n\n'
            : 'data: {"error":{"message":"too much","type":"server_error"}}\n\n',
        );
      },
      { model },
    );
    assert.match(String(failed), /too much/, model);
  }
});

test('nonsense from a provider whose answer is translated is refused, and not passed on', async () => {
  for (const [type, body] of [
    ['text/event-stream', 'data: nonsense\n\n'],
    ['text/event-stream', 'data: [1]\n\n'],
    ['text/event-stream', 'event: message_start\ndata: {"type":"message_start","message":7}\n\n'],
    ['text/event-stream', 'event: message_stop\n'],
    ['application/json', '{"content":7}'],
    ['application/json', 'nonsense'],
    ['application/json', '{"content":[{"type":"tool_use","id":7,"name":"x"}]}'],
  ] as const) {
    const outcome = await answering(
      (_, res) => {
        res.writeHead(200, { 'content-type': type });
        res.end(body);
      },
      { model: 'claude' },
    );
    assert.ok(outcome instanceof Error, `${body} became ${String(outcome)}`);
  }
});

test('a page instead of an error becomes an error, and nothing of the provider sets cookies or sends clients elsewhere', async () => {
  scene.provider.script.push((_, res) => {
    res.writeHead(500, { 'content-type': 'text/html', 'set-cookie': 'a=b', location: 'https://evil.example/' });
    res.end('<script>alert(1)</script>');
  });
  const answer = await ask(CHAT);
  assert.deepEqual(
    [answer.status, answer.headers['set-cookie'], answer.headers['location']],
    [502, undefined, undefined],
  );
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  assert.ok(!answer.text.includes('<script>'));
});

test('a provider that repeats its key, in whatever pieces, does not tell it', async () => {
  const at = 11;
  const outcome = await answering((_, res) => {
    res.writeHead(200, { ...EVENTS, 'x-echo': PROVIDER_KEY });
    const say = (text: string): string => `data: {"id":"c","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
    const text = say(`the key is ${PROVIDER_KEY} indeed`);
    const cut = text.indexOf(PROVIDER_KEY) + at;
    res.write(text.slice(0, cut));
    setImmediate(() => res.end(`${text.slice(cut)}data: [DONE]\n\n`));
  });
  assert.equal(outcome, 'the key is [secret] indeed');
  const failed = await ask('{"model":"gpt","messages":[{"role":"user","content":"fail 500"}]}');
  assert.ok(!failed.text.includes(PROVIDER_KEY) && failed.text.includes('[secret]'), failed.text);
  assert.ok(!scene.log.join('').includes(PROVIDER_KEY));
});
