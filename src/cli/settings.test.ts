import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_KEY_FILE, readRunning, writeRunning } from './running.ts';
import { findSettings } from './settings.ts';

let root = '';
let cwd = '';
let home = '';

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'airspace-settings-'));
  cwd = join(root, 'project');
  home = join(root, 'home');
  await writeRunning(join(cwd, '.airspace'), { url: 'http://127.0.0.1:4600', pid: 1 });
  await writeFile(join(cwd, '.airspace', ADMIN_KEY_FILE), 'key-of-node\n', { mode: 0o600 });
  await mkdir(join(home, 'airspace'), { recursive: true });
  await writeFile(join(home, 'airspace', 'config.json'), '{"url":"https://hub.example:8443/","key":"key-of-user"}');
});
after(() => rm(root, { recursive: true }));

const find = (flags: { url?: string; key?: string; data?: string }, env: Record<string, string> = {}, where = cwd) =>
  findSettings({ flags, env: { XDG_CONFIG_HOME: home, ...env }, cwd: where });

test('flags win over the environment, that over the folder, that over the user', async () => {
  assert.deepEqual(await find({}, {}, root), {
    url: 'https://hub.example:8443',
    key: 'key-of-user',
    origin: join(home, 'airspace', 'config.json'),
  });
  assert.deepEqual(await find({}), { url: 'http://127.0.0.1:4600', key: 'key-of-node', origin: './.airspace' });
  const env = { AIRSPACE_URL: 'http://10.0.0.1:1', AIRSPACE_KEY: 'key-of-env' };
  assert.deepEqual(await find({}, env), { url: 'http://10.0.0.1:1', key: 'key-of-env', origin: 'AIRSPACE_URL' });
  assert.deepEqual(await find({ url: 'http://10.0.0.2:2', key: 'k' }, env), {
    url: 'http://10.0.0.2:2',
    key: 'k',
    origin: '--url',
  });
  assert.equal((await find({ key: 'k' })).key, 'k');
});

test('a key from a file goes to no address but its own', async () => {
  assert.equal((await find({ url: 'http://evil.example' })).key, '');
  assert.equal((await find({}, { AIRSPACE_URL: 'http://127.0.0.1:4601' })).key, '');
  assert.equal((await find({ url: 'http://127.0.0.1:4600/' })).key, 'key-of-node');
  assert.equal((await find({ url: 'https://hub.example:8443' })).key, 'key-of-user');
});

test('a folder cannot send keys to another machine', async () => {
  const trap = join(root, 'trap', '.airspace');
  await mkdir(trap, { recursive: true });
  for (const url of [
    'http://evil.example',
    'http://127.0.0.1.evil.example',
    'http://127.0.0.1@evil.example',
    'file:///etc/passwd',
  ]) {
    await writeFile(join(trap, 'running.json'), JSON.stringify({ url, pid: 1 }));
    assert.equal(await readRunning(trap), undefined, url);
  }
  await assert.rejects(writeRunning(trap, { url: 'http://evil.example', pid: 1 }));
});

test('what runs here is told to its owner only', async () => {
  assert.equal((await stat(join(cwd, '.airspace', 'running.json'))).mode & 0o777, 0o600);
});

test('an address that is none, and a user file that is none, are said', async () => {
  await assert.rejects(find({ url: 'ftp://x' }), /is not an address/);
  const bad = join(root, 'bad');
  await mkdir(join(bad, 'airspace'), { recursive: true });
  await writeFile(join(bad, 'airspace', 'config.json'), '{"url":1}');
  await chmod(join(bad, 'airspace', 'config.json'), 0o600);
  await assert.rejects(find({}, { XDG_CONFIG_HOME: bad }, root), /must be \{"url"/);
});

test('a folder that was named is the only one that is asked, and its key goes nowhere else', async () => {
  const data = join(cwd, '.airspace');
  const own = { url: 'http://127.0.0.1:4600', key: 'key-of-node', origin: data };
  const env = { AIRSPACE_URL: 'http://10.0.0.1:1', AIRSPACE_KEY: 'key-of-env' };
  assert.deepEqual(await find({ data }, env, root), own);
  assert.deepEqual(await find({}, { AIRSPACE_DATA: data }, root), own);
  assert.equal((await find({}, { AIRSPACE_DATA: data, ...env }, root)).key, 'key-of-env');
  assert.equal((await find({ data, url: 'http://10.0.0.3:3' }, env, root)).key, '');
  await assert.rejects(find({ data: root }, env, cwd), { exit: 3, message: /no airspace runs with the state in/ });
});
