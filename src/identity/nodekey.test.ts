import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { newNodeKey, openNodeKey, verifySignature } from './nodekey.ts';
import { readPrivateFile, writePrivateFile } from './privatefile.ts';

const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'airspace-key-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
};

test('the key is made on first use, kept, and readable for its owner only', async (t) => {
  const dir = join(await folder(t), 'data');
  const first = await openNodeKey(dir);
  const again = await openNodeKey(dir);
  assert.equal(again.publicKey, first.publicKey);
  assert.equal((await stat(join(dir, 'node-key.pem'))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(dir), ['node-key.pem']);
});

test('processes that start at once end with one identity', async (t) => {
  const dir = await folder(t);
  const opened = await Promise.all([1, 2, 3, 4].map(() => openNodeKey(dir)));
  assert.equal(new Set(opened.map((key) => key.publicKey)).size, 1);
});

test('an identity that others can read, or that is no key, is not used', async (t) => {
  const dir = await folder(t);
  await openNodeKey(dir);
  await chmod(join(dir, 'node-key.pem'), 0o644);
  await assert.rejects(openNodeKey(dir), /can be read by others; run: chmod 600/);
  await rm(join(dir, 'node-key.pem'));
  await writeFile(join(dir, 'node-key.pem'), 'nonsense', { mode: 0o600 });
  await assert.rejects(openNodeKey(dir), /is not a private key; restore it/);
});

test('a symbolic link in place of a private file is not followed', async (t) => {
  const dir = await folder(t);
  await writePrivateFile(join(dir, 'real'), 'x');
  await symlink(join(dir, 'real'), join(dir, 'link'));
  await assert.rejects(readPrivateFile(join(dir, 'link'), 10));
  await assert.rejects(readPrivateFile(dir, 10), /not a plain file/);
  assert.equal(await readPrivateFile(join(dir, 'absent'), 10), undefined);
  await assert.rejects(readPrivateFile(join(dir, 'real'), 0), /larger than 0 bytes/);
});

test('a signature holds for its key and text only', () => {
  const key = newNodeKey();
  const signature = key.sign('text');
  assert.equal(verifySignature(key.publicKey, 'text', signature), true);
  assert.equal(verifySignature(key.publicKey, 'texT', signature), false);
  assert.equal(verifySignature(newNodeKey().publicKey, 'text', signature), false);
  assert.equal(verifySignature('bm9uc2Vuc2U=', 'text', signature), false);
  assert.equal(verifySignature(key.publicKey, 'text', signature.subarray(1)), false);
});
