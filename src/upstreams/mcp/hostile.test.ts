/** What MCP servers may answer that is none, and what they are never told. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { Fault } from '../../contract/index.ts';
import { readEvents } from '../../dialects/index.ts';
import { httpUpstream } from '../http/index.ts';
import { faultOf, makeCall, testScope, testWorld, textOf } from '../http/testing.ts';
import { mcpWay } from './index.ts';
import { at, jsonOf, node, type Served, serve } from './testing.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});
const keep = <T extends { close(): Promise<void> }>(part: T): T => {
  closers.push(() => part.close());
  return part;
};

const json = (res: ServerResponse, text: string, headers: Record<string, string> = {}, status = 200): void => {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(text);
};
const events = (res: ServerResponse, ...data: readonly string[]): void => {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const one of data) res.write(`data: ${one}\n\n`);
};
const idIn = (body: string): number => (JSON.parse(body) as { id: number }).id;
const DISCOVERED =
  '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{},"ttlMs":0,"cacheScope":"public"}';

/** Modern, and well-behaved but for what it answers to `tools/call`. */
const answering = async (answer: (res: ServerResponse, id: number, body: string) => void): Promise<Served> =>
  keep(
    await serve((_, res, body) => {
      const id = idIn(body);
      if (body.includes('"server/discover"')) json(res, `{"jsonrpc":"2.0","id":${id},"result":${DISCOVERED}}`);
      else answer(res, id, body);
    }),
  );

const RESULT = '{"resultType":"complete","content":[]}';

