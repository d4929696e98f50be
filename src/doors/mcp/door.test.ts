/** The door alone, in front of a scripted pipeline: what becomes of a request, and of what comes back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Call, Directory, Principal, Reply, TargetEntry } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { type Listener, listen } from '../index.ts';
import { mcpDoor } from './door.ts';
import { sealerOf } from './seal.ts';

const world = systemWorld();
const ann: Principal = { kind: 'agent', tenant: 't', id: 'ann', roles: [] };
const operations = ['add', 'mcp.list', 'mcp.session', 'mcp.prompts.get'].map((name) => ({
  ...{ name, effect: 'read' as const, idempotent: true },
  ...(name === 'add' ? { definition: { name, description: 'adds', inputSchema: { type: 'object' } } } : {}),
}));
const sums: TargetEntry = {
  ...{ tenant: 't', kind: 'tool', name: 'sums', domain: '', labels: {}, endpoints: [], operations },
  ...{ health: null, concurrency: 1, timeoutMs: null },
  speech: { protocol: 'mcp', version: '', binding: '', model: '' },
};
const targets = [sums];
const directory: Directory = {
  identify: async (credential) => {
    if (credential.kind === 'none') throw new Fault('unauthenticated', 'who are you?');
    return ann;
  },
  find: () => sums,
  visible: async () => targets,
  seq: 1,
  provider: () => assert.fail('nobody asks for a capability'),
  onChange: () => () => {},
};

const calls: Call[] = [];
let script: (call: Call) => Partial<Reply> | Fault;
const json = (value: unknown, more: Partial<Reply> = {}): Partial<Reply> => ({
  contentType: 'application/json;form=mcp',
  body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(value)) },
  ...more,
});

let listener: Listener;
before(async () => {
  const door = mcpDoor({
    handler: () => async (call) => {
      calls.push(call);
      const said = script(call);
      if (said instanceof Fault) throw said;
      const body = { kind: 'bytes' as const, bytes: new Uint8Array(0) };
      return { outcome: 'ok', status: 200, contentType: '', headers: [], body, endpoint: 'e', attempts: 1, ...said };
    },
    ...{ world, directory, issuers: () => [] },
    sealer: sealerOf(Buffer.from('secret'), () => world.ids.callId()),
  });
  listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: world.clock });
});
after(() => listener.close(false));

const VERSION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
};

const post = (place: string, message: object, headers: Record<string, string>): Promise<Response> =>
  fetch(`${listener.url}${place}`, {
    method: 'POST',
    headers: {
      ...{ authorization: 'Bearer k', 'content-type': 'application/json' },
      ...{ accept: 'application/json, text/event-stream', ...headers },
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  });

const ask = async (method: string, params: Record<string, unknown>, place = '/mcp/sums') => {
  const name = params['name'] ?? params['uri'] ?? params['taskId'];
  const answer = await post(
    place,
    { method, params: { _meta: META, ...params } },
    {
      ...{ 'mcp-protocol-version': VERSION, 'mcp-method': method },
      ...(name === undefined ? {} : { 'mcp-name': String(name) }),
    },
  );
  return { status: answer.status, ...((await answer.json()) as { result: never; error: never }) };
};

test('a call of a tool is one call, with its arguments and nothing else', async () => {
  script = () => json({ resultType: 'complete', content: [] }, { pin: 'p1' });
  await ask('tools/call', { name: 'sums__add', arguments: { a: 1 } }, '/mcp');
  const call = calls.at(-1)!;
  assert.deepEqual(call.target, { kind: 'tool', name: 'sums', operation: 'add' });
  assert.deepEqual([call.contentType, call.accept], ['application/json', 'application/json;form=mcp']);
  assert.equal(call.body.kind === 'bytes' && Buffer.from(call.body.bytes).toString(), '{"a":1}');
  assert.deepEqual([call.stream, call.via, call.pin], [false, [], undefined]);
  assert.deepEqual(
    call.headers.map(([name]) => name).filter((name) => name.startsWith('mcp-')),
    ['mcp-meta'],
  );
});

test('what a server asks comes back with its own state, to the endpoint that asked', async () => {
  const question = { method: 'elicitation/create', params: {} };
  script = () =>
    json({ resultType: 'input_required', inputRequests: { q: question }, requestState: 'theirs' }, { pin: 'p1' });
  const first = await ask('tools/call', { name: 'add', arguments: { a: 1 } });
  const { requestState } = first.result as { requestState: string };
  assert.ok(!requestState.includes('theirs'));
  script = () => json({ resultType: 'complete', content: [] });
  await ask('tools/call', { name: 'add', arguments: { a: 1 }, requestState, inputResponses: { q: {} } });
  const call = calls.at(-1)!;
  assert.deepEqual([call.pin, call.contentType], ['p1', 'application/json;form=mcp']);
  assert.deepEqual(JSON.parse(Buffer.from(call.body.kind === 'bytes' ? call.body.bytes : []).toString()), {
    ...{ arguments: { a: 1 }, requestState: 'theirs', inputResponses: { q: {} } },
  });
});

test('a question that the client did not say it can answer is an error', async () => {
  script = () => json({ resultType: 'input_required', inputRequests: { q: { method: 'sampling/createMessage' } } });
  const { status, error } = await ask('tools/call', { name: 'add' });
  const { code, data } = error as { code: number; data: unknown };
  assert.deepEqual([status, code, data], [400, -32021, { requiredCapabilities: { sampling: {} } }]);
});

test('nothing that came for one caller is for another, whatever a server says', async () => {
  script = () => json({ prompts: [], ttlMs: 5_000, cacheScope: 'public' });
  const { result } = await ask('prompts/list', {});
  const { ttlMs, cacheScope } = result as { ttlMs: number; cacheScope: string };
  assert.deepEqual([ttlMs, cacheScope], [5_000, 'private']);
});

test('a fault is a result where a model can read it, and an error elsewhere', async () => {
  script = () => new Fault('budget_exhausted', 'nothing is left');
  const tool = await ask('tools/call', { name: 'add' });
  assert.equal((tool.result as { isError: boolean }).isError, true);
  const prompt = await ask('prompts/get', { name: 'x' });
  assert.deepEqual([prompt.status, (prompt.error as { code: number }).code], [200, -32000]);
});

test('what a server sends that is no message of the protocol is told apart from an answer', async () => {
  for (const wrong of ['[]', '7', '{"a":1,"a":2}', 'no json']) {
    script = () => json({}, { body: { kind: 'bytes', bytes: Buffer.from(wrong) } });
    const { result } = await ask('tools/call', { name: 'add' });
    assert.equal((result as { isError: boolean }).isError, true, wrong);
  }
});

test('a session whose server side is over ends, and its client is told to begin again', async () => {
  script = ({ target }) =>
    target.operation === 'mcp.session'
      ? json({ capabilities: {} }, { headers: [['mcp-session-id', 'h1']], pin: 'p1' })
      : json({ content: [] });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const begun = await post('/mcp/sums', { method: 'initialize', params }, {});
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id')! };
  const call = (): Promise<Response> => post('/mcp/sums', { method: 'tools/call', params: { name: 'add' } }, session);
  await (await call()).text();
  const sent = calls.at(-1)!;
  assert.deepEqual([sent.pin, sent.headers.find(([name]) => name === 'mcp-session-id')?.[1]], ['p1', 'h1']);
  script = () => new Fault('not_found', 'over', { facts: { session: 'over' } });
  assert.match(await (await call()).text(), /over/);
  assert.equal((await call()).status, 404);
});

test('a key that a node on the way does not believe, and this one does, stays with its client', async () => {
  script = () => new Fault('unauthenticated', 'who is that?');
  const { status, result } = await ask('tools/call', { name: 'add' });
  assert.equal(status, 200);
  assert.match(JSON.stringify(result), /try again.*"code":"unavailable","executed":"no"/);
});

test('whoever follows as much as it may is told so, in either manner, until it closes something', async () => {
  script = () => json({ capabilities: {} });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const begun = await post('/mcp', { method: 'initialize', params }, {});
  const session = begun.headers.get('mcp-session-id')!;
  const follow = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${listener.url}/mcp`, {
      headers: { authorization: 'Bearer k', accept: 'text/event-stream', 'mcp-session-id': session },
      ...(signal === undefined ? {} : { signal }),
    });
  const listen = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${listener.url}/mcp`, {
      method: 'POST',
      headers: {
        ...{ authorization: 'Bearer k', 'content-type': 'application/json' },
        ...{ accept: 'application/json, text/event-stream' },
        ...{ 'mcp-protocol-version': VERSION, 'mcp-method': 'subscriptions/listen' },
      },
      body: JSON.stringify({
        ...{ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen' },
        params: { _meta: META, notifications: { toolsListChanged: true } },
      }),
      ...(signal === undefined ? {} : { signal }),
    });
  const stop = new AbortController();
  const open = await Promise.all(Array.from({ length: 100 }, () => listen(stop.signal)));
  assert.deepEqual([...new Set(open.map(({ status }) => status))], [200]);
  const refused = await listen();
  assert.deepEqual([refused.status, (await follow()).status], [429, 429]);
  assert.match(await refused.text(), /close some/);
  stop.abort();
  const last = new AbortController();
  for (let answer = await follow(last.signal); answer.status !== 200; answer = await follow(last.signal))
    assert.equal(answer.status, 429);
  last.abort();
});

test('nobody is let in without a key', async () => {
  const before = calls.length;
  const answer = await fetch(`${listener.url}/mcp`, { method: 'POST', body: '{}' });
  assert.equal(answer.status, 401);
  assert.equal(calls.length, before);
});
