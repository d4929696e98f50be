import assert from 'node:assert/strict';
import type http from 'node:http';
import { after, test } from 'node:test';
import { type Binding, type Call, type Endpoint, Fault, type Reply, type Scope } from '../../contract/index.ts';
import { readStream, type StreamResponse } from '../../dialects/a2a/index.ts';
import { rootScope, silentSpan } from '../../kernel/index.ts';
import { httpUpstream } from '../http/index.ts';
import { endpointAt, faultOf, makeCall, permitted, testScope, testWorld, textOf } from '../http/testing.ts';
import { a2aWay } from './index.ts';
import { type Heard, agentThat as openAgent } from './testing.ts';

const upstream = httpUpstream({ world: testWorld, nodeId: 'test' });
const way = a2aWay(upstream);
const open: { close(): Promise<void> }[] = [];
after(async () => {
  await upstream.close();
  await Promise.all(open.map((agent) => agent.close()));
});

const agentThat = async (...answer: Parameters<typeof openAgent>): ReturnType<typeof openAgent> => {
  const agent = await openAgent(...answer);
  open.push(agent);
  return agent;
};

const callOf = (operation: string, payload: unknown, more: Partial<Call> = {}): Call =>
  makeCall({
    target: { kind: 'agent', name: 'echo', operation },
    contentType: 'application/json;form=a2a',
    accept: '',
    body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(payload)) },
    ...more,
  });
const HELLO = { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hello' }] } };
const hello = (more: Partial<Call> = {}): Call => permitted(callOf('message', HELLO, more));

const at = (url: string, version = '1.0', binding: Binding | '' = 'JSONRPC'): Endpoint =>
  endpointAt(url, { speech: { protocol: 'a2a', version, binding, model: '' } });
const send = (endpoint: Endpoint, call: Call, scope: Scope = testScope().scope): Promise<Reply> =>
  way.to(endpoint)(call, call, scope);

const idOf = ({ body }: Heard): string => (JSON.parse(body) as { id: string }).id;
const TASK = { id: 't', contextId: 'c', status: { state: 'TASK_STATE_COMPLETED' } };
const json = (response: http.ServerResponse, text: string, type = 'application/json', status = 200): void => {
  response.writeHead(status, { 'content-type': type }).end(text);
};

/** What an agent answers to a message: text of the whole envelope. */
const refused: readonly [string, (id: string) => string][] = [
  ['the id of another request', () => JSON.stringify({ jsonrpc: '2.0', id: 'other', result: { task: TASK } })],
  ['no id', () => JSON.stringify({ jsonrpc: '2.0', result: { task: TASK } })],
  ['another protocol', (id) => JSON.stringify({ id, result: { task: TASK } })],
  ['a result and an error', (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { task: TASK }, error: { code: 1 } })],
  ['neither', (id) => JSON.stringify({ jsonrpc: '2.0', id })],
  ['two answers in a list', (id) => JSON.stringify([{ jsonrpc: '2.0', id, result: { task: TASK } }])],
  ['no JSON', () => '{"jsonrpc":"2.0",'],
  [
    'a member twice',
    (id) =>
      `{"jsonrpc":"2.0","id":"${id}","result":{"task":{"id":"t","id":"u","status":{"state":"TASK_STATE_WORKING"}}}}`,
  ],
  ['a prototype', (id) => `{"jsonrpc":"2.0","id":"${id}","result":{"__proto__":{},"task":{}}}`],
  ['a nest', (id) => `{"jsonrpc":"2.0","id":"${id}","result":${'['.repeat(100)}${']'.repeat(100)}}`],
  [
    'a task and a message',
    (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { task: TASK, message: HELLO.message } }),
  ],
  ['a task without state', (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { task: { id: 't', status: {} } } })],
  [
    'a state that does not exist',
    (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { task: { id: 't', status: { state: 'DONE' } } } }),
  ],
  [
    'an id of a megabyte',
    (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { task: { ...TASK, id: 'x'.repeat(1e6) } } }),
  ],
  [
    'an id in another case',
    (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { task: { ...TASK, ContextID: 'd' } } }),
  ],
  [
    'a part of two kinds',
    (id) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id,
        result: { message: { ...HELLO.message, parts: [{ text: 'a', url: 'b' }] } },
      }),
  ],
];

