/** Secrets of targets, from the command line to the target and nowhere else: fifty of them, and everything that a node writes. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningHub, startHub } from './node/hub.ts';
import { ADMIN_KEY_FILE, writeRunning } from './running.ts';
import { line } from './testing/line.ts';

let root = '';
let hub: RunningHub;
let admin = '';
let caller = '';
const log: string[] = [];
const printed: string[] = [];
/** What the target was shown, newest last. */
const shown: http.IncomingHttpHeaders[] = [];
const target = http.createServer((req, res) => {
  shown.push(req.headers);
  res.writeHead(req.url === '/broken' ? 500 : 200, { 'content-type': 'application/json' }).end('{}');
});
let origin = '';

const airspace = async (argv: readonly string[], stdin = '') => {
  const ran = await line([...argv, '--data', root], { stdin });
  printed.push(ran.stdout, ran.stderr);
  return ran;
};
const apply = async (...resources: readonly object[]): Promise<void> => {
  const path = join(root, 'apply.json');
  for (const resource of resources) {
    await writeFile(path, JSON.stringify(resource));
    const applied = await airspace(['apply', '-f', path]);
    assert.equal(applied.exit, 0, applied.stderr);
  }
};
const resource = (kind: string, name: string, spec: object) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name },
  spec,
});
const tool = (name: string, credential: object, url = origin) =>
  resource('Tool', name, {
    endpoints: [{ url }],
    credential,
    operations: [
      { name: 'ask', effect: 'read' },
      { name: 'broken', effect: 'read' },
    ],
  });
const call = (name: string, operation = 'ask', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${hub.url}/v1/tools/${name}/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json', ...headers },
    body: '{}',
  });

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'airspace-secrets-'));
  await new Promise<void>((listening) => target.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  hub = await startHub({ dir: root, host: '127.0.0.1', port: 0, level: 'debug', log: (text) => void log.push(text) });
  await writeRunning(root, { url: hub.url, pid: process.pid });
  assert.equal((await line(['bootstrap', '--data', root])).exit, 0);
  admin = (await readFile(join(root, ADMIN_KEY_FILE), 'utf8')).trim();
  await apply(
    resource('Agent', 'caller', { operations: [{ name: 'run' }] }),
    resource('PolicyBundle', 'org', {
      level: 'org',
      policies: { text: '@id("all") @reason("test") permit (principal, action, resource);' },
    }),
  );
  caller = (await line(['key', 'create', 'agent/caller', '--data', root])).stdout.trim();
});
after(async () => {
  await hub.stop(false);
  target.closeAllConnections();
  target.close();
  await rm(root, { recursive: true });
});

test('a target is shown its secret in the way that it wants, and what a caller sends in its place is gone', async () => {
  assert.equal((await airspace(['secret', 'set', 'one', '--for', origin], 'value-of-one\n')).exit, 0);
  await apply(
    tool('by-bearer', { secret: 'one' }),
    tool('by-header', { secret: 'one', as: 'header:x-api-key' }),
    tool('by-other', { secret: 'one', as: 'header:appid' }),
  );
  const theirs = { 'x-api-key': 'mine', 'x-auth-token': 'mine', cookie: 'a=b', appid: 'mine', 'api-key': 'mine' };
  for (const name of ['by-bearer', 'by-header', 'by-other']) {
    const answer = await call(name, 'ask', theirs);
    assert.equal(answer.status, 200, await answer.text());
  }
  const [bearer, header, other] = shown.slice(-3) as [
    http.IncomingHttpHeaders,
    http.IncomingHttpHeaders,
    http.IncomingHttpHeaders,
  ];
  assert.equal(bearer.authorization, 'Bearer value-of-one');
  assert.equal(bearer['x-api-key'], undefined);
  assert.deepEqual([header['x-api-key'], header.authorization], ['value-of-one', undefined]);
  assert.equal(other['appid'], 'value-of-one');
  for (const seen of [bearer, header, other])
    assert.deepEqual([seen.cookie, seen['x-auth-token'], seen['api-key']], [undefined, undefined, undefined]);
});

