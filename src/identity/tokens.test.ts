import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, type JoinGrant, type NodeStore } from '../contract/index.ts';
import { controlKeyIdOf, issueBootstrapToken, issueJoinToken, useBootstrapToken, useJoinToken } from './tokens.ts';

/** The part of a node store that keeps tokens. */
const tokenStore = (): NodeStore & { readonly hashes: () => string[] } => {
  const tokens = new Map<string, { grant: string; expiresAtMs: number }>();
  return {
    put: async () => {},
    remove: async () => {},
    list: async () => [],
    next: async () => 1,
    putToken: async (hash, grant, expiresAtMs) => void tokens.set(hash, { grant, expiresAtMs }),
    takeToken: async (hash, nowMs) => {
      const token = tokens.get(hash);
      tokens.delete(hash);
      return token !== undefined && nowMs < token.expiresAtMs ? token.grant : undefined;
    },
    hashes: () => [...tokens.keys()],
  };
};
const refused = (work: Promise<unknown>): Promise<void> =>
  assert.rejects(work, (thrown) => thrown instanceof Fault && thrown.code === 'unauthenticated');

test('the bootstrap token lies in a private file, works once and for 15 minutes', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-boot-'));
  t.after(() => rm(dir, { recursive: true }));
  const store = tokenStore();
  const token = await issueBootstrapToken(store, dir, 0);
  const path = join(dir, 'bootstrap-token');
  assert.equal(await readFile(path, 'utf8'), `${token}\n`);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await useBootstrapToken(store, dir, token, 15 * 60_000 - 1);
  await assert.rejects(stat(path), { code: 'ENOENT' });
  await refused(useBootstrapToken(store, dir, token, 1));
  const late = await issueBootstrapToken(store, dir, 0);
  await refused(useBootstrapToken(store, dir, late, 15 * 60_000));
});

const grant: JoinGrant = { role: 'sidecar', tenant: 'default', domain: 'sales', agent: 'seller' };

test('a join token says which control plane issued it, and admits one node', async () => {
  const store = tokenStore();
  const { token } = await issueJoinToken(store, grant, '0123456789abcdef', 0);
  assert.equal(controlKeyIdOf(token), '0123456789abcdef');
  assert.ok(store.hashes().every((hash) => hash.startsWith('sha256:') && !hash.includes(token)));
  assert.deepEqual(await useJoinToken(store, token, 1), grant);
  await refused(useJoinToken(store, token, 1));
});

test('one kind of token is never taken for the other, and a strange text burns nothing', async () => {
  const store = tokenStore();
  const { token } = await issueJoinToken(store, grant, '0123456789abcdef', 0);
  await refused(useBootstrapToken(store, '/nowhere', token, 1));
  await refused(useJoinToken(store, `${token} `, 1));
  await refused(useJoinToken(store, token.replace(/.{16}$/, 'fedcba9876543210'), 1));
  assert.deepEqual(await useJoinToken(store, token, 1), grant);
  assert.throws(() => controlKeyIdOf('air_ci'), /this is not a join token/);
});
