/** Many servers at one address: who is asked, how what they list is called, and what one of them can spoil. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Call, Directory, Principal, Reply, TargetEntry } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { type Handler, systemWorld, type World } from '../../kernel/index.ts';
import { type Listener, listen } from '../index.ts';
import { mcpDoor } from './door.ts';
import { sealerOf } from './seal.ts';

type Json = Record<string, unknown>;
const ALL = ['mcp.list', 'mcp.prompts.get', 'mcp.resources.read', 'mcp.complete', 'show'];

const server = (name: string, operations = ALL, protocol = 'mcp'): TargetEntry => ({
  ...{ tenant: 't', kind: 'tool', name, domain: '', labels: {}, endpoints: [], health: null, concurrency: 1 },
  operations: operations.map((operation) => ({ name: operation, effect: 'read', idempotent: true })),
  timeoutMs: null,
  ...(protocol === 'mcp' ? { speech: { protocol, version: '', binding: '', model: '' } } : {}),
});

const system = systemWorld();
/** How much faster than it should time passes for the door. */
let speed = 1;
const world: World = {
  ...system,
  clock: {
    nowMs: () => system.clock.nowMs(),
    wallMs: () => system.clock.wallMs(),
    after: (delayMs, run) => system.clock.after(delayMs / speed, run),
  },
};
let targets: readonly TargetEntry[];
let calls: Call[];
let script: (server: string, asked: { method: string; params: Json }) => Json | Fault | Promise<Json>;

const directory: Directory = {
  identify: async ({ kind, ...rest }) => {
    if (kind === 'none') throw new Fault('unauthenticated', 'who are you?');
    const id = 'token' in rest ? rest.token : '';
    return { kind: 'agent', tenant: 't', id, roles: [] } satisfies Principal;
  },
  find: () => undefined,
  visible: async () => targets,
  seq: 1,
  provider: () => assert.fail('nobody asks for a capability'),
  onChange: () => () => {},
};

const answered: Handler = async (call, scope): Promise<Reply> => {
  calls.push(call);
  const over = new Promise<never>((_, reject) => scope.signal.onCancel(reject));
  const text = Buffer.from(call.body.kind === 'bytes' ? call.body.bytes : []).toString();
  const said = await Promise.race([script(call.target.name, JSON.parse(text) as never), over]);
  if (said instanceof Fault) throw said;
  const isError = said['error'] !== undefined;
  return {
    ...{ outcome: isError ? 'failed' : 'ok', status: isError ? 400 : 200, contentType: 'application/json;form=mcp' },
    ...{ headers: [], endpoint: 'e', attempts: 1 },
    body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(said)) },
  };
};

let listener: Listener;
before(async () => {
  const door = mcpDoor({
    handler: () => answered,
    ...{ world, directory, issuers: () => [] },
    sealer: sealerOf(Buffer.from('secret'), () => world.ids.callId()),
  });
  listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: world.clock });
});
after(() => listener.close(false));
beforeEach(() => {
  calls = [];
  targets = [server('east'), server('west')];
});

const VERSION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
};

interface Answer {
  readonly result: Json & { readonly _meta?: Json };
  readonly error: { readonly code: number; readonly message: string };
}

const ask = async (method: string, params: Json = {}, headers: Json = {}): Promise<Answer> => {
  const name = params['name'] ?? params['uri'];
  const answer = await fetch(`${listener.url}/mcp`, {
    method: 'POST',
    headers: {
      ...{ authorization: 'Bearer ann', 'content-type': 'application/json' },
      ...{ accept: 'application/json, text/event-stream', 'mcp-protocol-version': VERSION, 'mcp-method': method },
      ...(name === undefined ? {} : { 'mcp-name': String(name) }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta: META, ...params } }),
  });
  return (await answer.json()) as Answer;
};

const namesIn = ({ result }: Answer, member = 'prompts', id = 'name'): readonly unknown[] =>
  (result[member] as Json[]).map((entry) => entry[id]);
const missingIn = ({ result }: Answer): unknown => result._meta?.['dev.airspace/missing'];

test('a list is one governed call for each server, with the headers of the caller and without its key for one request', async () => {
  script = (name) => ({ prompts: [{ name: 'plan', description: `of ${name}` }] });
  const answer = await ask('prompts/list', {}, { 'idempotency-key': 'k1' });
  assert.deepEqual(answer.result['prompts'], [
    { name: 'east__plan', description: 'of east' },
    { name: 'west__plan', description: 'of west' },
  ]);
  assert.deepEqual(
    calls.map(({ target, idempotencyKey }) => [target.name, target.operation, idempotencyKey]),
    [
      ['east', 'mcp.list', undefined],
      ['west', 'mcp.list', undefined],
    ],
  );
  assert.deepEqual([answer.result['cacheScope'], missingIn(answer)], ['private', undefined]);
});

