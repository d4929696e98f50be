/** Targets brought in by their address, from the command line to a call, over a real hub and servers that others wrote. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import * as servers from '../discovery/testing/servers.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { writeRunning } from './running.ts';
import { line } from './testing/line.ts';

let root = '';
let hub: RunningHub;
let mcp: servers.Served;

const airspace = (argv: readonly string[], stdin = '') => line([...argv, '--data', root], { stdin });
const stored = async (kind: string, name: string): Promise<Record<string, unknown>> =>
  JSON.parse((await airspace(['describe', kind, name, '-o', 'json'])).stdout).resource;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'airspace-register-'));
  hub = await startHub({
    dir: root,
    host: '127.0.0.1',
    port: 0,
    level: 'info',
    log: () => {},
    allowPrivateEgress: true,
  });
  await writeRunning(root, { url: hub.url, pid: process.pid });
  assert.equal((await airspace(['bootstrap'])).exit, 0);
  mcp = await servers.mcp();
});
after(async () => {
  await mcp[Symbol.asyncDispose]();
  await hub.stop(false);
  await rm(root, { recursive: true });
});

test('an address becomes a tool whose operations are what its server lists, and the next step is said', async () => {
  const ran = await airspace(['register', mcp.url, '--yes']);
  assert.equal(ran.exit, 0, ran.stderr);
  assert.match(ran.stdout, /tool\/refund-tools created/);
  assert.match(ran.stderr, /tried A2A card .*HTTP 405/);
  assert.match(ran.stderr, /found {6}tool `refund-tools`, MCP 2026-07-28/);
  assert.match(ran.stderr, /warning: that `look` only read is what the server says of itself/);
  assert.match(
    ran.stderr,
    /permit \(principal == Agent::"<agent>", action in Action::"CallTool", resource in Tool::"refund-tools"\)/,
  );
  assert.ok(ran.stderr.includes(`${hub.url}/mcp/refund-tools`));
  const { spec } = (await stored('tool', 'refund-tools')) as { spec: { operations: Record<string, unknown>[] } };
  assert.deepEqual(
    spec.operations.map(({ name, effect }) => [name, effect]),
    [
      ['look', 'read'],
      ['pay', 'write'],
      ['other', 'write'],
    ],
  );
  const audit = await airspace(['audit', 'ls', '--kind', 'target.discover', '-o', 'json']);
  assert.match(audit.stdout, new RegExp(mcp.url));
});

test('registering again changes nothing, keeps what people decided, and asks before it changes something', async () => {
  const resource = (await stored('tool', 'refund-tools')) as {
    spec: { operations: Record<string, unknown>[]; timeoutMs?: number };
  };
  resource.spec.operations[0]!['effect'] = 'spend';
  resource.spec.operations[1]!['definition'] = { name: 'pay', description: 'as it was' };
  resource.spec.timeoutMs = 1234;
  const path = join(root, 'changed.json');
  await writeFile(path, JSON.stringify(resource));
  assert.equal((await airspace(['apply', '-f', path])).exit, 0);
  const asked = await airspace(['tool', 'register', mcp.url]);
  assert.equal(asked.exit, 2, asked.stderr);
  assert.match(asked.stderr, /~ tool\/refund-tools\n.*spec\.operations\[1\]\.definition/);
  assert.equal((await airspace(['tool', 'register', mcp.url, '--yes'])).exit, 0);
  const { spec } = (await stored('tool', 'refund-tools')) as typeof resource;
  assert.equal(spec.operations[0]!['effect'], 'spend');
  assert.equal(spec.timeoutMs, 1234);
  const again = await airspace(['tool', 'register', mcp.url]);
  assert.deepEqual([again.exit, again.stdout], [0, 'nothing to change\n'], again.stderr);
});

test('an agent with a card is registered under a name of ours, and printed so that it can be applied again', async () => {
  await using a2a = await servers.a2a();
  const printed = await airspace(['agent', 'register', a2a.url, '--name', 'desk', '--print']);
  assert.equal(printed.exit, 0, printed.stderr);
  const resource = parse(printed.stdout) as { spec: Record<string, unknown>; metadata: { name: string } };
  assert.equal(resource.metadata.name, 'desk');
  assert.deepEqual(
    [resource.spec['protocol'], resource.spec['protocolVersion'], resource.spec['binding']],
    ['a2a', '1.0', 'JSONRPC'],
  );
  assert.equal((await airspace(['apply', '-f', '-'], printed.stdout)).exit, 0);
  assert.match(printed.stderr, /signature {2}valid: it is signed with key `desk-1`/);
  const dry = await airspace(['agent', 'register', a2a.url, '--name', 'desk', '--dry-run']);
  assert.deepEqual([dry.exit, dry.stdout], [0, 'nothing to change\n'], dry.stderr);
});

test('each model becomes a resource of its own, with the secret that its provider wants', async () => {
  await using provider = await servers.scripted({
    '/v1/models': (_, { authorization }) =>
      authorization === 'Bearer sk-very-secret'
        ? { body: { object: 'list', data: [{ id: 'Big-1.5' }, { id: 'small' }] } }
        : { status: 401, body: { error: { message: 'who?', type: 'invalid_request_error' } } },
  });
  assert.equal((await airspace(['secret', 'set', 'provider', '--for', provider.url], 'sk-very-secret')).exit, 0);
  const unnamed = await airspace(['model', 'register', provider.url, '--secret', 'provider']);
  assert.equal(unnamed.exit, 2);
  assert.match(unnamed.stderr, /models {5}Big-1\.5, small/);
  assert.match(unnamed.stderr, /--model/);
  const argv = ['model', 'register', provider.url, '--secret', 'provider', '--model', 'Big-1.5', '--model', 'small'];
  const ran = await airspace(argv);
  assert.equal(ran.exit, 0, ran.stderr);
  const { spec } = (await stored('model', 'big-1-5')) as { spec: Record<string, unknown> };
  assert.deepEqual(
    [spec['model'], spec['aliases'], spec['credential']],
    ['Big-1.5', ['Big-1.5'], { secret: 'provider', as: 'bearer' }],
  );
  assert.ok(!(ran.stdout + ran.stderr).includes('sk-very-secret'));
  const elsewhere = await airspace(['model', 'register', mcp.url, '--secret', 'provider']);
  assert.equal(elsewhere.exit, 5, elsewhere.stderr);
  assert.match(elsewhere.stderr, /may not be sent to/);
});

test('whatever was registered is callable after the policy line that register says, in whatever it speaks', async () => {
  await using own = await servers.scripted({
    '/healthz': { body: 'ok' },
    'POST /where': { body: { text: 'the post' } },
  });
  await using a2a = await servers.a2a();
  await using old = await servers.a2a03();
  await using legacy = await servers.legacyMcp();
  const lines: string[] = [];
  const register = async (...argv: string[]): Promise<void> => {
    const ran = await airspace([...argv, '--yes']);
    assert.equal(ran.exit, 0, ran.stderr);
    lines.push(/ {2}(@id.*\n {2}permit.*)/.exec(ran.stderr)?.[1] ?? '');
  };
  await register('agent', 'register', own.url, '--name', 'post', '--operation', 'where:read');
  await register('register', a2a.url, '--name', 'desk');
  await register('register', old.url, '--name', 'old-desk');
  await register('register', mcp.url, '--name', 'refund-tools');
  await register('register', legacy.url, '--name', 'old-tools');
  const text = lines.join('\n').replaceAll('<agent>', 'caller').replaceAll('<why>', 'it looks');
  const policy = {
    ...{ apiVersion: 'airspace.dev/v1', kind: 'PolicyBundle', metadata: { name: 'org' } },
    spec: { level: 'org', policies: { text } },
  };
  await airspace(['agent', 'register', '--name', 'caller', '--protocol', 'http', '--operation', 'x']);
  const applied = await airspace(['apply', '-f', '-'], JSON.stringify(policy));
  assert.equal(applied.exit, 0, applied.stderr);
  const key = (await airspace(['key', 'create', 'agent/caller'])).stdout.trim();
  const call = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${hub.url}/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [answer.status, await answer.json()];
  };
  assert.deepEqual(await call('agents/post/where', {}), [200, { text: 'the post' }]);
  assert.deepEqual(await call('agents/desk/message', { text: 'ping' }), [200, { text: 'pong' }]);
  assert.deepEqual(await call('agents/old-desk/message', { text: 'ping' }), [200, { text: 'pong' }]);
  assert.deepEqual(await call('tools/refund-tools/look', { order: '1' }), [200, { text: 'looked' }]);
  assert.deepEqual(await call('tools/old-tools/search', { text: 'x' }), [200, { text: 'found' }]);
});

test('what only a sidecar reaches is said by hand', async () => {
  const ran = await airspace([
    'agent',
    'register',
    '--name',
    'inner',
    '--protocol',
    'http',
    '--operation',
    'where:read',
  ]);
  assert.equal(ran.exit, 0, ran.stderr);
  const { spec } = (await stored('agent', 'inner')) as { spec: Record<string, unknown> };
  assert.deepEqual(spec['endpoints'], []);
  assert.equal((await airspace(['agent', 'register', '--name', 'inner'])).exit, 2);
  assert.equal((await airspace(['tool', 'register', '--name', 'shell', '--protocol', 'mcp'])).exit, 0);
  assert.equal(
    (await airspace(['agent', 'register', '--name', 'x', '--protocol', 'http', '--operation', 'a:b'])).exit,
    2,
  );
});

test('nothing that a server says moves a cursor, hides, or becomes another document', async () => {
  const evil = 'Nice\u001b[2J\u202e tool\n---\nkind: User\u0007';
  await using hostile = await servers.scripted({
    '/.well-known/agent-card.json': (url) => ({
      body: {
        name: evil,
        description: evil,
        url,
        protocolVersion: '0.3.0',
        skills: [{ id: evil, name: evil, description: evil }],
      },
    }),
  });
  for (const more of [['--print'], ['--dry-run']]) {
    const ran = await airspace(['agent', 'register', hostile.url, ...more]);
    assert.equal(ran.exit, 0, ran.stderr);
    assert.doesNotMatch((ran.stdout + ran.stderr).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    if (more[0] === '--print')
      assert.equal((parse(ran.stdout) as { spec: { card: { name: string } } }).spec.card.name, evil);
  }
});

test('who may not apply targets may not make the hub look, and nothing is found where nothing is', async () => {
  await airspace(['user', 'create', 'vera', '--role', 'viewer']);
  const key = (await airspace(['key', 'create', 'user/vera'])).stdout.trim();
  const before = mcp.asked.length;
  const refused = await line(['register', mcp.url, '--url', hub.url, '--key', key]);
  assert.equal(refused.exit, 5, refused.stderr);
  assert.equal(mcp.asked.length, before);
  await using empty = await servers.scripted({});
  const nothing = await airspace(['register', empty.url]);
  assert.equal(nothing.exit, 4, nothing.stderr);
  assert.match(nothing.stderr, /nothing that Airspace can speak to/);
  const own = await airspace(['register', hub.url]);
  assert.notEqual(own.exit, 0, 'the node itself');
});
