/** Clients that want to be understood in two ways, to be somebody else, or to fill the house. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { house } from './shared.ts';

/** Hubs look at the lists of their servers by themselves. */
const sent = () => house.fixture.seen.filter(({ body }) => !/"(tools\/list|server\/discover)"/.test(body));

const VERSION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
};

interface Sent {
  readonly place?: string;
  readonly who?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  readonly json: {
    readonly id?: unknown;
    readonly result?: never;
    readonly error?: { readonly code: number; readonly message: string };
  };
}

/** Over node:http, because fetch refuses to send what must be refused. */
const send = ({ place = '/mcp', who = 'alice', method = 'POST', headers = {}, body = '' }: Sent): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const out = request(`${house.hub.url}${place}`, {
      method,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(who === '' ? {} : { authorization: `Bearer ${house.keyOf(who)}` }),
        ...headers,
      } as never,
    });
    out.on('error', reject);
    out.on('response', async (res) => {
      let text = '';
      for await (const chunk of res) text += String(chunk);
      const data = res.headers['content-type'] === 'text/event-stream' ? (text.split('data: ').at(-1) ?? '') : text;
      resolve({
        status: res.statusCode ?? 0,
        headers: res.headers,
        text,
        json: data.trim() === '' ? {} : JSON.parse(data),
      });
    });
    out.end(body);
  });

const message = (method: string, params: object = {}, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: { _meta: META, ...params } });

const mirrored = (method: string, name?: string): Record<string, string> => ({
  'mcp-protocol-version': VERSION,
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
});

const echo = (params: object = {}, headers: Sent['headers'] = {}): Sent => ({
  headers: { ...mirrored('tools/call', 'fixture__test_echo'), ...headers },
  body: message('tools/call', { name: 'fixture__test_echo', arguments: { text: 'x' }, ...params }),
});

describe('headers and body must say the same', () => {
  const cases: readonly (readonly [string, Sent, number, number])[] = [
    ['another method', { ...echo(), headers: mirrored('tools/list', 'fixture__test_echo') }, 400, -32020],
    ['another name', { ...echo(), headers: mirrored('tools/call', 'plain__look') }, 400, -32020],
    ['no name', { ...echo(), headers: mirrored('tools/call') }, 400, -32020],
    ['no version', echo({}, { 'mcp-protocol-version': [] }), 400, -32020],
    ['two names', echo({}, { 'mcp-name': ['fixture__test_echo', 'plain__look'] }), 400, -32020],
    ['a name in another case', echo({}, { 'mcp-name': 'Fixture__test_echo' }), 400, -32020],
    ['a name that is marked as base64 and is none', echo({}, { 'mcp-name': '=?base64?!!!?=' }), 400, -32020],
    [
      'a version that does not exist',
      {
        ...echo(),
        headers: { ...mirrored('tools/call', 'fixture__test_echo'), 'mcp-protocol-version': '2027-01-01' },
        body: echo().body!.replace(VERSION, '2027-01-01'),
      },
      400,
      -32022,
    ],
    [
      'no capabilities',
      { ...echo(), body: echo().body!.replace('clientCapabilities', 'clientPossibilities') },
      400,
      -32602,
    ],
    ['a method that is gone', { headers: mirrored('ping'), body: message('ping') }, 404, -32601],
    [
      'a method of ours',
      { place: '/mcp/fixture', headers: mirrored('$response'), body: message('$response') },
      404,
      -32601,
    ],
    [
      'an argument that a header must repeat',
      {
        place: '/mcp/fixture',
        headers: { ...mirrored('tools/call', 'test_mirrored'), 'mcp-param-region': 'east' },
        body: message('tools/call', { name: 'test_mirrored', arguments: { region: 'west' } }),
      },
      400,
      -32020,
    ],
  ];
  for (const [what, request, status, code] of cases)
    test(what, async () => {
      const before = sent().length;
      const answer = await send(request);
      assert.deepEqual([answer.status, answer.json.error?.code], [status, code], answer.text);
      assert.equal(answer.json.id, 1, 'the error answers the request');
      assert.equal(sent().length, before, 'nothing was sent');
    });
});

