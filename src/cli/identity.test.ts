/** People and keys as their administrators meet them: command lines against a hub that really runs. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningHub, startHub } from './node/hub.ts';
import { writeRunning } from './running.ts';
import { line } from './testing/line.ts';

let root = '';
let data = '';
let hub: RunningHub;

const airspace = (...argv: string[]) => line([...argv, '--data', data]);
const as = (key: string, ...argv: string[]) => line([...argv, '--url', hub.url, '--key', key]);
const start = () =>
  startHub({ dir: data, host: '127.0.0.1', port: 0, level: 'error', log: (text) => process.stderr.write(text) });

const CONFIGURATION = `
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: orders }
spec: { operations: [{ name: where, effect: read }] }
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: caller }
spec: { operations: [{ name: run }] }
---
apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: { name: org }
spec:
  level: org
  policies:
    text: |
      @id("desk") @reason("the desk looks things up")
      permit (principal in Team::"desk", action, resource);
---
apiVersion: airspace.dev/v1
kind: Team
metadata: { name: desk }
spec: { agents: [caller] }
`;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'airspace-identity-'));
  data = join(root, 'node');
  hub = await start();
  await writeRunning(data, { url: hub.url, pid: process.pid });
  assert.equal((await airspace('bootstrap')).exit, 0);
  await writeFile(join(root, 'fleet.yaml'), CONFIGURATION);
  const applied = await airspace('apply', '-f', join(root, 'fleet.yaml'));
  assert.equal(applied.exit, 0, applied.stderr);
});
after(async () => {
  await hub.stop(false);
  await rm(root, { recursive: true });
});

const keyFor = async (owner: string, ...more: string[]): Promise<string> => {
  const made = await airspace('key', 'create', owner, ...more);
  assert.equal(made.exit, 0, made.stderr);
  return made.stdout.trim();
};

interface KeyRow {
  readonly id: string;
  readonly principal: { readonly name: string };
  readonly scopes: readonly string[] | null;
  readonly expiresAt: string;
  readonly lastUsedMs: number | null;
}
const keysOf = async (name: string): Promise<readonly KeyRow[]> =>
  (JSON.parse((await airspace('key', 'ls', '-o', 'json')).stdout) as { items: KeyRow[] }).items.filter(
    ({ principal }) => principal.name === name,
  );

const call = (key: string): Promise<Response> =>
  fetch(`${hub.url}/v1/agents/orders/where`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: '{}',
  });

test('a key ends after ninety days unless said, and no key outlives a year', async () => {
  await airspace('user', 'create', 'ends');
  await keyFor('user/ends');
  const [made] = await keysOf('ends');
  const days = (Date.parse(made!.expiresAt) - Date.now()) / 86_400_000;
  assert.ok(days > 89 && days < 91, `${days} days`);
  const late = await airspace('key', 'create', 'user/ends', '--expires', '400d');
  assert.equal(late.exit, 2);
  assert.match(late.stderr, /at most one year/);
});

test('an owner has two live keys at most, unless somebody insists', async () => {
  await airspace('user', 'create', 'many');
  await keyFor('user/many');
  await keyFor('user/many');
  const third = await airspace('key', 'create', 'user/many');
  assert.equal(third.exit, 6);
  assert.match(third.stderr, /user `many` has 2 live keys already/);
  await keyFor('user/many', '--force');
  assert.equal((await keysOf('many')).length, 3);
});

test('rotation gives a second key with the same scopes, and the first one ends', async () => {
  await airspace('user', 'create', 'turn', '--role', 'operator');
  const first = await keyFor('user/turn', '--scope', 'read');
  const [before] = await keysOf('turn');
  const turned = await airspace('key', 'rotate', before!.id, '--grace', '0s');
  assert.equal(turned.exit, 0, turned.stderr);
  const second = turned.stdout.trim();
  assert.equal((await as(first, 'status')).exit, 5);
  assert.equal((await as(second, 'status')).exit, 0);
  assert.equal((await as(second, 'kill', 'agent/orders', '--reason', 'x')).exit, 5);
});

test('a revoked key opens nothing at once', async () => {
  await airspace('user', 'create', 'gone', '--role', 'viewer');
  const key = await keyFor('user/gone');
  assert.equal((await as(key, 'status')).exit, 0);
  assert.equal((await airspace('key', 'revoke', (await keysOf('gone'))[0]!.id, '--yes')).exit, 0);
  assert.equal((await as(key, 'status')).exit, 5);
});

test('a narrowed key opens what its scope says: calls without administration, and the other way round', async () => {
  const calls = await keyFor('agent/caller', '--scope', 'call');
  const reads = await keyFor('agent/caller', '--scope', 'read');
  assert.equal((await call(calls)).status, 503); // allowed, and no instance is there
  const refused = await call(reads);
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /has no scope `call`/);
  await airspace('user', 'create', 'boss', '--role', 'tenant-admin');
  const narrow = await keyFor('user/boss', '--scope', 'call');
  const answer = await as(narrow, 'status');
  assert.equal(answer.exit, 5);
  assert.match(answer.stderr, /and your key is narrowed to scopes `call`/);
});

test('the last use is seen at once and survives a restart', async () => {
  await airspace('user', 'create', 'used', '--role', 'viewer');
  const key = await keyFor('user/used');
  assert.equal((await keysOf('used'))[0]!.lastUsedMs, null);
  const before = Date.now();
  await as(key, 'status');
  const seen = (await keysOf('used'))[0]!.lastUsedMs!;
  assert.ok(seen >= before);
  await hub.stop(false);
  hub = await start();
  await writeRunning(data, { url: hub.url, pid: process.pid });
  assert.equal((await keysOf('used'))[0]!.lastUsedMs, seen);
});

test('check names keys that never end', async () => {
  const spec = { principal: { kind: 'agent', name: 'orders' }, secretHash: `sha256:${'a'.repeat(64)}` };
  const old = { apiVersion: 'airspace.dev/v1', kind: 'Key', metadata: { name: 'old-one' }, spec };
  await writeFile(join(root, 'old.yaml'), JSON.stringify(old));
  assert.equal((await airspace('apply', '-f', join(root, 'old.yaml'))).exit, 0);
  assert.match((await airspace('check')).stdout, /keys +warn +without an end: old-one; airspace key rotate/);
  await airspace('delete', 'key', 'old-one', '--yes');
  assert.match((await airspace('check')).stdout, /keys +ok/);
});

test('what `get` says of a key can be applied again, and nobody reads its digest on the way', async () => {
  await airspace('user', 'create', 'kim');
  const secret = await keyFor('user/kim', '--scope', 'call');
  const { id } = (await keysOf('kim'))[0]!;
  const got = await airspace('get', 'keys', id, '-o', 'json');
  assert.doesNotMatch(got.stdout, /sha256/);
  const [{ resource }] = JSON.parse(got.stdout).items;
  await writeFile(join(root, 'key.yaml'), JSON.stringify(resource));
  await writeFile(join(root, 'keys.yaml'), (await airspace('get', 'keys', '-o', 'yaml')).stdout);
  for (const file of ['key.yaml', 'keys.yaml'])
    assert.equal((await airspace('apply', '-f', join(root, file))).stdout.trim(), 'nothing to change');
  assert.equal((await airspace('delete', 'key', id, '--yes')).exit, 0);
  const refused = await airspace('apply', '-f', join(root, 'key.yaml'));
  assert.match(refused.stderr, /`spec\.secretHash` is missing.*airspace key create/s);
  assert.equal((await call(secret)).status, 401);
});

test('roles are given and taken by command, and a slip is told', async () => {
  const made = await airspace('user', 'create', 'rita', '--role', 'viewer,oprator');
  assert.match(made.stderr, /oprator means nothing to the admin interface/);
  assert.equal((await airspace('user', 'create', 'rita')).exit, 6);
  const turned = await airspace('user', 'roles', 'rita', '--add', 'operator', '--remove', 'oprator');
  assert.equal(turned.stdout.trim(), 'user/rita has the roles viewer, operator');
  assert.match((await airspace('user', 'ls')).stdout, /rita +- +viewer, operator +-/);
});

test('a team permits its members and nobody else, users and agents alike', async () => {
  await airspace('user', 'create', 'dan');
  const dan = await keyFor('user/dan');
  assert.equal((await call(dan)).status, 403);
  const added = await airspace('team', 'add', 'desk', 'user/dan');
  assert.equal(added.stdout.trim(), 'team/desk: user/dan, agent/caller');
  assert.equal((await call(dan)).status, 503);
  assert.match((await airspace('user', 'ls')).stdout, /dan +- +- +desk/);
  await airspace('team', 'remove', 'desk', 'user/dan');
  assert.equal((await call(dan)).status, 403);
  const unknown = await airspace('team', 'add', 'desk', 'user/nobody-here');
  assert.equal(unknown.exit, 2);
  assert.match(unknown.stderr, /names the User `nobody-here`, which does not exist/);
});

test('roles open what is theirs to change and nothing else', async () => {
  await airspace('user', 'create', 'dev', '--role', 'developer');
  const dev = await keyFor('user/dev');
  const agentFile = join(root, 'new-agent.yaml');
  const userFile = join(root, 'new-user.yaml');
  const written = (kind: string, spec: object) =>
    JSON.stringify({ apiVersion: 'airspace.dev/v1', kind, metadata: { name: 'made-by-dev' }, spec });
  await writeFile(agentFile, written('Agent', { operations: [{ name: 'run' }] }));
  await writeFile(userFile, written('User', { roles: ['admin'] }));
  assert.equal((await as(dev, 'apply', '-f', agentFile)).exit, 0);
  const refused = await as(dev, 'apply', '-f', userFile);
  assert.equal(refused.exit, 5);
  assert.match(refused.stderr, /users: this needs role `admin`/);
  assert.equal((await as(dev, 'apply', '-f', agentFile, '--prune', '--yes')).exit, 5);
  assert.equal((await as(dev, 'delete', 'user', 'dan', '--yes')).exit, 5);
  assert.equal((await as(dev, 'delete', 'agent', 'made-by-dev', '--yes')).exit, 0);
});
