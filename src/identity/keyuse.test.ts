import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VirtualWorld } from '../kernel/index.ts';
import { KEY_USE_FILE, KeyUse } from './keyuse.ts';

const failed = (cause: unknown): never => {
  throw cause;
};

test('what was used is known after the node comes back, to its owner only, and a broken file is no obstacle', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-use-'));
  const { clock } = new VirtualWorld(1);
  const first = await KeyUse.open({ dir, clock, failed });
  assert.equal(first.lastUsedMs('default', 'ci'), null);
  first.of('default', 'ci').usedAtMs = 5;
  assert.equal(first.of('default', 'ci').usedAtMs, 5, 'the same object for the same key');
  assert.equal(first.lastUsedMs('acme', 'ci'), null, 'tenants do not share');
  await first.close();
  assert.equal((await stat(join(dir, KEY_USE_FILE))).mode & 0o777, 0o600);
  const second = await KeyUse.open({ dir, clock, failed });
  assert.equal(second.lastUsedMs('default', 'ci'), 5);
  await second.close();
  await writeFile(join(dir, KEY_USE_FILE), '{"default/ci":"soon"');
  const third = await KeyUse.open({ dir, clock, failed });
  assert.equal(third.lastUsedMs('default', 'ci'), null);
  await third.close();
  await rm(dir, { recursive: true });
});

test('as many keys as a file can hold are kept', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-use-'));
  const { clock } = new VirtualWorld(1);
  const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`default/key-${at}`, at + 1]));
  await writeFile(join(dir, KEY_USE_FILE), JSON.stringify(many), { mode: 0o600 });
  const uses = await KeyUse.open({ dir, clock, failed });
  assert.equal(uses.lastUsedMs('default', 'key-199999'), 200_000);
  await uses.close();
  await rm(dir, { recursive: true });
});