test('only servers are asked that the caller may list, and use afterwards', async () => {
  targets = [
    server('east'),
    server('blind', ['mcp.prompts.get']),
    server('deaf', ['mcp.list', 'mcp.resources.read']),
    server('plain', ALL, 'http'),
  ];
  script = () => ({ prompts: [{ name: 'plan' }], resources: [{ uri: 'x:1' }] });
  assert.deepEqual(namesIn(await ask('prompts/list')), ['east__plan']);
  assert.deepEqual(
    namesIn(await ask('resources/list'), 'resources', 'uri'),
    ['airspace:deaf/x:1', 'airspace:east/x:1'].toReversed(),
  );
  const { result } = await ask('server/discover');
  assert.deepEqual(result['capabilities'], {
    tools: { listChanged: true },
    prompts: {},
    resources: {},
    completions: {},
  });
  targets = [server('deaf', ['mcp.list'])];
  assert.deepEqual((await ask('server/discover')).result['capabilities'], { tools: { listChanged: true } });
  assert.equal((await ask('prompts/get', { name: 'deaf__plan' })).error.code, -32601);
});

test('names and URIs lead back to the server, as it wrote them', async () => {
  targets = [server('agent'), server('east')];
  script = (name, { params }) => ({
    messages: [
      { role: 'user', content: { type: 'resource_link', uri: 'file:///a', name: 'a' } },
      {
        role: 'user',
        content: { type: 'resource', resource: { uri: `file:///${name}`, text: JSON.stringify(params) } },
      },
    ],
    contents: [{ uri: params['uri'], text: name }],
    completion: { values: [JSON.stringify(params['ref'])] },
  });
  const prompt = await ask('prompts/get', { name: 'tool__agent__a__b', arguments: { n: '1' } });
  const [link, embedded] = prompt.result['messages'] as readonly { content: Json }[];
  assert.equal(link?.content['uri'], 'airspace:agent/file:///a');
  assert.deepEqual(embedded?.content['resource'], {
    uri: 'airspace:agent/file:///agent',
    text: '{"name":"a__b","arguments":{"n":"1"}}',
  });
  for (const uri of ['file:///a/b?c#d', 'airspace:west/x:1', 'x:é']) {
    const ours = `airspace:east/${uri}`;
    const header = /^[\x20-\x7e]*$/.test(ours) ? ours : `=?base64?${Buffer.from(ours).toString('base64')}?=`;
    const read = await ask('resources/read', { uri: ours }, { 'mcp-name': header });
    assert.deepEqual(read.result['contents'], [{ uri: ours, text: 'east' }]);
  }
  const completion = async (ref: Json): Promise<unknown> =>
    (
      (await ask('completion/complete', { ref, argument: { name: 'a', value: '' } })).result['completion'] as {
        values: string[];
      }
    ).values[0];
  assert.equal(await completion({ type: 'ref/prompt', name: 'east__p' }), '{"type":"ref/prompt","name":"p"}');
  assert.equal(
    await completion({ type: 'ref/resource', uri: 'airspace:east/x:{id}' }),
    '{"type":"ref/resource","uri":"x:{id}"}',
  );
});

test('what a tool says of resources can be read at the same address, where they may be read', async () => {
  script = () => ({
    content: [
      { type: 'resource_link', uri: 'x:1', name: 'one' },
      { type: 'text', text: 'x:1' },
    ],
  });
  const first = async (): Promise<Json> =>
    ((await ask('tools/call', { name: 'east__show' })).result['content'] as [Json])[0];
  assert.equal((await first())['uri'], 'airspace:east/x:1');
  targets = [server('east', ['show'])];
  assert.equal((await first())['uri'], 'x:1');
});

test('what is nobody’s, or not for the caller, is unknown and asked of nobody', async () => {
  for (const name of ['plan', 'north__plan', '__plan', 'east', ''])
    assert.equal((await ask('prompts/get', { name })).error.code, -32602, name);
  for (const uri of ['file:///a', 'airspace:north/x:1', 'airspace:east', 'AIRSPACE:east/x:1', 'airspace:/x:1'])
    assert.equal((await ask('resources/read', { uri })).error.code, -32602, uri);
  assert.equal((await ask('completion/complete', { ref: 7 })).error.code, -32602);
  assert.deepEqual(calls, []);
});