for (const [name, answer] of refused)
  test(`an agent that answers ${name} is not believed`, async () => {
    const agent = await agentThat((heard, response) => json(response, answer(idOf(heard))));
    const fault = await faultOf(send(at(agent.url), hello()));
    assert.deepEqual([fault.code, fault.executed], ['upstream_invalid', 'yes'], fault.message);
  });

test('an answer about another task is not believed', async () => {
  const agent = await agentThat((heard, response) => {
    const { id, method } = JSON.parse(heard.body) as { id: string; method: string };
    json(response, JSON.stringify({ jsonrpc: '2.0', id, result: method === 'SendMessage' ? { task: TASK } : TASK }));
  });
  for (const [operation, payload] of [
    ['task.get', { id: 'mine' }],
    ['task.cancel', { id: 'mine' }],
    ['message', { message: { ...HELLO.message, taskId: 'mine' } }],
  ] as const) {
    const fault = await faultOf(send(at(agent.url), permitted(callOf(operation, payload))));
    assert.deepEqual([operation, fault.code], [operation, 'upstream_invalid']);
    assert.match(fault.message, /another task/);
  }
});

test('errors are read however they are said, and never as answers', async () => {
  const cases: readonly [string, string, number, number, string][] = [
    ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}', 'application/json', 200, 400, 'PARSE_ERROR'],
    ['{"error":{"code":-32001,"message":"?"}}', 'application/json', 500, 404, 'TASK_NOT_FOUND'],
    ['<h1>bad gateway</h1>', 'text/html', 502, 502, 'INTERNAL_ERROR'],
    ['', 'application/json', 401, 401, 'INVALID_REQUEST'],
  ];
  for (const [body, type, status, told, reason] of cases) {
    const agent = await agentThat((_, response) => json(response, body, type, status));
    const reply = await send(at(agent.url), hello());
    assert.deepEqual([reply.outcome, reply.status], ['failed', told]);
    const { error } = JSON.parse(await textOf(reply.body)) as { error: { details: { reason: string }[] } };
    assert.equal(error.details[0]?.reason, reason);
  }
});

const status = (state: string, taskId = 't'): StreamResponse =>
  ({ statusUpdate: { taskId, contextId: 'c', status: { state: `TASK_STATE_${state}` } } }) as StreamResponse;
const task = { task: { ...TASK, status: { state: 'TASK_STATE_WORKING' } } } as StreamResponse;
const message = { message: { ...HELLO.message, role: 'ROLE_AGENT' } } as StreamResponse;

