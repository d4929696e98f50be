/** The grey failure of the sample fleet on a real hub: health is well, calls cannot reach it, its breaker opens, and nobody who calls notices. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { API_VERSION, type BreakerView, DEFAULT_TENANT, WHOLE_TENANT } from '../../src/contract/index.ts';
import { mintKey } from '../../src/identity/index.ts';
import { type Supervised, supervise } from './supervise.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-deaf-'));
const key = mintKey('ada-1');
let hub: RunningHub;
let well: Supervised;
let deaf: Supervised;

const orders = (name: string, ...habit: readonly string[]): Promise<Supervised> => {
  const script = fileURLToPath(new URL('agents/orders.ts', import.meta.url));
  const argsFor = (port: number): readonly string[] => ['--name', name, '--port', String(port), ...habit];
  return supervise({ name, script, argsFor, env: {} }, () => {});
};

const resource = (kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion: API_VERSION, kind, metadata: { name }, spec },
});

before(async () => {
  [well, deaf, hub] = await Promise.all([
    orders('well'),
    // Deaf from its first request on, and for good.
    orders('deaf', '--flaps', 'deaf', '--good-ms', '0', '--bad-ms', '600000'),
    startHub({
      ...{ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
      dir: join(scratch, 'hub'),
    }),
  ]);
  const resources = [
    resource('User', 'ada', { roles: ['admin'] }),
    resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: key.secretHash }),
    resource('PolicyBundle', 'org', {
      level: 'org',
      policies: { text: '@id("open") @reason("a test") permit (principal, action, resource);' },
    }),
    resource('Agent', 'orders', {
      timeoutMs: 1_500,
      operations: [{ name: 'where', effect: 'read' }],
      endpoints: [well, deaf].map(({ url }) => ({ url })),
      health: { path: '/healthz', intervalMs: 500, timeoutMs: 500 },
    }),
  ];
  await hub.configure.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test' },
    ...{ rights: WHOLE_TENANT, reason: '', dryRun: false, prune: false },
  });
});
after(async () => {
  await Promise.all([hub?.stop(false), well?.stop(), deaf?.stop()]);
  rmSync(scratch, { recursive: true, force: true });
});

const headers = { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' };

const where = async (): Promise<readonly [status: number, servedBy: string]> => {
  const response = await fetch(`${hub.url}/v1/agents/orders/where`, { method: 'POST', headers, body: '{"id":7}' });
  return [response.status, ((await response.json()) as { servedBy?: string }).servedBy ?? ''];
};

const breakers = async (): Promise<readonly BreakerView[]> =>
  ((await (await fetch(`${hub.url}/v1/breakers`, { headers })).json()) as { items: BreakerView[] }).items;

const seen = async (): Promise<readonly { readonly id: string; readonly obstacle: string | null }[]> => {
  const top = (await (await fetch(`${hub.url}/v1/top`, { headers })).json()) as {
    targets: { target: string; endpoints: { id: string; obstacle: string | null }[] }[];
  };
  return top.targets.find(({ target }) => target === 'agent/orders')?.endpoints ?? [];
};

/** For a test that waits for other processes. */
const WAITING = { timeout: 60_000 };

/** Does it take a new connection? */
const accepts = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

test(
  'an instance that is deaf to new connections opens its breaker while its health is well, and every call is answered',
  WAITING,
  async () => {
    // The first request is the health check of the hub, which keeps its connection.
    while (await accepts(deaf.url));
    const answers = await Promise.all(Array.from({ length: 18 }, where));
    assert.deepEqual(new Set(answers.map(([status]) => status)), new Set([200]));
    const [breaker] = await breakers();
    assert.deepEqual(
      [breaker?.target, breaker?.node, breaker?.endpoint, breaker?.changes.at(-1)?.to],
      ['agent/orders', hub.id, `orders@${new URL(deaf.url).host}`, 'open'],
    );
    assert.equal((await seen()).find(({ id }) => id === breaker?.endpoint)?.obstacle, 'breaker');
    const later = await Promise.all(Array.from({ length: 18 }, where));
    assert.deepEqual(new Set(later.map(([status, by]) => `${status} ${by}`)), new Set(['200 well']));
  },
);