test('a server that is down, or answers nonsense, is named, and the others are listed', async () => {
  const wrong: Readonly<Record<string, Json | Fault>> = {
    down: new Fault('unreachable', 'nobody is there'),
    twice: { prompts: [{ name: 7 }] },
    none: {},
    many: { prompts: Array.from({ length: 1_001 }, () => ({ name: 'a' })) },
    long: { prompts: [{ name: 'a', description: 'x'.repeat(1_100_000) }] },
    again: { prompts: [], nextCursor: 'x'.repeat(5_000) },
    odd: { error: { code: -32603, message: 'y'.repeat(1_000) } },
    simple: { error: { code: -32601, message: 'no such method' } },
    west: { prompts: [{ name: 'plan' }] },
  };
  targets = Object.keys(wrong)
    .sort()
    .map((name) => server(name));
  script = (name) => wrong[name]!;
  const answer = await ask('prompts/list');
  assert.deepEqual(namesIn(answer), ['west__plan']);
  const missing = missingIn(answer) as readonly { target: string; code: string; message: string }[];
  assert.deepEqual(
    missing.map(({ target, code }) => `${target} ${code}`),
    [
      ...['again upstream_invalid', 'down unreachable', 'long upstream_invalid', 'many upstream_invalid'],
      ...['none upstream_invalid', 'odd upstream_invalid', 'twice upstream_invalid'],
    ],
  );
  assert.ok(missing.every(({ message }) => message.length <= 300));
});

test('a server that says nothing does not hold up the others for ever', async () => {
  script = (name) => (name === 'east' ? new Promise<never>(() => {}) : { prompts: [{ name: 'plan' }] });
  speed = 100;
  const answer = await ask('prompts/list', {}, { accept: 'application/json' });
  speed = 1;
  assert.deepEqual(namesIn(answer), ['west__plan']);
  assert.match(JSON.stringify(missingIn(answer)), /"target":"east","code":"timeout"/);
});

test('pages go on where they ended, for their caller only, and never for ever', async () => {
  targets = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name) => server(name));
  const page = (name: string, at: number): Json => ({
    prompts: Array.from({ length: 30 }, (_, n) => ({ name: `${name}${at}-${n}` })),
    ...(at < 2 ? { nextCursor: `${name} ${at + 1}` } : {}),
  });
  script = (name, { params }) => page(name, Number(String(params['cursor'] ?? ' 0').split(' ')[1]));
  const found: unknown[] = [];
  let cursor: unknown;
  let pages = 0;
  do {
    const answer: Answer = await ask('prompts/list', cursor === undefined ? {} : { cursor });
    found.push(...namesIn(answer));
    cursor = answer.result['nextCursor'];
    pages++;
    if (cursor === undefined) continue;
    assert.equal((await ask('prompts/list', { cursor }, { authorization: 'Bearer bob' })).error.code, -32602);
    assert.equal((await ask('resources/list', { cursor })).error.code, -32602);
  } while (cursor !== undefined && pages < 20);
  assert.deepEqual([found.length, new Set(found).size], [900, 900]);
  assert.equal(calls.length, 30, 'nothing is asked twice');
  for (const made of ['', 'abc', 7, null])
    assert.equal((await ask('prompts/list', { cursor: made })).error.code, -32602);

  let asked = 0;
  targets = [server('endless')];
  script = () => ({ prompts: [], nextCursor: String(++asked) });
  cursor = undefined;
  let last: Answer;
  do {
    last = await ask('prompts/list', cursor === undefined ? {} : { cursor });
    cursor = last.result['nextCursor'];
  } while (cursor !== undefined);
  assert.equal(asked, 100);
  assert.match(JSON.stringify(missingIn(last)), /more than 100 pages/);
});

test('so many servers are asked at once and no more', async () => {
  targets = Array.from({ length: 20 }, (_, at) => server(`s${String(at).padStart(2, '0')}`));
  let now = 0;
  let most = 0;
  script = async () => {
    most = Math.max(most, ++now);
    await new Promise((next) => setImmediate(next));
    now--;
    return { prompts: [{ name: 'p' }] };
  };
  assert.equal(namesIn(await ask('prompts/list')).length, 20);
  assert.equal(most, 8);
});