/** An agent whose streams are these events, in envelopes. It closes them only when it is told to. */
const streaming = (events: readonly unknown[], closes = true) =>
  agentThat((heard, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const result of events)
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), result })}\n\n`);
    if (closes) response.end();
  });

const eventsOf = async ({ body }: Reply): Promise<StreamResponse[]> => {
  assert.equal(body.kind, 'stream');
  return Array.fromAsync(readStream((body as { chunks: AsyncIterable<Uint8Array> }).chunks));
};

const badStreams: readonly [string, readonly StreamResponse[], Fault['code'], RegExp][] = [
  ['begins without a task', [status('WORKING')], 'upstream_invalid', /without a task/],
  ['goes on behind its end', [task, status('COMPLETED'), status('WORKING')], 'upstream_invalid', /after the end/],
  ['answers twice', [message, message], 'upstream_invalid', /after the end/],
  ['becomes a message', [task, message], 'upstream_invalid', /in the middle/],
  ['mixes in another task', [task, status('WORKING', 'u')], 'upstream_invalid', /another task/],
  ['begins anew', [task, task], 'upstream_invalid', /second time/],
  ['stops in the middle', [task, status('WORKING')], 'upstream_broken', /before its task/],
];

for (const [name, events, code, text] of badStreams)
  test(`a stream that ${name} fails`, async () => {
    const agent = await streaming(events);
    const reply = await send(at(agent.url), hello({ stream: true }));
    const fault = await faultOf(eventsOf(reply));
    assert.equal(fault.code, code);
    assert.match(fault.message, text);
  });

test('a stream that says nothing is broken, and one that begins with an error is a failed reply', async () => {
  const silent = await streaming([]);
  assert.equal((await faultOf(send(at(silent.url), hello({ stream: true })))).code, 'upstream_broken');
  const failing = await agentThat((heard, response) => {
    const error = { code: -32005, message: 'no' };
    json(response, `data: ${JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), error })}\n\n`, 'text/event-stream');
  });
  const reply = await send(at(failing.url), hello({ stream: true }));
  assert.deepEqual([reply.outcome, reply.status, reply.contentType], ['failed', 400, 'application/json;form=a2a']);
});

test('an error in the middle of a stream breaks it, and says what the agent said', async () => {
  const agent = await agentThat((heard, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const say = (more: object): boolean =>
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), ...more })}\n\n`);
    say({ result: task });
    say({ error: { code: -32603, message: 'out of luck' } });
    response.end();
  });
  const fault = await faultOf(eventsOf(await send(at(agent.url), hello({ stream: true }))));
  assert.deepEqual([fault.code, fault.executed], ['upstream_broken', 'yes']);
  assert.match(fault.message, /out of luck/);
});

test('an agent of 0.3 that begins with an update is given the task that callers of 1.0 are promised', async () => {
  const update = { kind: 'status-update', taskId: 't', contextId: 'c', final: true, status: { state: 'completed' } };
  const agent = await streaming([update]);
  const events = await eventsOf(await send(at(agent.url, '0.3'), hello({ stream: true })));
  assert.deepEqual(events, [
    { task: { id: 't', contextId: 'c', status: { state: 'TASK_STATE_SUBMITTED' } } },
    status('COMPLETED'),
  ]);
});

/** The clock of tests, moved on by hand; what waits a second waits no time. */
const hurried = (shift: { ms: number }): Scope =>
  rootScope(
    {
      ...testWorld,
      clock: {
        ...testWorld.clock,
        nowMs: () => testWorld.clock.nowMs() + shift.ms,
        after: (ms, run) => testWorld.clock.after(ms === 1_000 ? 1 : ms, run),
      },
    },
    silentSpan('00f067aa0ba902b7'),
  ).scope;

test('an agent that keeps its stream open behind its last word is left, also when it knows a secret', async () => {
  const knowing = httpUpstream({ world: testWorld, nodeId: 'test', reveal: () => 'a secret that is long enough' });
  for (const by of [way, a2aWay(knowing)]) {
    const left = Promise.withResolvers<void>();
    const agent = await agentThat((heard, response) => {
      response.on('close', () => left.resolve());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const result of [task, status('COMPLETED')])
        response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), result })}\n\n`);
    });
    const call = hello({ stream: true });
    const credential = { secret: 'key', as: 'bearer' } as const;
    const endpoint: Endpoint = by === way ? at(agent.url) : { ...at(agent.url), credential };
    const events = await eventsOf(await by.to(endpoint)(call, call, hurried({ ms: 0 })));
    assert.equal(events.length, 2);
    await left.promise;
  }
  await knowing.close();
});

test('a caller that goes away is felt by the agent, whether it waits for an answer or for events', async () => {
  for (const stream of [false, true]) {
    const heard = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const agent = await agentThat((request, response) => {
      response.on('close', () => closed.resolve());
      if (stream) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: idOf(request), result: task })}\n\n`);
      }
      heard.resolve();
    });
    const { scope, canceller } = testScope();
    const reply = send(at(agent.url), hello({ stream }), scope);
    reply.catch(() => {});
    await heard.promise;
    const events = stream ? eventsOf(await reply) : reply;
    canceller.cancel(new Fault('cancelled', 'gone'));
    assert.equal((await faultOf(events)).code, 'cancelled');
    await closed.promise;
  }
});

