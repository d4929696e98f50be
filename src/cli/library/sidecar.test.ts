/** A program that is a node of the mesh by itself, its agent behind a socket, and what is left of it afterwards. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createSocketClient } from '../../client/socket.ts';
import { API_VERSION, DEFAULT_TENANT, WHOLE_TENANT } from '../../contract/index.ts';
import { type RunningHub, startHub } from '../node/hub.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

const dir = mkdtempSync(join(tmpdir(), 'airspace-library-'));
let hub: RunningHub;
let agent: Server;
let shop: Sidecar;

const resource = (kind: string, name: string, spec: unknown): unknown => ({
  ...{ apiVersion: API_VERSION, kind, metadata: { name }, spec },
});
const tokenFor = async (name: string): Promise<string> =>
  (await hub.nodes.issueJoinToken({ role: 'sidecar', tenant: DEFAULT_TENANT, domain: '', agent: name })).token;

before(async () => {
  agent = createServer((req, res) => {
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ at: req.url }));
  });
  await new Promise<void>((ready) => agent.listen(join(dir, 'agent.sock'), ready));
  hub = await startHub({
    ...{ dir: join(dir, 'hub'), host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
  });
  const operations = [{ name: 'where', effect: 'read' }];
  const resources = [
    ...['orders', 'concierge'].map((name) => resource('Agent', name, { operations })),
    resource('Route', 'direct', { to: { kind: 'agent', name: 'orders' }, via: 'mesh' }),
    resource('PolicyBundle', 'org', {
      level: 'org',
      policies: { text: '@id("all") @reason("everybody may call") permit (principal, action, resource);' },
    }),
  ];
  await hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
    ...{ reason: '', dryRun: false, prune: false },
  });
  shop = await startSidecar({
    ...{ hub: hub.url, dir: join(dir, 'orders'), token: await tokenFor('orders') },
    agent: `unix:${join(dir, 'agent.sock')}`,
  });
});
after(async () => {
  await shop.stop(false);
  await hub.stop(false);
  agent.closeAllConnections();
  agent.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The first calls come before the roster that tells of who is called. */
const eventually = async <T>(call: () => Promise<T>): Promise<T> => {
  for (const endMs = performance.now() + 15_000; ; ) {
    try {
      return await call();
    } catch (thrown) {
      if (performance.now() > endMs) throw thrown;
      await new Promise((next) => setTimeout(next, 20));
    }
  }
};

const example = async (hubUrl: string, stateDir: string, token: string): Promise<unknown> => {
  const sidecar = await startSidecar({ hub: hubUrl, dir: stateDir, token });
  try {
    await sidecar.ready();
    const { data } = await eventually(() => sidecar.call('orders', 'where', { id: 4 }));
    return data;
  } finally {
    await sidecar.stop(false);
  }
};

test('a program joins, calls an agent behind a socket, and leaves nothing behind', async () => {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const listeners = signals.map((signal) => process.listenerCount(signal));
  const data = await example(hub.url, join(dir, 'concierge'), await tokenFor('concierge'));
  assert.deepEqual(data, { at: '/where' });
  assert.deepEqual(
    signals.map((signal) => process.listenerCount(signal)),
    listeners,
  );
});

test('the application side is a socket too, for its owner only, and a stale one makes way', async () => {
  const path = join(dir, 'app.sock');
  await leaveStale(path);
  const sidecar = await startSidecar({ hub: hub.url, dir: join(dir, 'concierge'), socket: path });
  await sidecar.ready();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const client = createSocketClient({ path, key: sidecar.key });
  assert.deepEqual((await eventually(() => client.call('orders', 'where'))).data, { at: '/where' });
  await assert.rejects(createSocketClient({ path }).call('orders', 'where'), { code: 'unauthenticated' });
  await assert.rejects(
    startSidecar({ hub: hub.url, dir: join(dir, 'other'), socket: path }),
    /another process listens/,
  );
  await sidecar.stop(false);
  assert.throws(() => statSync(path), { code: 'ENOENT' });
});

test('a path that is taken by a file, or is too long, is refused before anything is opened', async () => {
  const starting = (socket: string): Promise<Sidecar> =>
    startSidecar({ hub: hub.url, dir: join(dir, 'other'), socket });
  const file = join(dir, 'a-file');
  writeFileSync(file, 'precious');
  await assert.rejects(starting(file), /is there and is no socket/);
  await assert.rejects(starting(join(dir, 'x'.repeat(120))), /bytes, and a socket here has 10[37] at most/);
  await assert.rejects(starting('app.sock'), /no absolute path/);
});

/** A socket file that nobody listens at, as a process that was killed leaves it. */
const leaveStale = async (path: string): Promise<void> => {
  const { spawnSync } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(statSync(path).isSocket());
};