test('a configuration that points elsewhere gets no secret, and neither does a target whose secret is gone', async () => {
  await airspace(['secret', 'set', 'two', '--for', 'https://bank.example'], 'value-of-two');
  await apply(tool('misled', { secret: 'two' }), tool('forgotten', { secret: 'never-set' }));
  const before = shown.length;
  const refused = await call('misled');
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /the secret `two` may not be sent to/);
  assert.equal((await call('forgotten')).status, 503);
  assert.equal(shown.length, before, 'nothing was sent');
});

test('a value is one line of visible characters, from standard input, for named places', async () => {
  for (const value of ['', 'two\nlines', 'with space', 'x\u0000'])
    assert.equal((await airspace(['secret', 'set', 'bad', '--for', origin], value)).exit, 2, JSON.stringify(value));
  assert.equal((await airspace(['secret', 'set', 'bad'], 'value')).exit, 2);
  assert.equal((await airspace(['secret', 'set', 'bad', '--for', 'nowhere'], 'value')).exit, 2);
  for (const as of ['header:host', 'header:airspace-via', 'header:content-length', 'Bearer', 'header:x y']) {
    await writeFile(join(root, 'bad.json'), JSON.stringify(tool('bad', { secret: 'one', as })));
    assert.equal((await airspace(['apply', '-f', join(root, 'bad.json')])).exit, 2, as);
  }
});

test('of fifty secrets that were used and misused, none is found in anything that a node writes or answers', async () => {
  const values = Array.from({ length: 50 }, () => `sk-${randomBytes(24).toString('hex')}`);
  for (const [at, value] of values.entries()) {
    const set = await airspace(
      ['secret', 'set', `s${at}`, '--for', at % 5 === 0 ? 'https://bank.example' : origin],
      value,
    );
    assert.equal(set.exit, 0, set.stderr);
  }
  await apply(
    ...values.map((_, at) =>
      tool(`t${at}`, at % 2 === 0 ? { secret: `s${at}` } : { secret: `s${at}`, as: 'header:x-api-key' }),
    ),
  );
  for (const [at] of values.entries())
    printed.push(await (await call(`t${at}`, at % 3 === 0 ? 'broken' : 'ask')).text());
  assert.equal(
    values.filter((value) => JSON.stringify(shown).includes(value)).length,
    40,
    'those that were for the target',
  );
  assert.equal((await airspace(['secret', 'rotate'])).exit, 0);
  assert.equal((await call('t1')).status, 200);
  for (const argv of [
    ['secret', 'ls', '-o', 'json'],
    ['get', 'tools', '-o', 'json'],
    ['logs', '--limit', '1000'],
    ['history'],
    ['top', '--count', '1'],
  ])
    await airspace(argv);
  for (const path of ['/v1/resources', '/v1/calls?limit=1000', '/v1/audit', '/v1/secrets', '/metrics', '/v1/targets'])
    printed.push(await (await fetch(`${hub.url}${path}`, { headers: { authorization: `Bearer ${admin}` } })).text());
  printed.push(JSON.stringify(hub.live.snapshot));
  await hub.stop(false);
  const places: [string, string][] = [
    ['answers', printed.join()],
    ['the log', log.join()],
  ];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) places.push([entry.name, await readFile(join(entry.parentPath, entry.name), 'latin1')]);
  assert.ok(places.some(([name]) => name === 'control.db') && log.length > 10);
  const found = places.flatMap(([where, text]) =>
    values.flatMap((value) =>
      [value, Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')].some((form) =>
        text.includes(form),
      )
        ? [where]
        : [],
    ),
  );
  assert.deepEqual(found, []);
  hub = await startHub({ dir: root, host: '127.0.0.1', port: 0, level: 'debug', log: (text) => void log.push(text) });
  assert.equal((await call('t1')).status, 200, 'and after a restart it still opens');
});
