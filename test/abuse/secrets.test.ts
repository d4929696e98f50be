/** Secrets are where they must be, for their owner only, and nowhere else: not on disk, in logs, traces, answers or `ps`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { eventually, resource, startScene } from './scene.ts';
import { sidecar } from './sidecar.ts';

/** Files that exist to hold one secret each. */
const HOLDERS: Readonly<Record<string, string>> = { 'app.json': 'app key', 'admin.key': 'admin key' };

const PATHS = [
  '/v1/status',
  '/v1/top',
  '/v1/calls?limit=1000',
  '/v1/logs?limit=1000',
  '/v1/resources',
  '/v1/revisions',
  '/v1/nodes',
  '/v1/instances',
  '/v1/targets',
  '/metrics',
];

test('no secret of a session is found outside the private files that exist for it', async (t) => {
  await using scene = await startScene();
  const worker = resource('Agent', 'worker', { operations: [{ name: 'quick', effect: 'read' }] });
  assert.equal((await scene.ask('/v1/resources:apply', { body: { resources: [worker] } })).status, 200);
  const { child, token, stderr, ended } = await sidecar(t, scene, 'worker');
  const served = await eventually(
    () => scene.ask('/v1/agents/worker/quick', { key: scene.key, body: {} }),
    ({ status }) => status === 200,
  );
  assert.equal(served.status, 200, served.text);
  const app = JSON.parse(await readFile(join(scene.dir, 'worker', 'app.json'), 'utf8')) as { url: string; key: string };
  const secrets: Readonly<Record<string, string>> = {
    'API key': scene.key,
    'admin key': scene.adminKey,
    'bootstrap token': scene.bootstrapToken,
    'join token': token,
    'app key': app.key,
  };
  const found: string[] = [];
  const search = (where: string, text: string): void => {
    for (const [name, secret] of Object.entries(secrets)) {
      assert.ok(secret.length > 20, name);
      if (text.includes(secret)) found.push(`${name} in ${where}`);
    }
  };

  // Each secret is used where it belongs, where it does not, and twice where it works once.
  const answers = [served];
  for (const secret of Object.values(secrets)) {
    answers.push(await scene.call('echo', { key: secret, body: {} }));
    answers.push(await scene.ask('/v1/status', { key: secret }));
    answers.push(await scene.ask('/v1/bootstrap', { key: '', body: { token: secret } }));
    answers.push(await scene.ask('/v1/nodes:join', { key: '', body: { token: secret } }));
    answers.push(await scene.ask('/v1/resources:apply', { key: secret, body: { nonsense: true } }));
    const out = await fetch(`${app.url}/v1/agents/villain/echo`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    });
    search('the answer of the sidecar', `${JSON.stringify([...out.headers])}${await out.text()}`);
  }
  answers.push(await scene.call('short'), await scene.call('garbage'));
  for (const path of PATHS) {
    const answer = await scene.ask(path);
    assert.equal(answer.status, 200, path);
    search(path, answer.text);
  }
  for (const { text, headers } of answers) search('an answer', `${JSON.stringify(headers)}${text}`);
  for (const { headers } of answers.filter((answer) => answer.headers['airspace-call-id'] !== undefined))
    search('a trace', JSON.stringify(await scene.events(String(headers['airspace-call-id']))));
  search('ps', spawnSync('ps', ['-ww', '-eo', 'args='], { encoding: 'utf8' }).stdout ?? '');

  child.kill('SIGTERM');
  await ended;
  search('the log of the hub', scene.log.join('\n'));
  assert.ok(scene.log.length > 10, 'the hub said something at all');
  search('what the sidecar said', stderr());

  for (const entry of await readdir(scene.dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !isState(path)) continue;
    const text = await readFile(path, 'latin1');
    const own = HOLDERS[basename(path)];
    if (own !== undefined) assert.equal((await stat(path)).mode & 0o777, 0o600, path);
    search(path, own === undefined ? text : text.replaceAll(secrets[own] ?? '', ''));
    assert.equal((await stat(path)).mode & 0o077, 0, `${path} is for its owner only`);
  }
  assert.deepEqual(found, []);
});

/** What the nodes wrote; the rest is of this test, and its agent notes what it was given. */
const isState = (path: string): boolean => !/agent\.mjs$|worker\.json(\.ended)?$/.test(path);
