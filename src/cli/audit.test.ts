/** The audit of a real hub: what it says, that it can be checked from outside, and that touching the database shows. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { AuditRecord } from '../contract/index.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../contract/index.ts';
import { mintKey } from '../identity/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { startSidecar } from './node/sidecar.ts';
import { line } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-audit-'));
const data = join(scratch, 'data');
const outside = join(scratch, 'checkpoints.jsonl');
const admin = mintKey('ada-1');
const caller = mintKey('a-1');
let agent: Server;
let hub: RunningHub;
let received = 0;

const start = (): Promise<RunningHub> =>
  startHub({
    dir: data,
    host: '127.0.0.1',
    port: 0,
    level: 'error',
    log: () => {},
    oracle: 0,
    auditCheckpoints: [outside],
  });

const resource = (kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name }, spec },
});

before(async () => {
  agent = createServer((request, response) => {
    received++;
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((ready) => agent.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(agent.address() as AddressInfo).port}`;
  const text =
    '@id("all") @reason("agents may call") permit (principal, action, resource);\n' +
    '@id("no-drop") @reason("nothing is dropped") @code("NO_DROP") forbid (principal, action == Action::"agent/b/drop", resource);';
  const operations = [
    { name: 'look', effect: 'read' },
    { name: 'book', effect: 'write' },
    { name: 'drop', effect: 'irreversible' },
  ];
  hub = await start();
  await hub.control.apply({
    tenant: DEFAULT_TENANT,
    resources: [
      resource('User', 'ada', { roles: ['admin'] }),
      resource('Agent', 'a', { operations: [{ name: 'x' }] }),
      resource('Agent', 'b', { operations, endpoints: [{ url }] }),
      resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: admin.secretHash }),
      resource('Key', 'a-1', { principal: { kind: 'agent', name: 'a' }, secretHash: caller.secretHash }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text } }),
    ],
    ...{ origins: Array(6).fill('test'), by: 'test', rights: WHOLE_TENANT, reason: '', dryRun: false, prune: false },
  });
});

after(async () => {
  await hub?.stop(true);
  agent.closeAllConnections();
  agent.close();
  rmSync(scratch, { recursive: true, force: true });
});

const call = (operation: string): Promise<Response> =>
  fetch(`${hub.url}/v1/agents/b/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.secret}`, 'content-type': 'application/json' },
    body: '{"secret":"sk-4711"}',
  });

const ask = (...words: string[]) => line([...words, '--url', hub.url, '--key', admin.secret]);

const records = async (): Promise<readonly AuditRecord[]> =>
  (await ask('audit', 'export')).stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));

test('calls and changes are in the audit, in order, and no payload is', async () => {
  for (const [operation, status] of [
    ['book', 200],
    ['drop', 403],
    ['look', 200],
  ] as const)
    assert.equal((await call(operation)).status, status);
  assert.equal(received, 2);
  const order = await ask('kill', 'agent/a', '--reason', 'enough');
  assert.equal(order.exit, 0, order.stderr);
  assert.equal((await call('look')).status, 403);
  const id = /kill-[0-9a-f]{8}/.exec(order.stdout)![0];
  assert.equal((await ask('kill', 'lift', id, '-y')).exit, 0);
  const all = await records();
  assert.deepEqual(
    all.map(({ kind, object }) => `${kind} ${object}`),
    [
      'call.sent agent/b/book',
      'call.ended agent/b/book',
      'call.refused agent/b/drop',
      'call.read agent/b/look',
      `kill.ordered order/${id}`,
      'call.refused agent/b/look',
      `kill.lifted order/${id}`,
    ],
  );
  assert.equal(all[2]?.details['code'], 'NO_DROP');
  assert.ok(!JSON.stringify(all).includes('sk-4711'));
  const shown = await ask('audit', 'ls', '--kind', 'call.refused');
  assert.match(shown.stdout, /call\.refused +agent\/a +agent\/b\/drop .*NO_DROP/);
});

test('what is applied at start, who joins, and whose membership is taken are in the audit too', async () => {
  await hub.configure.apply({
    ...{
      tenant: DEFAULT_TENANT,
      resources: [resource('Domain', 'annex', {})],
      origins: ['test'],
      by: 'serve --config',
    },
    ...{ reason: 'applied at start', dryRun: false, prune: false, rights: WHOLE_TENANT },
  });
  const { token } = await hub.nodes.issueJoinToken({ role: 'sidecar', tenant: DEFAULT_TENANT, domain: '', agent: 'b' });
  const sidecar = await startSidecar({
    ...{ dir: join(scratch, 'sidecar'), host: '127.0.0.1', port: 0, level: 'error', log: () => {} },
    ...{ hubUrl: hub.url, token, agentUrl: null, agentVersion: '1' },
  });
  let seen = await ask('describe', 'node', sidecar.id);
  for (const endMs = performance.now() + 10_000; !seen.stdout.includes('spiffe id') && performance.now() < endMs; )
    seen = await ask('describe', 'node', sidecar.id);
  assert.match(seen.stdout, new RegExp(`spiffe id +spiffe://[0-9a-f]{16}\\.airspace/.*/agent/b/node/${sidecar.id}\n`));
  assert.match(seen.stdout, /certificate +[0-9A-F]+, for another (23h|24h|1d)/);
  assert.match((await ask('get', 'nodes')).stdout, /CERTIFICATE(.|\n)*(23h|24h|1d)/);
  const removed = await fetch(`${hub.url}/v1/nodes/${sidecar.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${admin.secret}` },
  });
  assert.equal(removed.status, 200);
  await sidecar.stop(false);
  assert.deepEqual(
    (await records()).slice(-4).map(({ kind, actor, object }) => `${kind} ${actor} ${object}`),
    [
      'config.applied serve --config revision/2',
      `node.joined node/${sidecar.id} node/${sidecar.id}`,
      `node.certified node/${sidecar.id} node/${sidecar.id}`,
      `node.removed user/ada node/${sidecar.id}`,
    ],
  );
});

test('the whole is verified over the hub, from a file, and against checkpoints from elsewhere', async () => {
  const { exit, stdout } = await ask('audit', 'verify');
  assert.equal(exit, 0, stdout);
  assert.match(stdout, /ok +11 records(.|\n)*nothing shows whether the end was cut off/);
  const key = (await ask('audit', 'key')).stdout.trim();
  // An orderly end brings a last checkpoint away.
  const exported = join(scratch, 'export.jsonl');
  writeFileSync(exported, (await ask('audit', 'export')).stdout);
  await hub.stop(true);
  hub = await start();
  const offline = await line(['audit', 'verify', '--file', exported, '--checkpoints', outside, '--signer', key]);
  assert.deepEqual([offline.exit, /up to record 11 checkpoints/.test(offline.stdout)], [0, true], offline.stdout);
  writeFileSync(exported, readFileSync(exported, 'utf8').split('\n').slice(0, 4).join('\n'));
  const cut = await line(['audit', 'verify', '--file', exported, '--checkpoints', outside, '--signer', key]);
  assert.deepEqual([cut.exit, /BAD +cut at record 5/.test(cut.stdout)], [1, true], cut.stdout);
});

test('a byte that was changed in the database is named, and a forged checkpoint too', async () => {
  await hub.stop(true);
  const db = new DatabaseSync(join(data, 'control.db'));
  db.exec(`update audit set body = replace(body, 'agent/a', 'agent/nobody') where seq = 3`);
  db.close();
  hub = await start();
  const bad = await ask('audit', 'verify');
  assert.deepEqual([bad.exit, /BAD +changed at record 3/.test(bad.stdout)], [1, true], bad.stdout);
  const forged = join(scratch, 'forged.jsonl');
  writeFileSync(forged, readFileSync(outside, 'utf8').replaceAll('\\"seq\\":11', '\\"seq\\":9'));
  const said = await ask('audit', 'verify', '--checkpoints', forged);
  assert.deepEqual([said.exit, /no checkpoint that this key has signed/.test(said.stdout)], [1, true], said.stdout);
});