test('an agent may take longer than others for its first byte: the deadline of the call ends the wait, and not we', async () => {
  const impatient = httpUpstream({ world: testWorld, nodeId: 'test', limits: { firstByteMs: 20, idleMs: 20 } });
  const agent = await agentThat((heard, response) => {
    setTimeout(() => json(response, JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), result: { task: TASK } })), 80);
  });
  const call = hello();
  const reply = await a2aWay(impatient).to(at(agent.url))(call, call, testScope().scope);
  assert.equal(reply.status, 200);
  await impatient.close();
});

const CARD = (url: string, more: object = {}) => ({
  name: 'echo',
  description: 'd',
  version: '1',
  supportedInterfaces: [{ url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: {},
  ...more,
});

type CardOf = (
  heard: Heard,
  url: string,
) => { body: string; headers?: Record<string, string>; status?: number } | object;

const withCard = async (cardOf: CardOf) => {
  let url = '';
  const agent = await agentThat((heard, response) => {
    if (heard.method === 'GET') {
      const told = cardOf(heard, url) as { body?: string; headers?: Record<string, string>; status?: number };
      const body = told.body ?? JSON.stringify(told);
      response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers }).end(body);
    } else json(response, JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), result: { task: TASK } }));
  });
  url = agent.url;
  return agent;
};
const asked = (agent: { readonly heard: readonly Heard[] }): string[] =>
  agent.heard.map(({ method, path }) => `${method} ${path}`);

test('a card decides the address, is kept as long as it says, and asked for again with its tag', async () => {
  const agent = await withCard((heard, url) =>
    heard.headers['if-none-match'] === '"a"'
      ? { body: '', status: 304, headers: { 'cache-control': 'max-age=60' } }
      : { body: JSON.stringify(CARD(url)), headers: { etag: '"a"', 'cache-control': 'max-age=60' } },
  );
  const shift = { ms: 0 };
  const card = 'GET /.well-known/agent-card.json';
  for (let turn = 0; turn < 2; turn++) await send(at(agent.url, '', ''), hello(), hurried(shift));
  assert.deepEqual(asked(agent), [card, 'POST /rpc', 'POST /rpc']);
  shift.ms = 61_000;
  await send(at(agent.url, '', ''), hello(), hurried(shift));
  assert.deepEqual(asked(agent).slice(3), [card, 'POST /rpc']);
  shift.ms = 100_000;
  await send(at(agent.url, '', ''), hello(), hurried(shift));
  assert.deepEqual(asked(agent).slice(5), ['POST /rpc']);
});

