/** Callers who mean harm, or do not know better: each is told, and nothing of what they sent reaches an agent. */
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';
import { message, openScene, rpc, type Scene } from './scene.ts';
import type { Json } from './speakers.ts';

let scene: Scene;
before(async () => {
  scene = await openScene({ grpc: { host: '127.0.0.1', port: 0 } });
});
after(() => scene[Symbol.asyncDispose]());

const post = async (
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  path = '/a2a/solo',
): Promise<{ readonly status: number; readonly body: Json }> => {
  const response = await fetch(`${scene.hub.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      authorization: `Bearer ${scene.keys.alice.secret}`,
      ...headers,
    },
    body: body as string,
  });
  return { status: response.status, body: await response.json() };
};
const asking = (params: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'SendMessage', params });
const PART = '"parts":[{"text":"x"}]';
const HEAD = '{"jsonrpc":"2.0","id":7,"method":"SendMessage","params":{"message":{"messageId":"m","role":"ROLE_USER",';

const REFUSED: readonly (readonly [string, string, number])[] = [
  ['a member twice', `${HEAD}"role":"ROLE_AGENT",${PART}}}}`, -32700],
  ['a member twice in disguise', `${HEAD}"\\u0072ole":"ROLE_AGENT",${PART}}}}`, -32700],
  ['a member in another case', `${HEAD}"Parts":[{"text":"x"}]}}}`, -32602],
  ['a member in another spelling', `${HEAD}${PART},"task_id":"x"}}}`, -32602],
  ['a prototype', `${HEAD}${PART},"metadata":{"__proto__":{"a":1}}}}}`, -32700],
  ['a hundred levels', `${HEAD}"parts":[{"data":${'['.repeat(100)}${']'.repeat(100)}}]}}}`, -32700],
  ['two contents in one part', `${HEAD}"parts":[{"text":"x","url":"https://example.com/"}]}}}`, -32602],
  ['an id with line breaks', asking(message('x', { taskId: 'a\r\nb' })), -32602],
  ['an id without end', asking(message('x', { contextId: 'c'.repeat(10_000) })), -32602],
  ['the role of an agent', asking(message('x', { role: 'ROLE_AGENT' })), -32602],
  ['a tenant that is a path', asking({ ...message('x'), tenant: '../admin' }), -32602],
  ['a list of requests', `[${asking(message('x'))}]`, -32600],
  ['a request with more members', '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"},"extra":1}', -32600],
  ['parameters that are a list', '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":["x"]}', -32602],
  ['nothing', '', -32600],
];

test('who waits for events and for nothing else is told of a refusal by an event', async () => {
  const ask = (accept: string): Promise<Response> =>
    fetch(`${scene.hub.url}/a2a/nobody`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', 'a2a-version': '1.0', accept },
        authorization: `Bearer ${scene.keys.alice.secret}`,
      },
      body: asking(message('x')).replace('SendMessage', 'SendStreamingMessage'),
    });
  const events = await ask('text/event-stream');
  assert.deepEqual([events.status, events.headers.get('content-type')], [200, 'text/event-stream']);
  const { error } = JSON.parse((await events.text()).replace(/^data: /, ''));
  assert.equal(typeof error.code, 'number');
  const document = await ask('application/json, text/event-stream');
  assert.deepEqual(((await document.json()) as Json).error, error);
});

test('what could be read in two ways, or is no request, is refused with the code of JSON-RPC', async () => {
  for (const [what, body, code] of REFUSED) {
    // `tenant` counts where the path does not say whom it is for.
    const { status, body: answer } = await post(body, {}, what.startsWith('a tenant') ? '/a2a' : '/a2a/solo');
    assert.deepEqual([status, answer.error?.code], [200, code], `${what}: ${JSON.stringify(answer)}`);
  }
  assert.deepEqual(scene.plain.asked, []);
});

test('a payload that is too large, of another type, or compressed is not read', async () => {
  const huge = asking(message('x'.repeat(2 * 1024 * 1024)));
  assert.equal((await post(huge)).status, 413);
  for (const type of ['text/plain', 'application/xml', 'application/jsonp']) {
    const { status, body } = await post(asking(message('x')), { 'content-type': type });
    assert.deepEqual([status, body.error.code], [415, -32005], type);
  }
  const zipped = await post(asking(message('x')), { 'content-encoding': 'gzip' });
  assert.deepEqual([zipped.status, zipped.body.error.code], [415, -32005]);
  assert.deepEqual(scene.plain.asked, []);
});

test('a history that is asked for is never longer than it is, and never less than nothing', async () => {
  for (const historyLength of [-1, 1.5, '3', 2 ** 40])
    assert.equal((await post(asking({ ...message('x'), configuration: { historyLength } }))).body.error.code, -32602);
  for (const [name, value] of [
    ['historyLength', '-1'],
    ['pageSize', 'x'],
    ['includeArtifacts', 'yes'],
    ['pageToken', 'x'],
  ] as const) {
    const response = await fetch(`${scene.hub.url}/a2a/solo/tasks?${name}=${value}`, {
      headers: { 'a2a-version': '1.0', authorization: `Bearer ${scene.keys.alice.secret}` },
    });
    assert.deepEqual([name, response.status], [name, 400]);
    await response.body?.cancel();
  }
});

test('versions are named in full, and a method belongs to its version', async () => {
  for (const version of ['99.0', '1.1', '1', 'v1.0', '0.1', '1.0, 0.3']) {
    const { body } = await post(asking(message('x')), { 'a2a-version': version });
    assert.equal(body.error.code, -32009, version);
  }
  const old = await post(asking(message('x')), { 'a2a-version': '' });
  assert.equal(old.body.error.code, -32601);
  assert.match(old.body.error.message, /without A2A-Version is one of 0.3, so send A2A-Version: 1.0/);
  const rest = await fetch(`${scene.hub.url}/a2a/solo/tasks`, {
    headers: { authorization: `Bearer ${scene.keys.alice.secret}` },
  });
  assert.deepEqual(
    [rest.status, ((await rest.json()) as Json).error.details[0].reason],
    [400, 'VERSION_NOT_SUPPORTED'],
  );
});

test('who is nobody gets nothing, on every way in', async () => {
  for (const authorization of ['', 'Bearer air_nobody_x', 'Basic YTpi']) {
    const headers = { 'a2a-version': '1.0', ...(authorization === '' ? {} : { authorization }) };
    const rest = await fetch(`${scene.hub.url}/a2a/solo/tasks`, { headers });
    assert.equal(rest.status, 401);
    assert.match(rest.headers.get('www-authenticate') ?? '', /^Bearer/);
    await rest.body?.cancel();
    const answer = await fetch(`${scene.hub.url}/a2a/solo`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: asking(message('x')),
    });
    assert.equal(answer.status, 401);
    await answer.body?.cancel();
  }
  assert.deepEqual(scene.plain.asked, []);
});

test('a card without credentials shows a name and how to prove who one is, unless its configuration says more', async () => {
  const card = async (path: string, key = ''): Promise<Json> =>
    (await fetch(`${scene.hub.url}${path}/.well-known/agent-card.json`, {
      headers: { 'a2a-version': '1.0', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
    }).then((response) => response.json())) as Json;
  const hidden = await card('/a2a/plain');
  assert.deepEqual([hidden.name, hidden.description, hidden.skills], ['plain', 'agent plain', []]);
  assert.ok(Object.keys(hidden.securitySchemes).length > 0);
  assert.deepEqual((await card('')).skills, []);
  assert.deepEqual(
    (await card('/a2a/solo')).skills.map(({ id }: Json) => id),
    ['look'],
  );
  const shown = await card('/a2a/plain', scene.keys.alice.secret);
  assert.deepEqual(
    shown.skills.map(({ id }: Json) => id),
    ['say', 'look', 'pay', 'hang', 'talk', 'boom'],
  );
  const ofMallory = (await card('', scene.keys.mallory.secret)).skills.map(({ id }: Json) => id);
  assert.ok(ofMallory.includes('agent/plain/look'));
  for (const one of [hidden, shown]) assert.ok(!JSON.stringify(one).includes(scene.plain.url));
  assert.equal((await card('/a2a/nobody')).error.code, 404);
});

test('nothing that an agent or a caller says becomes a header of ours', async () => {
  const response = await fetch(`${scene.hub.url}/a2a/solo`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      'a2a-extensions': 'https://example.com/ext, https://airspace.dev/a2a/extensions/approval/v1',
      authorization: `Bearer ${scene.keys.alice.secret}`,
    },
    body: asking(message('x')),
  });
  assert.equal(response.headers.get('a2a-extensions'), 'https://airspace.dev/a2a/extensions/approval/v1');
  assert.equal(response.headers.get('set-cookie'), null);
  await response.body?.cancel();
});

test('paths that are nobody’s are told so, and methods of HTTP are those of the path', async () => {
  const ask = async (path: string, method = 'GET'): Promise<number> => {
    const response = await fetch(`${scene.hub.url}${path}`, {
      method,
      headers: { 'a2a-version': '1.0', authorization: `Bearer ${scene.keys.alice.secret}` },
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await ask('/a2a/solo/nowhere'), 404);
  assert.equal(await ask('/a2a/solo/tasks/%2e%2e/x'), 404);
  assert.equal(await ask('/a2a/solo'), 405);
  assert.equal(await ask('/a2a/solo/tasks', 'DELETE'), 405);
  assert.equal(await ask('/a2a/solo/message:send', 'GET'), 405);
});

test('gRPC takes one message that is not compressed, of a method that there is, and no more than fits', async () => {
  const call = (path: string, body: Uint8Array, headers: object = {}): Promise<string> =>
    new Promise((resolve) => {
      const session = http2.connect(`http://${scene.hub.grpc}`);
      session.on('error', () => {});
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        'a2a-version': '1.0',
        authorization: `Bearer ${scene.keys.alice.secret}`,
        ...headers,
      });
      let status = 'none';
      const seen = (found: Json): void => {
        status = found['grpc-status'] ?? status;
      };
      stream.on('response', (found) => {
        seen(found);
        if (found[':status'] !== 200) status = String(found[':status']);
      });
      stream.on('trailers', seen);
      stream.on('error', () => {});
      stream.on('close', () => {
        session.close();
        resolve(status);
      });
      stream.resume();
      stream.end(body);
    });
  const framed = (bytes: readonly number[], first = 0): Uint8Array =>
    Uint8Array.from([first, 0, 0, 0, bytes.length, ...bytes]);
  const get = '/lf.a2a.v1.A2AService/GetTask';
  assert.equal(await call('/lf.a2a.v1.A2AService/Nothing', framed([])), '12');
  assert.equal(await call('/other.Service/GetTask', framed([])), '12');
  assert.equal(await call(get, framed([])), '3', 'no id');
  assert.equal(await call(get, framed([255, 255])), '3', 'no protobuf');
  assert.equal(await call(get, framed([], 1)), '3', 'compressed');
  assert.equal(await call(get, Uint8Array.from([0, 0, 0])), '3', 'no frame');
  assert.equal(await call(get, Uint8Array.from([...framed([]), ...framed([])])), '3', 'two messages');
  assert.equal(await call(get, new Uint8Array(5 * 1024 * 1024)), '8', 'too large');
  assert.equal(await call(get, framed([18, 1, 120])), '5', 'no such task');
  assert.equal(await call(get, framed([18, 1, 120]), { authorization: 'Bearer air_x' }), '16');
  assert.equal(await call(get, framed([18, 1, 120]), { 'a2a-version': '2.0' }), '9');
  assert.equal(await call(get, framed([18, 1, 120]), { 'content-type': 'text/plain' }), '415');
});

test('a request for the node names whom it is for, or hears who there is', async () => {
  const { body } = await rpc(scene, '/a2a', 'SendMessage', message('x'));
  assert.match(body.error.message, /`agent\/plain\/say`.*`tool\/adder\/add`/);
  const unknown = await rpc(scene, '/a2a/plain', 'SendMessage', message('x', { metadata: { skill: 'steal' } }));
  assert.match(unknown.body.error.message, /it has no skill `steal`; name one of these/);
  assert.equal((await rpc(scene, '/a2a/nobody', 'SendMessage', message('x'))).body.error.data[0].reason, 'NOT_FOUND');
});
