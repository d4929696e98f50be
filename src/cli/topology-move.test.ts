/** What a move does step by step, against a hub that answers by script: its real figures would be those of the machine. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ArmStats } from '../topologies/index.ts';
import { line } from './testing/line.ts';

const arm = (given: Partial<ArmStats> = {}): ArmStats => ({
  calls: 500,
  errors: 0,
  p50Ms: 10,
  p95Ms: 20,
  p99Ms: 30,
  hubP50Ms: null,
  betweenP50Ms: null,
  ...given,
});

interface Arms {
  readonly hub: ArmStats | null;
  readonly mesh: ArmStats | null;
}

interface Script {
  /** By the percentage that goes directly at that time. */
  readonly arms: (percent: number) => Arms;
  /** Somebody else changes the route after so many changes of ours. */
  readonly conflictAfter?: number;
  readonly via?: unknown;
}

const percentOf = (via: unknown): number => {
  if (typeof via === 'object' && via !== null) return (via as { mesh: number }).mesh;
  return via === 'mesh' ? 100 : 0;
};

/** One route `orders`, a node that takes every snapshot at once, and a clock that stands still. */
const scripted = async ({ arms, conflictAfter = Number.POSITIVE_INFINITY, via = 'hub' }: Script) => {
  const applied: { readonly via: unknown; readonly reason: string; readonly version: number }[] = [];
  let [now, version] = [via, 1];
  const route = () => ({
    apiVersion: 'airspace.dev/v1',
    kind: 'Route',
    metadata: { name: 'orders', tenant: 'default', labels: {} },
    spec: {
      from: {},
      to: { kind: 'agent', name: 'orders' },
      via: now,
      withoutPeer: 'refuse',
      attempts: 3,
      priority: 'standard',
    },
  });
  const diff = (after: unknown) => ({
    key: 'default/Route/orders',
    change: JSON.stringify(after) === JSON.stringify(now) ? 'none' : 'update',
    before: route(),
    after: { ...route(), spec: { ...route().spec, via: after } },
    paths: ['spec.via'],
  });
  const apply = (asked: {
    resources: { spec: { via: unknown } }[];
    ifVersions: Record<string, number>;
    reason: string;
    dryRun?: boolean;
  }) => {
    const wanted = asked.resources[0]!.spec.via;
    const result = { revision: version, snapshotSeq: version, diffs: [diff(wanted)], warnings: [] };
    if (asked.dryRun === true) return [200, result] as const;
    if (applied.length >= conflictAfter)
      return [409, { code: 'conflict', detail: 'the route was changed meanwhile' }] as const;
    applied.push({ via: wanted, reason: asked.reason, version: asked.ifVersions['default/Route/orders']! });
    [now, version] = [wanted, version + 1];
    return [200, { ...result, revision: version, snapshotSeq: version }] as const;
  };
  const answer = (url: string, body: string): readonly [number, unknown] => {
    if (url.startsWith('/v1/resources:apply')) return apply(JSON.parse(body));
    if (url.startsWith('/v1/resources'))
      return [200, { items: url.includes('name=orders') ? [{ resource: route(), version, revision: version }] : [] }];
    if (url.startsWith('/v1/nodes'))
      return [200, { items: [{ node: { id: 'out' }, state: 'alive', snapshotSeq: version }] }];
    const window = { fromMs: 0, toMs: 1_000 };
    return [200, { ...arms(percentOf(now)), window, hubCost: null, perSecond: 50, all: null, instead: 0 }];
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [status, said] = answer(request.url ?? '', Buffer.concat(chunks).toString('utf8'));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const env = { AIRSPACE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, AIRSPACE_KEY: 'air_x' };
  return {
    applied,
    move: (...words: readonly string[]) => line(['topology', 'move', 'orders', '--every', '100ms', ...words], { env }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

const well = (percent: number): Arms => ({
  hub: percent === 100 ? null : arm(),
  mesh: percent === 0 ? null : arm({ p50Ms: 7 }),
});

test('a move goes through its steps, each under the version that the one before it left, and says what was measured', async () => {
  await using hub = await scripted({ arms: well });
  const { exit, stdout } = await hub.move('--to', 'mesh', '--steps', '1,10,100', '--yes');
  assert.equal(exit, 0);
  assert.deepEqual(
    hub.applied.map(({ via, version }) => ({ via, version })),
    [
      { via: { mesh: 1 }, version: 1 },
      { via: { mesh: 10 }, version: 2 },
      { via: 'mesh', version: 3 },
    ],
  );
  assert.match(stdout, /route\/orders moved to mesh: 0 % → 100 % directly/);
  assert.match(stdout, /before {2}hub 500 calls, 0 failed, p50 10ms/);
  assert.match(stdout, /after {3}mesh 500 calls, 0 failed, p50 7ms/);
  assert.match(stdout, /beside {2}in the same time p50 10ms through the hub, 7ms directly/);
});

test('a step that makes it worse goes back to where the move began, and says why', async () => {
  await using hub = await scripted({
    via: { mesh: 5 },
    arms: (percent) => ({ hub: arm(), mesh: arm(percent >= 50 ? { errors: 40 } : {}) }),
  });
  const { exit, stdout } = await hub.move('--to', 'mesh', '--steps', '1,10,50,100', '--yes', '--json');
  assert.equal(exit, 1);
  assert.deepEqual(
    hub.applied.map(({ via }) => via),
    [{ mesh: 10 }, { mesh: 50 }, { mesh: 5 }],
  );
  assert.match(hub.applied.at(-1)!.reason, /returned: 8\.0 % of its calls failed \(40 of 500\)/);
  const { outcome, percent, why } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([outcome, percent], ['returned', 5]);
  assert.match(String(why), /0\.0 % of the others/);
});

test('a step with too few calls is not taken for a good one', async () => {
  await using hub = await scripted({ arms: () => ({ hub: arm(), mesh: arm({ calls: 3 }) }) });
  const { exit, stdout } = await hub.move('--to', 'mesh', '--steps', '1,100', '--yes');
  assert.equal(exit, 1);
  assert.deepEqual(
    hub.applied.map(({ via }) => via),
    [{ mesh: 1 }],
  );
  assert.match(stdout, /stopped at 1 % directly: 3 calls went this way, and 30 are the least/);
});

test('the way back is open also where the way that is left is empty', async () => {
  await using hub = await scripted({ via: { mesh: 1 }, arms: () => ({ hub: arm(), mesh: null }) });
  const { exit } = await hub.move('--to', 'hub', '--yes');
  assert.equal(exit, 0);
  assert.deepEqual(
    hub.applied.map(({ via }) => via),
    ['hub'],
  );
});

test('whoever changed the route meanwhile wins', async () => {
  await using hub = await scripted({ arms: well, conflictAfter: 1 });
  const { exit, stderr } = await hub.move('--to', 'mesh', '--steps', '10,100', '--yes');
  assert.equal(exit, 6);
  assert.match(stderr, /changed meanwhile/);
  assert.equal(hub.applied.length, 1);
});

test('a dry run, a move without a yes and a move to where it is change nothing', async () => {
  await using hub = await scripted({ arms: well });
  const dry = await hub.move('--to', 'mesh', '--percent', '25', '--dry-run');
  assert.equal(dry.exit, 0);
  assert.match(dry.stdout, /spec\.via: "hub" → \{"mesh":25\}\n\(dry run\)/);
  assert.equal((await hub.move('--to', 'mesh')).exit, 2);
  const there = await hub.move('--to', 'hub', '--yes');
  assert.deepEqual([there.exit, there.stdout.trim()], [0, 'nothing to change']);
  assert.deepEqual(hub.applied, []);
});

test('what cannot be understood is refused before anything is asked', async () => {
  await using hub = await scripted({ arms: well });
  for (const words of [
    ['--to', 'mesh', '--steps', '10,5'],
    ['--to', 'mesh', '--steps', '0,5'],
    ['--to', 'mesh', '--percent', '101'],
    ['--to', 'mesh', '--percent', '5', '--steps', '5'],
    ['--to', 'hierarchy'],
    ['--percent', '5'],
    ['--to', 'mesh', '--every', 'soon'],
  ])
    assert.equal((await hub.move(...words, '--yes')).exit, 2, words.join(' '));
  assert.deepEqual(hub.applied, []);
});
