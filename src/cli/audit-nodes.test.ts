/** The audit of a sidecar at its hub: handed over as a chain of its own, verified there, and touched by nobody without being seen. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../contract/index.ts';
import { mintKey } from '../identity/index.ts';
import { startHub } from './node/hub.ts';
import { startSidecar } from './node/sidecar.ts';
import { line } from './testing/line.ts';

const resource = (kind: string, name: string, spec: unknown, tenant = 'default') => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name, tenant }, spec },
});

test('what a sidecar wrote down is verified at the hub, with the age of what it knew, by its own tenant only', async (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'airspace-audit-nodes-'));
  const agent = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
  await new Promise<void>((ready) => agent.listen(0, '127.0.0.1', ready));
  t.after(() => {
    agent.closeAllConnections();
    agent.close();
  });
  const [admin, eve] = [mintKey('ada-1'), mintKey('eve-1')];
  const node = { host: '127.0.0.1', port: 0, level: 'error' as const, log: () => {} };
  const hub = await startHub({ ...node, dir: join(scratch, 'hub'), oracle: 0 });
  const url = `http://127.0.0.1:${(agent.address() as AddressInfo).port}`;
  const text = '@id("all") @reason("agents may call") permit (principal, action, resource);';
  const resources = [
    resource('User', 'ada', { roles: ['admin'] }),
    resource('User', 'eve', { roles: ['admin'] }, 'theirs'),
    resource('Key', 'eve-1', { principal: { kind: 'user', name: 'eve' }, secretHash: eve.secretHash }, 'theirs'),
    resource('Agent', 'a', { operations: [{ name: 'x' }] }),
    resource('Agent', 'b', { operations: [{ name: 'book', effect: 'write' }], endpoints: [{ url }] }),
    resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: admin.secretHash }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text } }),
  ];
  for (const tenant of [DEFAULT_TENANT, 'theirs'])
    await hub.control.apply({
      tenant,
      resources: resources.filter(({ metadata }) => metadata.tenant === tenant),
      origins: resources.filter(({ metadata }) => metadata.tenant === tenant).map(() => 'test'),
      ...{ by: 'test', rights: WHOLE_TENANT, reason: '', dryRun: false, prune: false },
    });
  const { token } = await hub.nodes.issueJoinToken({ role: 'sidecar', tenant: 'default', domain: '', agent: 'a' });
  const member = { hubUrl: hub.url, token, agentUrl: null, agentVersion: '1' };
  const sidecar = await startSidecar({ ...node, ...member, dir: join(scratch, 'side') });
  t.after(async () => {
    await sidecar.stop(false);
    await hub.stop(false);
    rmSync(scratch, { recursive: true, force: true });
  });
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    for (const endMs = performance.now() + 20_000; !(await condition()) && performance.now() < endMs; )
      await new Promise((next) => setTimeout(next, 50));
  };
  await until(async () => sidecar.snapshotSeq() > 0);
  const answer = await fetch(`${sidecar.appUrl}/v1/agents/b/book`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sidecar.appKey}`, 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(answer.status, 200, await answer.text());
  const ask = (key: string, ...words: string[]) => line([...words, '--url', hub.url, '--key', key]);
  let listed = await ask(admin.secret, 'audit', 'nodes');
  await until(async () => {
    listed = await ask(admin.secret, 'audit', 'nodes');
    return / 2 /.test(listed.stdout);
  });
  assert.match(listed.stdout, new RegExp(`${sidecar.id} +default +2 `));
  const records = (await ask(admin.secret, 'audit', 'export', '--node', sidecar.id)).stdout.trim().split('\n');
  const [sent, ended] = records.map((one) => JSON.parse(one));
  assert.deepEqual(
    [sent.kind, ended.kind, sent.details.class, sent.details.boundMs],
    ['call.sent', 'call.ended', 'write', 60_000],
  );
  assert.ok(sent.details.snapshotAgeMs >= 0 && sent.details.killsAgeMs >= 0);
  const well = await ask(admin.secret, 'audit', 'verify', '--node', sidecar.id);
  assert.deepEqual([well.exit, /ok +2 records/.test(well.stdout)], [0, true], well.stdout);

  assert.equal((await ask(eve.secret, 'audit', 'nodes', '-o', 'json')).stdout.includes(sidecar.id), false);
  assert.equal(
    (await ask(eve.secret, 'audit', 'export', '--node', sidecar.id, '--chain', 'default')).stdout.trim(),
    '',
  );
  assert.notEqual((await ask(eve.secret, 'audit', 'verify', '--node', sidecar.id, '--chain', 'default')).exit, 0);

  const db = new DatabaseSync(join(scratch, 'hub', 'control.db'));
  db.exec(`update node_audit set body = replace(body, 'agent/b', 'agent/c') where seq = 1`);
  db.close();
  const bad = await ask(admin.secret, 'audit', 'verify', '--node', sidecar.id);
  assert.deepEqual([bad.exit, /BAD +changed at record 1/.test(bad.stdout)], [1, true], bad.stdout);
});
