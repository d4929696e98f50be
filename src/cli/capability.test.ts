/** A capability through every door of a real hub: the same provider each time, by what the caller may call, and what people see of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AirspaceError, createClient } from '../client/index.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../contract/index.ts';
import { mintKey } from '../identity/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { line, type Ran } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-capability-'));
const admin = mintKey('ada-1');
const caller = mintKey('alice-1');
const other = mintKey('bob-1');
const ran: string[] = [];
let server: http.Server;
let hub: RunningHub;

const SQL = { type: 'object', properties: { sql: { type: 'string' } } };

const resource = (kind: string, name: string, spec: unknown, more: object = {}) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name, ...more }, spec },
});

const provider = (name: string, version: string, more: { owner?: string; shared?: boolean; effect?: string } = {}) => {
  const { owner, effect = 'read', ...rest } = more;
  return resource(
    'Tool',
    name,
    {
      endpoints: [{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}` }],
      operations: [
        { name: 'run', effect, input: SQL, provides: [{ capability: 'query_database', version, ...rest }] },
        { name: 'look', effect: 'read' },
      ],
    },
    owner === undefined ? {} : { owner },
  );
};

const POLICY = `@id("alice") @reason("alice works") permit (principal == Agent::"alice", action, resource);
@id("hidden") @reason("not for sale") forbid (principal, action, resource in Tool::"hidden");
@id("bob") @reason("bob reads the old one") permit (principal == Agent::"bob", action, resource in Tool::"old");`;

const apply = (...resources: readonly ReturnType<typeof resource>[]) =>
  hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, by: 'test', rights: WHOLE_TENANT, reason: '', dryRun: false, prune: false },
    resources,
    origins: resources.map(({ metadata: { name } }) => `${name}.yaml`),
  });

before(async () => {
  server = http.createServer((req, res) => {
    ran.push(req.url!);
    req.resume().on('end', () => res.writeHead(200, { 'content-type': 'application/json' }).end('{"rows":1}'));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  hub = await startHub({
    ...{ dir: join(scratch, 'data'), host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
  });
  await apply(
    resource('User', 'ada', { roles: ['admin'] }),
    resource('Team', 'data', { users: ['ada'] }),
    resource('Team', 'web', {}),
    ...['alice', 'bob'].map((name) => resource('Agent', name, { operations: [{ name: 'x' }] })),
    provider('old', '1.4.0', { owner: 'data' }),
    provider('new', '2.3.0', { owner: 'data', effect: 'write' }),
    provider('next', '3.0.0-rc.1'),
    provider('hidden', '2.9.0'),
    resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: admin.secretHash }),
    resource('Key', 'alice-1', { principal: { kind: 'agent', name: 'alice' }, secretHash: caller.secretHash }),
    resource('Key', 'bob-1', { principal: { kind: 'agent', name: 'bob' }, secretHash: other.secretHash }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  );
});
after(async () => {
  await hub?.stop(false);
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const reached = (): string[] => ran.splice(0).map((url) => url.split('/')[1]!);

const post = async (path: string, body: unknown, key = caller, headers: Record<string, string> = {}) => {
  const response = await fetch(`${hub.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key.secret}`, ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
};

const cli = (...argv: string[]): Promise<Ran> => line([...argv, '--url', hub.url, '--key', admin.secret]);

test('the native door takes the range in its path, its query or a header, once', async () => {
  const ask = async (path: string, headers: Record<string, string> = {}) =>
    (await post(`/v1/capabilities/${path}`, { sql: '' }, caller, headers)).status;
  assert.equal(await ask('query_database@^1'), 200);
  assert.equal(await ask('query_database%40%5E1'), 200);
  assert.equal(await ask('query_database?range=%5E1'), 200);
  assert.equal(await ask('query_database', { 'airspace-capability': '^1' }), 200);
  assert.equal(await ask('query_database@^1', { 'airspace-capability': '^1' }), 200);
  assert.equal(await ask('query_database@%3E%3D1%20%3C2'), 200);
  assert.deepEqual(reached(), Array(6).fill('old'));
  assert.equal(await ask('query_database@^1?range=^2'), 400);
  assert.equal(await ask('query_database@^1', { 'airspace-capability': '^2' }), 400);
  assert.equal(await ask('query_database@%ff'), 404);
  assert.equal(await ask('query_database@^1?other=1'), 404);
  assert.equal(await ask('query_database/x@^1'), 404);
  assert.deepEqual(reached(), []);
});

test('the client asks for a capability, and hears of who answered', async () => {
  const client = createClient({ url: hub.url, key: caller.secret });
  const { data, meta } = await client.capability('query_database', '^2').call({ sql: '' });
  assert.deepEqual(data, { rows: 1 });
  assert.equal(meta.capability, 'query_database@2.3.0; provider=tool/new/run');
  assert.deepEqual((await client.capability('query_database').call({})).meta.notes, ['capability-without-range']);
  const { id } = await client.capability('query_database', '~2.3').callAsync({});
  assert.equal((await client.poll(id, { everyMs: 5 })).status, 200);
  assert.deepEqual(reached(), ['new', 'new', 'new']);
  const fault = await client
    .capability('query_databsae')
    .call()
    .catch((thrown: unknown) => thrown);
  assert.ok(fault instanceof AirspaceError);
  assert.match(fault.message, /did you mean `query_database`\?/);
});

test('what a caller may not call is neither chosen nor named', async () => {
  const { status, json } = await post('/v1/capabilities/query_database@^2', {}, other);
  assert.equal(status, 404);
  assert.deepEqual(json().facts.versions, ['1.4.0']);
  assert.equal((await post('/v1/capabilities/query_database', {}, other)).status, 200);
  assert.deepEqual(reached(), ['old']);
  const { text } = await post('/v1/capabilities/query_database@2.9.0', {});
  assert.doesNotMatch(text, /hidden|`2\.9\.0`,/);
});

test('A2A asks for a capability as a skill, and the card of the node lists it', async () => {
  const send = (skill: string) =>
    post(
      '/a2a',
      {
        ...{ jsonrpc: '2.0', id: 1, method: 'SendMessage' },
        params: {
          message: { messageId: 'm', role: 'ROLE_USER', parts: [{ data: { sql: '' } }], metadata: { skill } },
        },
      },
      caller,
      { 'a2a-version': '1.0' },
    );
  const { text } = await send('capability/query_database@^1');
  assert.match(text, /"rows"/);
  assert.match((await send('capability/query_database')).text, /"rows"/);
  assert.deepEqual(reached(), ['old', 'new']);
  assert.match((await send('capability/query_database@^9')).text, /there are `3\.0\.0-rc\.1`, `2\.3\.0`, `1\.4\.0`/);
  const card = await post('/a2a', { jsonrpc: '2.0', id: 1, method: 'GetExtendedAgentCard', params: {} }, caller, {
    'a2a-version': '1.0',
  });
  const skill = card.json().result.skills.find((one: { id: string }) => one.id === 'capability/query_database');
  assert.match(skill.description, /1\.4\.0/);
  assert.doesNotMatch(card.text, /2\.9\.0/);
});

test('MCP has a tool for each capability, and its metadata say the range', async () => {
  const PROTOCOL = '2026-07-28';
  const meta = {
    'io.modelcontextprotocol/protocolVersion': PROTOCOL,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const ask = async (method: string, params: object, more: object = {}) => {
    const name = (params as { name?: string }).name;
    const { text } = await post(
      '/mcp',
      { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...meta, ...more } } },
      caller,
      {
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': PROTOCOL,
        'mcp-method': method,
        ...(name === undefined ? {} : { 'mcp-name': name }),
      },
    );
    return JSON.parse(text.startsWith('{') ? text : text.slice(text.indexOf('{')));
  };
  const { result } = await ask('tools/list', {});
  const names = result.tools.map((one: { name: string }) => one.name);
  assert.ok(names.includes('capability__query_database'), names.join());
  assert.ok(!names.some((name: string) => name.startsWith('hidden')));
  const call = (range?: unknown) =>
    ask(
      'tools/call',
      { name: 'capability__query_database', arguments: { sql: '' } },
      range === undefined ? {} : { 'airspace.dev/range': range },
    );
  await call();
  await call('^1');
  assert.deepEqual(reached(), ['new', 'old']);
  assert.match((await call('^9')).error.message, /there are `3\.0\.0-rc\.1`, `2\.3\.0`, `1\.4\.0`/);
  assert.match((await call(7)).error.message, /must be a range/);
  assert.match((await call('x y z')).error.message, /is no range of versions/);
  assert.deepEqual(reached(), []);
});

test('a key stays with its provider when a better one comes', async () => {
  const headers = { 'idempotency-key': 'stays' };
  const ask = async () =>
    (await post('/v1/capabilities/query_database@^1', { sql: '' }, caller, headers)).headers.get('airspace-capability');
  assert.equal(await ask(), 'query_database@1.4.0; provider=tool/old/run');
  await apply(provider('better', '1.5.0', { owner: 'data' }));
  assert.equal(await ask(), 'query_database@1.4.0; provider=tool/old/run');
  assert.deepEqual(reached(), ['old'], 'and it ran once');
  const fresh = await post('/v1/capabilities/query_database@^1', {});
  assert.equal(fresh.headers.get('airspace-capability'), 'query_database@1.5.0; provider=tool/better/run');
  await hub.control.remove(
    [{ tenant: DEFAULT_TENANT, kind: 'Tool', name: 'better' }],
    ...(['test', '', false, WHOLE_TENANT] as const),
  );
  reached();
});

test('people call it, see who provides it, and why a call went where it did', async () => {
  const called = await line([
    ...['call', '--capability', 'query_database@^2', '--data', '{"sql":""}'],
    ...['--url', hub.url, '--key', caller.secret],
  ]);
  assert.equal(called.exit, 0, called.stderr);
  assert.match(called.stderr, /query_database@2\.3\.0; provider=tool\/new\/run/);
  assert.match(called.stdout, /rows/);
  const id = /call ([0-9a-f]{32})/.exec(called.stderr)![1]!;
  const why = await cli('why', id);
  assert.match(why.stdout, /query_database@\^2/, why.stdout + why.stderr);
  assert.match(why.stdout, /tool\/new\/run/);
  assert.match((await cli('capability', 'ls')).stdout, /query_database +3\.0\.0-rc\.1, 2\.9\.0, 2\.3\.0, 1\.4\.0/);
  const { stdout } = await cli('capability', 'show', 'query_database');
  assert.match(stdout, /2\.3\.0 +tool\/new\/run +team data/);
  assert.match(stdout, /\^1 +tool\/old\/run +1\.4\.0/);
  assert.equal((await cli('capability', 'show', 'nothing')).exit, 4);
  assert.match((await cli('get', 'tools', '-o', 'wide')).stdout, /old .*data/);
  assert.match((await cli('describe', 'tool', 'old')).stdout, /owner: data/);
  for (const wrong of [
    ['call', 'tool/old/run', '--capability', 'x'],
    ['call', '--capability', 'a b'],
    ['call', '--capability', 'x@ '],
  ])
    assert.equal((await cli(...wrong)).exit, 2, wrong.join(' '));
  reached();
});

test('an apply that contradicts what is there names both files and both owners, and changes nothing', async () => {
  const before = hub.control.snapshot!.seq;
  await assert.rejects(
    apply(provider('rival', '2.3.0', { owner: 'web' })),
    /rival\.yaml: Tool `rival`: provides `query_database` in version 2\.3\.0, and so does Tool `new`; it belongs to team `web` and the other to team `data`/,
  );
  await assert.rejects(apply(provider('stray', '5.0.0', { owner: 'nobody' })), /metadata\.owner.*Team `nobody`/);
  assert.equal(hub.control.snapshot!.seq, before);
  const { warnings } = await apply(provider('old', '1.3.0', { owner: 'data' }));
  assert.match(
    warnings.join(),
    /old\.yaml: Tool `old`: provides `query_database` in version 1\.3\.0, and provided 1\.4\.0/,
  );
});