describe('what two parsers would read in two ways is refused', () => {
  const inner = `"_meta":${JSON.stringify(META)}`;
  const cases: readonly (readonly [string, string, number])[] = [
    [
      'a member twice',
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{${inner}}}`,
      -32700,
    ],
    [
      'a member of an argument twice',
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${inner},"name":"a","arguments":{"a":1,"a":2}}}`,
      -32700,
    ],
    ['a method in another case', `{"jsonrpc":"2.0","id":1,"Method":"tools/list","params":{${inner}}}`, -32600],
    [
      'a name in another case beside the right one',
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${inner},"name":"a","Name":"b"}}`,
      -32600,
    ],
    ['a prototype', `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${inner},"__proto__":{}}}`, -32700],
    ['no end', '{"jsonrpc":"2.0"', -32700],
    ['an id that is no id', `{"jsonrpc":"2.0","id":{},"method":"tools/list","params":{${inner}}}`, -32600],
    ['an id between two numbers', `{"jsonrpc":"2.0","id":1.5,"method":"tools/list","params":{${inner}}}`, -32600],
    ['several messages', `[{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${inner}}}]`, -32600],
    ['an answer', '{"jsonrpc":"2.0","id":1,"result":{}}', -32600],
    ['depth', `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${'{"a":'.repeat(80)}1${'}'.repeat(81)}`, -32700],
  ];
  for (const [what, body, code] of cases)
    test(what, async () => {
      const answer = await send({ headers: mirrored('tools/list'), body });
      assert.deepEqual([answer.status, answer.json.error?.code], [400, code], answer.text);
    });
});

describe('sessions', () => {
  const initialize = (version = '2025-11-25'): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    });
  const begin = async (who = 'alice', place = '/mcp', version = '2025-11-25'): Promise<string> => {
    const answer = await send({ who, place, body: initialize(version) });
    assert.equal(answer.status, 200, answer.text);
    return String(answer.headers['mcp-session-id']);
  };
  const list = '{"jsonrpc":"2.0","id":7,"method":"tools/list"}';

  test('a session is of who began it, where it was begun, and over when it is over', async () => {
    const id = await begin();
    const session = { 'mcp-session-id': id };
    assert.equal((await send({ headers: session, body: list })).status, 200);
    assert.equal((await send({ who: 'bob', headers: session, body: list })).status, 404, 'somebody else');
    assert.equal((await send({ place: '/mcp/fixture', headers: session, body: list })).status, 404, 'another place');
    assert.equal((await send({ who: 'bob', method: 'DELETE', headers: session })).status, 404, 'nobody else ends it');
    assert.equal((await send({ method: 'DELETE', headers: session })).status, 204);
    assert.equal((await send({ headers: session, body: list })).status, 404);
    assert.equal((await send({ headers: { 'mcp-session-id': 'f'.repeat(32) }, body: list })).status, 404);
    assert.equal((await send({ body: list })).status, 400, 'without one');
  });

  test('lists of messages are for the version that has them', async () => {
    const both = `[${list},{"jsonrpc":"2.0","id":8,"method":"ping"}]`;
    const old = await begin('alice', '/mcp', '2025-03-26');
    const answer = await send({ headers: { 'mcp-session-id': old }, body: both });
    assert.deepEqual(
      (answer.json as never as { id: number }[]).map(({ id }) => id),
      [7, 8],
    );
    assert.equal((await send({ headers: { 'mcp-session-id': old }, body: '[]' })).status, 400);
    assert.equal((await send({ headers: { 'mcp-session-id': old }, body: `[${initialize()}]` })).status, 400);
    assert.equal((await send({ headers: { 'mcp-session-id': await begin() }, body: both })).status, 400);
  });

  test('an answer to nothing is nothing, and nobody answers for somebody else', async () => {
    const headers = { 'mcp-session-id': await begin() };
    assert.equal((await send({ headers, body: '{"jsonrpc":"2.0","id":"airspace-1","result":{}}' })).status, 202);
    assert.equal(
      (await send({ headers, body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}' }))
        .status,
      202,
    );
  });

  test('who takes no events is asked nothing, and waits for nothing', async () => {
    const body = JSON.stringify({
      ...{ jsonrpc: '2.0', id: 0, method: 'initialize' },
      params: {
        protocolVersion: '2025-11-25',
        capabilities: { elicitation: {} },
        clientInfo: { name: 'x', version: '1' },
      },
    });
    for (const [place, name] of [
      ['/mcp', 'fixture__test_elicitation'],
      ['/mcp/fixture', 'test_elicitation'],
    ] as const) {
      const begun = await send({ place, body });
      const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']), accept: 'application/json' };
      const call = {
        ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
        params: { name, arguments: { message: 'who?' } },
      };
      const answer = await send({ place, headers: session, body: JSON.stringify(call) });
      const { isError } = (answer.json.result ?? {}) as { isError?: boolean };
      assert.ok(isError === true || answer.json.error !== undefined, answer.text);
    }
  });

  test('when a server forgot a session, its client is told to begin another one', async () => {
    const headers = { 'mcp-session-id': await begin('carl', '/mcp/old') };
    const call = JSON.stringify({
      ...{ jsonrpc: '2.0', id: 5, method: 'tools/call' },
      params: { name: 'test_echo', arguments: { text: 'x' } },
    });
    const said = (): Promise<Answer> => send({ who: 'carl', place: '/mcp/old', headers, body: call });
    assert.equal((await said()).status, 200);
    await house.old.forget();
    assert.match((await said()).text, /this MCP session is over/);
    assert.equal((await said()).status, 404);
  });

  test('one client begins a bounded number of sessions, and the oldest goes', async () => {
    const first = await begin('bob');
    for (let count = 0; count < 100; count++) await begin('bob');
    assert.equal((await send({ who: 'bob', headers: { 'mcp-session-id': first }, body: list })).status, 404);
  });

  test('what came after an event is sent again to its own session only', async () => {
    const headers = { 'mcp-session-id': await begin() };
    const answer = await send({ headers, body: list });
    const [first, last] = [...answer.text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
    assert.ok(first !== undefined && last !== undefined && first !== last, answer.text);
    const again = await send({ method: 'GET', headers: { ...headers, 'last-event-id': first } });
    assert.deepEqual([again.status, again.json.id], [200, 7]);
    assert.equal(
      (await send({ who: 'bob', method: 'GET', headers: { ...headers, 'last-event-id': first } })).status,
      404,
    );
    assert.equal((await send({ method: 'GET', headers: { ...headers, 'last-event-id': '999.1' } })).status, 404);
  });
});

describe('what clients carry for us', () => {
  const STATE = 'requestState';
  const held = async (who: string, args: object) => {
    const meta = { ...META, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
    const params = (more: object) => ({ name: 'fixture__test_image_content', arguments: args, _meta: meta, ...more });
    const call = (more: object, as = who) =>
      send({
        who: as,
        headers: mirrored('tools/call', 'fixture__test_image_content'),
        body: message('tools/call', params(more)),
      });
    return { call, state: ((await call({})).json.result as never as Record<string, string>)[STATE]! };
  };

  test('is nobody else’s, about nothing else, and cannot be changed', async () => {
    const { call, state } = await held('dora', { n: 1 });
    assert.equal(
      ((await call({ [STATE]: state })).json.result as never as Record<string, string>)['resultType'],
      'input_required',
    );
    for (const refused of [
      await call({ [STATE]: state }, 'carl'),
      await call({ [STATE]: state, arguments: { n: 2 } }),
      await call({ [STATE]: `${state.slice(0, -4)}AAAA` }),
      await call({ [STATE]: '' }),
      await call({ [STATE]: 7 }),
    ])
      assert.equal(refused.json.error?.code, -32602, refused.text);
  });

  test('a task id that was made up is none', async () => {
    const meta = {
      ...META,
      'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    };
    const answer = await send({
      headers: mirrored('tasks/get', 'abc'),
      body: message('tasks/get', { taskId: 'abc', _meta: meta }),
    });
    assert.equal(answer.json.error?.code, -32602);
  });
});

describe('who comes in', () => {
  test('nobody without a key, who is told where to get one', async () => {
    for (const who of ['', 'nobody']) {
      const headers = who === '' ? {} : { authorization: 'Bearer air_nobody-1_x' };
      const answer = await send({ who: '', place: '/mcp/fixture', headers, body: message('tools/list') });
      assert.equal(answer.status, 401);
      const challenge = String(answer.headers['www-authenticate']);
      const [, url = ''] = /^Bearer resource_metadata="([^"]+)"/.exec(challenge) ?? [];
      assert.equal(url, `${house.hub.url}/.well-known/oauth-protected-resource/mcp/fixture`);
      assert.equal(challenge.includes('invalid_token'), who !== '');
    }
  });

  test('no page of another site', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example'])
      assert.equal((await send({ ...echo(), headers: { ...echo().headers, origin } })).status, 403);
    assert.equal(
      (await send({ ...echo(), headers: { ...echo().headers, origin: 'http://localhost:3000' } })).status,
      200,
    );
  });

  test('no place that the caller may not use, and none that is not there', async () => {
    const list = { headers: mirrored('tools/list'), body: message('tools/list') };
    const [hidden, none] = [
      await send({ ...list, who: 'bob', place: '/mcp/fresh' }),
      await send({ ...list, place: '/mcp/none' }),
    ];
    assert.deepEqual([hidden.status, none.status], [404, 404]);
    assert.equal(hidden.json.error?.message.replace('fresh', 'none'), none.json.error?.message);
  });
});

describe('sizes', () => {
  test('a body without end is cut off', async () => {
    const answer = await send({ headers: mirrored('tools/list'), body: `{"a":"${'x'.repeat(1_100_000)}"}` }).catch(
      () => undefined,
    );
    assert.ok(answer === undefined || answer.status === 413, String(answer?.status));
  });

  test('`_meta` that does not fit is refused before anything is sent', async () => {
    const before = sent().length;
    const meta = { ...META, note: 'x'.repeat(5_000) };
    const answer = await send({
      headers: mirrored('tools/call', 'fixture__test_echo'),
      body: message('tools/call', { name: 'fixture__test_echo', _meta: meta }),
    });
    assert.match(answer.text, /_meta/);
    assert.equal(sent().length, before);
  });

  test('other content, other methods, other encodings', async () => {
    assert.equal((await send({ ...echo(), headers: { ...echo().headers, 'content-type': 'text/plain' } })).status, 415);
    assert.equal((await send({ ...echo(), headers: { ...echo().headers, 'content-encoding': 'gzip' } })).status, 415);
    for (const method of ['GET', 'DELETE', 'PUT', 'OPTIONS']) {
      const answer = await send({ method });
      assert.deepEqual([answer.status, answer.headers['allow']], [405, 'POST']);
    }
  });
});

test('numbers keep their digits, and headers of callers do not reach the server', async () => {
  const body = echo().body!.replace('"x"', '12345678901234567890');
  await send({
    headers: {
      ...echo().headers,
      'mcp-meta': 'e30',
      'mcp-session-id': 'stolen',
      'x-api-key': 'secret',
      'x-note': 'kept',
    },
    body,
  });
  const { headers, body: bytes } = sent().at(-1)!;
  assert.match(bytes, /"text":12345678901234567890\b/);
  assert.deepEqual(
    [headers['mcp-meta'], headers['mcp-session-id'], headers['x-api-key'], headers['x-note']],
    [undefined, undefined, undefined, 'kept'],
  );
});

test('a name is no header, whatever is in it', async () => {
  const name = 'a\r\nx-evil: 1\u202e';
  const answer = await send({
    place: '/mcp/fixture',
    headers: mirrored('prompts/get', `=?base64?${Buffer.from(name).toString('base64')}?=`),
    body: message('prompts/get', { name }),
  });
  assert.notEqual(answer.json.error, undefined);
  const { headers, body } = sent().at(-1)!;
  assert.equal(headers['x-evil'], undefined);
  assert.equal((JSON.parse(body) as { params: { name: string } }).params.name, name);
  const host = await send({ who: '', headers: { host: `${new URL(house.hub.url).host}"` } }).catch(() => undefined);
  assert.equal(host?.headers['www-authenticate'], undefined);
});

test('the trace in `_meta` is the parent', async () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await send({
    ...echo({ _meta: { ...META, traceparent } }),
    headers: { ...echo().headers, traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` },
  });
  assert.match(String(sent().at(-1)?.headers['traceparent']), /^00-a{32}-/);
});
