/** Secrets that pass through a node in every place where callers and targets put them: none stays in anything that it keeps or tells. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEFAULT_TENANT } from '../contract/index.ts';
import { mintKey } from '../identity/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { line } from './testing/line.ts';

const planted = new Map<string, string>();

/** Remembered by the place that it was put in. */
const secret = (place: string): string => {
  const value = `sk-${randomBytes(16).toString('hex')}`;
  planted.set(value, place);
  return value;
};

let dir = '';
let hub: RunningHub;
const log: string[] = [];
const admin = mintKey('ada-1');
const caller = mintKey('a-1');
/** What the target answers with, by operation: secrets of its own. */
const target = http.createServer((req, res) => {
  req.resume().on('end', () => {
    const value = secret(`reply to ${req.url}`);
    if (req.url === '/breaks') return void res.destroy();
    if (req.url === '/garbles') return void res.socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n${value}`);
    const status = req.url === '/fails' ? 500 : 200;
    res.writeHead(status, { 'content-type': 'application/json', 'x-secret': value, 'set-cookie': `session=${value}` });
    res.end(JSON.stringify({ error: value, stack: `at ${value}.ts:1` }));
  });
});

const resource = (kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name }, spec },
});

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'airspace-planted-'));
  await new Promise<void>((ready) => target.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  hub = await startHub({
    dir,
    host: '127.0.0.1',
    port: 0,
    level: 'debug',
    log: (text) => void log.push(text),
    oracle: 0,
  });
  const text =
    '@id("all") @reason("agents may call") permit (principal, action, resource);\n' +
    '@id("no") @reason("nobody may") @code("NO") forbid (principal, action == Action::"agent/b/forbidden", resource);';
  const names = ['answers', 'fails', 'breaks', 'garbles', 'forbidden'];
  await hub.control.apply({
    tenant: DEFAULT_TENANT,
    resources: [
      resource('User', 'ada', { roles: ['admin'] }),
      resource('Agent', 'a', { operations: [{ name: 'x' }] }),
      resource('Agent', 'b', { operations: names.map((name) => ({ name, effect: 'read' })), endpoints: [{ url }] }),
      resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: admin.secretHash }),
      resource('Key', 'a-1', { principal: { kind: 'agent', name: 'a' }, secretHash: caller.secretHash }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text } }),
    ],
    ...{
      origins: Array(6).fill('test'),
      by: 'test',
      reason: '',
      dryRun: false,
      prune: false,
      rights: { kind: 'tenant' },
    },
  });
  planted.set(admin.secret, 'key of an administrator');
  planted.set(caller.secret, 'key of an agent');
});

after(async () => {
  await hub?.stop(true);
  target.closeAllConnections();
  target.close();
  await rm(dir, { recursive: true, force: true });
});

const headers = (key: string, place: string): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
  cookie: `session=${secret(`cookie, ${place}`)}`,
  'x-api-key': secret(`x-api-key, ${place}`),
  'x-note': secret(`a header of its own, ${place}`),
  tracestate: `vendor=${secret(`tracestate, ${place}`)}`,
});

test('of fifty secrets in keys, payloads, headers, paths, replies and errors, none is kept or told to anybody else', async () => {
  const answers: string[] = [];
  const call = async (path: string, key: string, place: string): Promise<number> => {
    const body = JSON.stringify({ prompt: `the password is ${secret(`payload, ${place}`)}` });
    const response = await fetch(`${hub.url}${path}`, { method: 'POST', headers: headers(key, place), body });
    // What the target says is for the caller, and for nobody else: only our own answers are looked at.
    const text = await response.text();
    if (response.headers.get('content-type')?.startsWith('application/problem+json') === true) answers.push(text);
    return response.status;
  };
  for (const [operation, status] of [
    ['answers', 200],
    ['fails', 500],
    ['breaks', 502],
    ['garbles', 502],
    ['forbidden', 403],
  ] as const)
    assert.equal(await call(`/v1/agents/b/${operation}`, caller.secret, operation), status, operation);
  assert.equal(await call('/v1/agents/b/answers', secret('a wrong key'), 'wrong key'), 401);
  assert.ok((await call(`/v1/agents/b/answers?token=${secret('query')}`, caller.secret, 'query')) >= 200);
  // The name of a target is no place for a secret: what was asked for is on record, also when it does not exist.
  assert.ok((await call('/v1/agents/nobody/answers', caller.secret, 'unknown target')) >= 400);
  assert.ok((await call(`/v1/${secret('unknown path')}`, caller.secret, 'unknown path')) >= 400);
  assert.ok(planted.size >= 50, `${planted.size} were planted`);

  const ask = async (...words: string[]) => {
    const { exit, stdout, stderr } = await line([...words, '--url', hub.url, '--key', admin.secret]);
    assert.ok(exit <= 1, `${words.join(' ')}: ${stderr}`);
    return `${stdout}\n${stderr}`;
  };
  const told = [
    await ask('get', 'calls', '-o', 'json'),
    await ask('logs', '-o', 'json', '--limit', '1000'),
    await ask('audit', 'export'),
    await ask('top', '--count', '1', '-o', 'json'),
    await ask('status', '-o', 'json'),
    await (await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${admin.secret}` } })).text(),
  ];
  await hub.stop(true);
  const kept = await Promise.all(
    (await readdir(dir, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(async (entry) => ({ name: entry.name, text: await readFile(join(entry.parentPath, entry.name), 'latin1') })),
  );
  assert.ok(kept.some(({ name }) => name === 'telemetry.db'));
  const everything = [
    { name: 'answers', text: answers.join('\n') },
    { name: 'log', text: log.join('\n') },
    { name: 'what commands told', text: told.join('\n') },
    ...kept,
  ];
  const found = [...planted].flatMap(([value, place]) =>
    everything.flatMap(({ name, text }) => (text.includes(value) ? [`${place} is in ${name}`] : [])),
  );
  assert.deepEqual(found, []);
  hub = await startHub({ dir, host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 });
});