test('a card cannot send us to another origin, by its addresses or by a redirect', async () => {
  const elsewhere = await agentThat((_, response) => json(response, '{}'));
  const agent = await withCard((_, url) =>
    CARD(url, {
      supportedInterfaces: [
        { url: `${elsewhere.url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: `http://user@${url.slice(7)}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: elsewhere.url.slice(7), protocolBinding: 'GRPC', protocolVersion: '1.0' },
        { url: 'not a url', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ],
    }),
  );
  const fault = await faultOf(send(at(agent.url, '', ''), hello()));
  assert.deepEqual([fault.code, fault.executed], ['upstream_invalid', 'no']);
  assert.match(fault.message, /only names addresses elsewhere/);
  const redirecting = await withCard(() => ({ body: '', status: 302, headers: { location: elsewhere.url } }));
  assert.equal((await faultOf(send(at(redirecting.url, '', ''), hello()))).executed, 'no');
  assert.deepEqual(elsewhere.heard, []);
});

test('of what a card offers, the newest version and what stands first is taken; the configuration narrows it', async () => {
  const agent = await withCard((_, url) =>
    CARD(url, {
      supportedInterfaces: [
        { url: `${url}/old`, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url: `${url}/none`, protocolBinding: 'SOAP', protocolVersion: '1.0' },
        { url: `${url}/future`, protocolBinding: 'JSONRPC', protocolVersion: '2.0' },
        { url: `${url}/first`, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: 'acme' },
        { url: `${url}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
      ],
    }),
  );
  await send(at(agent.url, '', ''), hello());
  await faultOf(send(at(agent.url, '0.3', ''), hello()));
  await faultOf(send(at(agent.url, '', 'HTTP+JSON'), hello()));
  assert.deepEqual(
    asked(agent).filter((one) => one.startsWith('POST')),
    ['POST /first', 'POST /old', 'POST /rest/message:send'],
  );
  const [first] = agent.heard.filter(({ path }) => path === '/first');
  assert.equal((JSON.parse(first!.body) as { params: { tenant: string } }).params.tenant, 'acme');
  assert.equal(first!.headers['a2a-version'], '1.0');
});

test('an agent whose card does not say that it streams is asked once, and its answer is the only event', async () => {
  const agent = await withCard((_, url) => CARD(url));
  const events = await eventsOf(await send(at(agent.url, '', ''), hello({ stream: true })));
  assert.deepEqual(events, [{ task: TASK }]);
  assert.equal((JSON.parse(agent.heard.at(-1)!.body) as { method: string }).method, 'SendMessage');
});

test('a card that is missing, endless or ambiguous stops the call before it is sent', async () => {
  const cards: readonly [CardOf, RegExp][] = [
    [() => ({ body: '', status: 404 }), /has no card; set `protocolVersion` and `binding`/],
    [() => ({ body: '{', status: 200 }), /JSON that is refused/],
    [(_, url) => ({ body: JSON.stringify(CARD(url, { description: 'x'.repeat(300_000) })) }), /more than 262144 bytes/],
    [(_, url) => ({ body: JSON.stringify(CARD(url)).replace('{', '{"name":"a",') }), /there twice/],
    [(_, url) => CARD(url, { supportedInterfaces: [] }), /no interface that this node speaks/],
  ];
  for (const [card, text] of cards) {
    const agent = await withCard(card);
    const fault = await faultOf(send(at(agent.url, '', ''), hello()));
    assert.deepEqual([fault.code, fault.executed], ['upstream_invalid', 'no'], fault.message);
    assert.match(fault.message, text);
    assert.ok(asked(agent).every((one) => one.startsWith('GET')));
  }
});

test('an agent below a path has its card there, at its root, or where 0.2 had it', async () => {
  for (const place of [
    '/agents/echo/.well-known/agent-card.json',
    '/.well-known/agent-card.json',
    '/agents/echo/.well-known/agent.json',
  ]) {
    const agent = await withCard((heard, url) => (heard.path === place ? CARD(url) : { body: '', status: 404 }));
    await send(at(`${agent.url}/agents/echo`, '', ''), hello());
    assert.equal(asked(agent).at(-1), 'POST /rpc');
  }
});

test('a card that turned out wrong is not believed again', async () => {
  let wrong = true;
  const agent = await agentThat((heard, response) => {
    if (heard.method === 'GET') return json(response, JSON.stringify(CARD(agent.url)));
    const answer = wrong ? { error: { code: -32601, message: 'no such method' } } : { result: { task: TASK } };
    json(response, JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), ...answer }));
  });
  assert.equal((await send(at(agent.url, '', ''), hello())).outcome, 'failed');
  wrong = false;
  assert.equal((await send(at(agent.url, '', ''), hello())).outcome, 'ok');
  assert.equal(asked(agent).filter((one) => one.startsWith('GET')).length, 2);
});

test('without a permit nothing is sent, not even for a card', async () => {
  const agent = await withCard((_, url) => CARD(url));
  for (const [version, binding] of [
    ['', ''],
    ['1.0', 'JSONRPC'],
    ['1.0', 'HTTP+JSON'],
    ['1.0', 'GRPC'],
  ] as const)
    assert.equal((await faultOf(send(at(agent.url, version, binding), callOf('message', HELLO)))).code, 'denied');
  assert.deepEqual(agent.heard, []);
});

test('the secret of the target goes to its origin, with the card too, and keys of callers go nowhere', async () => {
  const revealed: string[] = [];
  const knowing = httpUpstream({
    world: testWorld,
    nodeId: 'test',
    reveal: (_, secret, origin) => {
      revealed.push(origin);
      return `${secret}-value`;
    },
  });
  const agent = await withCard((_, url) => CARD(url));
  const call = hello({
    headers: [
      ['authorization', 'Bearer mine'],
      ['x-api-key', 'mine'],
      ['a2a-version', '7'],
      ['a2a-extensions', 'urn:e'],
    ],
  });
  const endpoint = { ...at(agent.url, '', ''), credential: { secret: 'key', as: 'bearer' as const } };
  await a2aWay(knowing).to(endpoint as Endpoint)(call, call, testScope().scope);
  for (const { headers } of agent.heard) {
    assert.equal(headers.authorization, 'Bearer key-value');
    assert.equal(headers['x-api-key'], undefined);
    assert.equal(headers['a2a-version'], '1.0');
  }
  assert.equal(agent.heard.at(-1)!.headers['a2a-extensions'], 'urn:e');
  assert.match(String(agent.heard.at(-1)!.headers.traceparent), /^00-/);
  assert.deepEqual(new Set(revealed), new Set([agent.url]));
  await knowing.close();
});

test('what a caller wrote for 1.0 reaches an agent of 1.0 byte by byte', async () => {
  const agent = await agentThat((heard, response) =>
    heard.path === '/'
      ? json(response, JSON.stringify({ jsonrpc: '2.0', id: idOf(heard), result: { task: TASK } }))
      : json(response, JSON.stringify({ task: TASK }), 'application/a2a+json'),
  );
  const text = '{ "message": {"messageId":"m","role":"ROLE_USER","parts":[{"text":"\\u00e9"}],"later":1.0} }';
  const call = (): Call => permitted(callOf('message', null, { body: { kind: 'bytes', bytes: Buffer.from(text) } }));
  await send(at(agent.url), call());
  assert.ok(agent.heard[0]!.body.includes(`"params":${text}}`));
  await send(at(agent.url, '1.0', 'HTTP+JSON'), call());
  assert.equal(agent.heard[1]!.body, text);
});

test('requests that would mislead an agent are refused before they are sent', async () => {
  const agent = await withCard((_, url) => CARD(url));
  const push = { taskPushNotificationConfig: { url: 'http://169.254.169.254/' } };
  for (const [payload, text] of [
    [{ ...HELLO, tenant: 'other' }, /`tenant` is for/],
    [{ ...HELLO, configuration: push }, /push notifications are sent by Airspace/],
    [{ message: { ...HELLO.message, role: 'ROLE_AGENT' } }, /must be ROLE_USER/],
    [{ message: { ...HELLO.message, parts: [] } }, /is empty/],
    [{}, /`SendMessageRequest.message` of the A2A request is missing/],
  ] as const) {
    const fault = await faultOf(send(at(agent.url), permitted(callOf('message', payload))));
    assert.equal(fault.code, 'bad_request');
    assert.match(fault.message, text);
  }
  const unsaid = { message: { ...HELLO.message, parts: [{ text: 'a', mediaType: 'text/markdown' }] } };
  const fault = await faultOf(send(at(agent.url, '0.3'), permitted(callOf('message', unsaid))));
  assert.match(fault.message, /cannot be said in A2A 0\.3: `message\.parts\[0\]\.mediaType`/);
  assert.deepEqual(agent.heard, []);
});

test('an id with a slash stays one part of a path', async () => {
  const agent = await agentThat((_, response) => json(response, JSON.stringify({ ...TASK, id: '../a/b?c' })));
  await send(
    at(`${agent.url}/base`, '1.0', 'HTTP+JSON'),
    permitted(callOf('task.get', { id: '../a/b?c', historyLength: 2 })),
  );
  assert.equal(agent.heard[0]!.path, '/base/tasks/..%2Fa%2Fb%3Fc?historyLength=2');
});
