import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { API_VERSION } from '../../contract/index.ts';
import { deploy } from '../deploy.ts';
import { processes } from './starter.ts';

const resources = [
  { apiVersion: API_VERSION, kind: 'Domain', metadata: { name: 'workshop' }, spec: {} },
  {
    apiVersion: API_VERSION,
    kind: 'Agent',
    metadata: { name: 'echo', domain: 'workshop' },
    spec: { operations: [{ name: 'say', effect: 'read' }] },
  },
];

test('a node that was killed starts again at the same address, with the same data, as another process', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-starter-'));
  const starter = processes(dir);
  t.after(async () => {
    await starter.killAll();
    await rm(dir, { recursive: true });
  });
  const instances = [{ name: 'one', url: 'http://127.0.0.1:9' }];
  const target = { name: 'echo', domain: 'workshop', instances };
  const deployed = await deploy(starter, { topology: 'mesh', resources, target, callers: [] });

  for (const node of [deployed.root, deployed.sidecars[0]!]) {
    const before = { url: node.url, pid: node.pid };
    await node.kill();
    assert.throws(() => process.kill(before.pid, 0), { code: 'ESRCH' });
    await node.startAgain();
    assert.equal(node.url, before.url);
    assert.notEqual(node.pid, before.pid);
  }
  // The administrator's key and the membership of the sidecar were in the data directories only.
  assert.equal((await deployed.nodes()).length, 1);
});

for (const role of ['domain', 'sidecar'] as const) {
  test(`a ${role} that cannot join says why and ends`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'airspace-starter-'));
    const starter = processes(dir);
    t.after(() => rm(dir, { recursive: true }));
    const stranger = { name: 'lost', hubUrl: 'http://127.0.0.1:9', token: 'none', agentUrl: null };
    await assert.rejects(starter[role](stranger), /ended before it was ready \(2\): error: this is not a join token/);
    await starter.killAll();
  });
}