const INVALID: readonly (readonly [string, (res: ServerResponse, id: number) => void])[] = [
  ['an answer to something else', (res, id) => json(res, `{"jsonrpc":"2.0","id":${id + 1},"result":${RESULT}}`)],
  ['an answer whose id is text', (res, id) => json(res, `{"jsonrpc":"2.0","id":"${id}","result":${RESULT}}`)],
  ['no JSON', (res) => json(res, 'hello')],
  ['nothing', (res) => json(res, '')],
  ['202', (res) => json(res, '', {}, 202)],
  ['a web page', (res) => json(res, '<html>', { 'content-type': 'text/html' })],
  ['a redirection', (res) => json(res, '', { location: 'http://127.0.0.1:1/' }, 302)],
  [
    'members twice',
    (res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":${RESULT},"result":{"isError":true}}`),
  ],
  ['members in a wrong case', (res, id) => json(res, `{"jsonrpc":"2.0","ID":1,"id":${id},"result":${RESULT}}`)],
  ['another prototype', (res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":{"__proto__":{}}}`)],
  ['a result that is no object', (res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":[]}`)],
  [
    'a result and an error',
    (res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":{},"error":{"code":1,"message":""}}`),
  ],
  ['a batch', (res, id) => json(res, `[{"jsonrpc":"2.0","id":${id},"result":${RESULT}}]`)],
  [
    'an abyss',
    (res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":{"a":${'['.repeat(70)}${']'.repeat(70)}}}`),
  ],
  ['a question', (res) => events(res, '{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}')],
  ['a command that is no notification', (res) => events(res, '{"jsonrpc":"2.0","method":"tools/call","params":{}}')],
  [
    'progress of another',
    (res) =>
      events(res, '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}'),
  ],
  [
    'messages without end',
    (res) => {
      res.on('error', () => {});
      events(res, ...Array<string>(10_001).fill('{"jsonrpc":"2.0","method":"notifications/message","params":{}}'));
    },
  ],
  [
    'an event without end',
    (res) => {
      res.on('error', () => {});
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(`data: ${'x'.repeat(4_200_000)}`);
    },
  ],
];

for (const [name, answer] of INVALID)
  test(`a server that answers ${name} is not believed`, async () => {
    const server = await answering(answer);
    const { ask } = keep(node());
    for (const stream of [false, true]) {
      const fault = await faultOf(
        ask(server.url, 'tools/call', { name: 'x', arguments: {} }, { stream }).then(({ body }) => textOf(body)),
      );
      assert.equal(fault.code, 'upstream_invalid', String(stream));
    }
  });

test('a stream that ends before the answer is broken, and not an empty answer', async () => {
  const server = await answering((res) => {
    events(res, '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}');
    res.end();
  });
  const { ask } = keep(node());
  const fault = await faultOf(
    ask(server.url, 'tools/call', { name: 'x' }, { stream: true }).then(({ body }) => textOf(body)),
  );
  assert.equal(fault.code, 'upstream_broken');
});

test('nothing that a server writes into its head reaches a caller, and its 401 is not about the caller', async () => {
  const server = await answering((res, id) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"result":${RESULT}}`, {
      'set-cookie': 'a=b',
      'mcp-session-id': 'theirs',
      'x-anything': '1',
    }),
  );
  const { ask } = keep(node());
  const reply = await ask(server.url, 'tools/call', { name: 'x' });
  assert.deepEqual(
    reply.headers.map(([name]) => name),
    ['airspace-policy'],
  );
  const closed = await answering((res) => json(res, 'who are you?', { 'www-authenticate': 'Bearer' }, 401));
  const refused = await ask(closed.url, 'tools/call', { name: 'x' });
  assert.deepEqual([refused.outcome, refused.status], ['failed', 502]);
});

test('headers of a client are not taken for ours', async () => {
  const server = await answering((res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":${RESULT}}`));
  const { ask } = keep(node());
  await ask(
    server.url,
    'tools/call',
    { name: 'Zürich\r\nx: y', arguments: {} },
    {
      headers: [
        ['mcp-name', 'evil'],
        ['mcp-param-x', 'evil'],
        ['mcp-method', 'evil'],
        ['origin', 'https://evil.example'],
        ['last-event-id', '1'],
      ],
    },
  );
  const { headers } = server.seen.at(-1)!;
  assert.equal(JSON.stringify(headers).includes('evil'), false);
  assert.equal(headers['mcp-name'], '=?base64?WsO8cmljaA0KeDogeQ==?=');
  assert.deepEqual([headers['mcp-meta'], headers['last-event-id']], [undefined, undefined]);
});

test('without a permit no server hears of a call', async () => {
  const server = await answering((res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":${RESULT}}`));
  const upstream = keep(httpUpstream({ world: testWorld, nodeId: 'hub-1' }));
  const call = makeCall({ target: { kind: 'tool', name: 'things', operation: 'x' } });
  assert.equal((await faultOf(mcpWay(upstream).to(at(server.url))(call, call, testScope().scope))).code, 'denied');
  assert.equal(server.seen.length, 0);
});

test('arguments are repeated in headers once a server has asked for it', async () => {
  const schema = '{"type":"object","properties":{"city":{"type":"string","x-mcp-header":"City"}}}';
  const server = await answering((res, id, body) => {
    const { headers } = res.req;
    if (body.includes('"tools/list"'))
      json(
        res,
        `{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"weather","inputSchema":${schema}}],"ttlMs":0,"cacheScope":"public"}}`,
      );
    else if (headers['mcp-param-city'] === 'Bern') json(res, `{"jsonrpc":"2.0","id":${id},"result":${RESULT}}`);
    else json(res, `{"jsonrpc":"2.0","id":${id},"error":{"code":-32020,"message":"header"}}`, {}, 400);
  });
  const { ask } = keep(node());
  for (const count of [4, 1]) {
    const before = server.seen.length;
    const reply = await ask(server.url, 'tools/call', { name: 'weather', arguments: { city: 'Bern' } });
    assert.equal(reply.outcome, 'ok');
    assert.equal(server.seen.length - before, count);
  }
});

/** Legacy: a handshake, then whatever the test says. */
const legacy = async (answer: (res: ServerResponse, body: string) => void, version = '2025-11-25'): Promise<Served> =>
  keep(
    await serve((_, res, body) => {
      if (body.includes('"server/discover"'))
        return json(res, '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}', {}, 400);
      if (body.includes('"initialize"'))
        return json(
          res,
          `{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"${version}","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}`,
          { 'mcp-session-id': 'sid-1' },
        );
      if (body.includes('notifications/')) return json(res, '', {}, 202);
      answer(res, body);
    }),
  );

test('a stream that breaks is taken up where it broke, when its server can do that', async () => {
  const server = await legacy((res, body) => {
    if (res.req.method === 'POST') {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end(`id: e-1\nretry: 1\ndata: \n\n`);
      return;
    }
    assert.equal(body, '');
    const { id } = JSON.parse(server.seen.find((one) => one.body.includes('"tools/call"'))!.body) as { id: number };
    events(res, `{"jsonrpc":"2.0","id":${id},"result":{"content":[]}}`);
  });
  const { ask } = keep(node());
  const result = await jsonOf(await ask(server.url, 'tools/call', { name: 'x' }));
  assert.deepEqual(result['content'], []);
  const resumed = server.seen.find(({ method }) => method === 'GET');
  assert.deepEqual([resumed?.headers['last-event-id'], resumed?.headers['mcp-session-id']], ['e-1', 'sid-1']);
  assert.equal(server.seen.filter(({ body }) => body.includes('"tools/call"')).length, 1, 'it ran once');
});

test('a batch is an answer in the one version that has them', async () => {
  const batch = (res: ServerResponse, body: string): void =>
    json(
      res,
      `[{"jsonrpc":"2.0","method":"notifications/message","params":{}},{"jsonrpc":"2.0","id":${idIn(body)},"result":{"content":[]}}]`,
    );
  const { ask } = keep(node());
  const old = await legacy(batch, '2025-03-26');
  assert.equal((await ask(old.url, 'tools/call', { name: 'x' })).outcome, 'ok');
  assert.equal(old.seen.at(-1)?.headers['mcp-protocol-version'], undefined, 'it has no such header yet');
  const newer = await legacy(batch);
  assert.equal((await faultOf(ask(newer.url, 'tools/call', { name: 'x' }))).code, 'upstream_invalid');
});

test('a server that asks what nobody can answer is told so, and goes on', async () => {
  const server = await legacy((res, body) => {
    if (!body.includes('"tools/call"')) return json(res, '', {}, 202);
    const id = idIn(body);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: {"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}\n\n');
    res.write('data: {"jsonrpc":"2.0","id":"p","method":"ping"}\n\n');
    res.write(`data: {"jsonrpc":"2.0","id":${id},"result":{"content":[]}}\n\n`);
  });
  const { ask } = keep(node());
  assert.equal((await ask(server.url, 'tools/call', { name: 'x' })).outcome, 'ok');
  const told = server.seen.map(({ body }) => body);
  assert.ok(told.some((body) => body.includes('"id":"q","error":{"code":-32601')));
  assert.ok(told.some((body) => body.includes('"id":"p","result":{}')));
});

test('a reader that leaves closes the stream of a modern server at once', async () => {
  const left = Promise.withResolvers<void>();
  const server = await answering((res) => {
    res.on('close', () => left.resolve());
    events(res, '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}');
  });
  const { ask } = keep(node());
  const reply = await ask(server.url, 'tools/call', { name: 'x' }, { stream: true });
  assert.equal(reply.body.kind, 'stream');
  if (reply.body.kind === 'stream') for await (const _ of readEvents(reply.body.chunks)) break;
  await left.promise;
});

test('a task belongs to whoever started it', async () => {
  const server = await answering((res, id, body) =>
    json(
      res,
      body.includes('"tools/call"')
        ? `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"task","taskId":"t-1","status":"working","ttlMs":1,"pollIntervalMs":1}}`
        : `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","taskId":"t-1","status":"completed"}}`,
    ),
  );
  const { ask } = keep(node());
  assert.equal((await ask(server.url, 'tasks/get', { taskId: 't-1' })).status, 400);
  await ask(server.url, 'tools/call', { name: 'x' });
  assert.equal((await ask(server.url, 'tasks/get', { taskId: 't-1' })).outcome, 'ok');
  assert.equal(server.seen.at(-1)?.headers['mcp-name'], 't-1');
  assert.equal((await ask(server.url, 'tasks/get', { taskId: 't-1' }, { principal: 'thief' })).status, 400);
  assert.equal((await ask(server.url, 'tasks/list', {})).status, 400);
});

test('a version that nobody speaks here is said to be so', async () => {
  const server = await legacy(() => {}, '1999-01-01');
  const { ask } = keep(node());
  const fault = await faultOf(ask(server.url, 'tools/call', { name: 'x' }));
  assert.ok(fault instanceof Fault);
  assert.equal(fault.code, 'upstream_invalid');
});
