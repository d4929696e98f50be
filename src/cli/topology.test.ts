/** Ways on a real hub with real sidecars: what is shown, what is advised, a move under calls, and one that goes back by itself. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AdviceView, TopologyView } from '../topologies/index.ts';
import { type Deployed, deploy } from './deploy.ts';
import type { Passage } from './render/passage.ts';
import { line } from './testing/line.ts';
import { inProcess } from './under-test.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-topology-'));
let agent: Server;
let deployed: Deployed;

const resource = (kind: string, name: string, spec: unknown, domain?: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

const operations = [{ name: 'place', effect: 'read' }];
const POLICY = '@id("all") @reason("the shop works together") permit (principal in Domain::"shop", action, resource);';

before(async () => {
  agent = createServer((request, response) => {
    request.resume();
    response.end('{}');
  });
  await new Promise<void>((ready) => agent.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(agent.address() as AddressInfo).port}`;
  deployed = await deploy(inProcess(scratch), {
    topology: 'mesh',
    resources: [
      resource('Domain', 'shop', {}),
      resource('Agent', 'concierge', { operations: [{ name: 'noop', effect: 'read' }] }, 'shop'),
      resource('Agent', 'orders', { operations }, 'shop'),
      // Known by its address only: the hub reaches it, and no sidecar does.
      resource('Agent', 'billing', { operations, endpoints: [{ url }] }, 'shop'),
      resource('Route', 'orders', { to: { name: 'orders' }, attempts: 1 }),
      resource('Route', 'billing', { to: { name: 'billing' }, attempts: 1 }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    ],
    target: { name: 'orders', domain: 'shop', instances: [{ name: 'one', url }] },
    callers: [{ name: 'concierge', domain: 'shop' }],
  });
  for (const endMs = performance.now() + 15_000; (await call('orders')) !== 200; )
    assert.ok(performance.now() < endMs, 'no call gets through');
});

after(async () => {
  await deployed.stop();
  agent.closeAllConnections();
  agent.close();
  rmSync(scratch, { recursive: true, force: true });
});

const call = async (name: string): Promise<number> => {
  const { url, key } = deployed.access.get('concierge')!;
  const reply = await fetch(`${url}/v1/agents/${name}/place`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: '{}',
  });
  await reply.arrayBuffer();
  return reply.status;
};

const calls = async (name: string, count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await call(name);
};

const airspace = (...words: readonly string[]) =>
  line(['topology', ...words], { env: { AIRSPACE_URL: deployed.root.url, AIRSPACE_KEY: deployed.adminKey } });

/** Sidecars hand up what they saw in batches: looks until the hub has heard enough. */
const seen = async <T>(words: readonly string[], enough: (view: T) => boolean): Promise<T> => {
  for (const endMs = performance.now() + 15_000; ; ) {
    const { stdout } = await airspace(...words, '--json');
    const view = JSON.parse(stdout) as T;
    if (enough(view) || performance.now() > endMs) return view;
  }
};

const shown = (name: string, least: number): Promise<TopologyView> =>
  seen<TopologyView>(['show'], ({ pairs }) => pairs.some(({ route, calls: n }) => route === name && n >= least));

const advised = (least: number): Promise<AdviceView> =>
  seen<AdviceView>(['plan', 'orders', '--to', 'mesh'], ({ items }) => (items[0]?.calls ?? 0) >= least);

test('too few calls get no advice, and the command says no', async () => {
  const { exit, stdout } = await airspace('plan');
  assert.equal(exit, 1);
  assert.match(stdout, /orders {2}to mesh: unknown {2}\(fewer than 100 calls in the window/);
});

test("a pair through the hub is shown with what the hub takes, and who stands in nobody's way", async () => {
  await calls('orders', 120);
  await calls('billing', 20);
  await shown('billing', 20);
  const { pairs } = await shown('orders', 120);
  const [orders, billing] = ['orders', 'billing'].map((name) => pairs.find(({ route }) => route === name));
  assert.equal(orders?.mesh, null);
  assert.ok((orders?.hub?.hubP50Ms ?? 0) > 0);
  assert.deepEqual(
    orders?.nodes.map(({ role }) => role),
    ['sidecar-out', 'hub', 'sidecar-in'],
  );
  assert.deepEqual([orders?.obstacles, billing?.obstacles.map(({ code }) => code)], [[], ['no_target_sidecar']]);
  const { stdout } = await airspace('show');
  assert.match(stdout, /orders +concierge +agent\/orders +hub +hub/);
  assert.match(stdout, /no sidecar stands in front of agent `billing`/);
});

test('who calls whom can be drawn, by either program, and of one moment only', async () => {
  await shown('orders', 1);
  const dot = await airspace('show', '-o', 'dot');
  assert.equal(dot.exit, 0);
  assert.match(
    dot.stdout,
    /^digraph airspace \{\n[\s\S]*label="agent\/concierge"[\s\S]*n\d+ -> n\d+ \[label="orders\\nhub, [\s\S]*\}\n$/,
  );
  assert.match(dot.stderr, /calls in 15m/, 'what it is of is no part of it');
  assert.match((await airspace('show', '-o', 'mermaid')).stdout, /^flowchart LR\n[\s\S]*-->\|"orders<br\/>hub, /);
  for (const [words, said] of [
    [['show', '-o', 'dot', '--watch'], /a picture is of one moment/],
    [['plan', '-o', 'dot'], /`-o dot` is for a picture of the topology\n {2}try: airspace topology show -o dot/],
  ] as const) {
    const { exit, stderr } = await airspace(...words);
    assert.equal(exit, 2);
    assert.match(stderr, said);
  }
});

test('the path of a request names the nodes in the order in which it passed them', async () => {
  const hub = { env: { AIRSPACE_URL: deployed.root.url, AIRSPACE_KEY: deployed.adminKey } };
  const id = (await line(['request', 'ls', '--agent', 'orders', '--limit', '1', '-o', 'name'], hub)).stdout
    .trim()
    .replace('call/', '');
  const look = async () =>
    (JSON.parse((await airspace('path', id, '-o', 'json')).stdout) as { items: readonly Passage[] }).items;
  // The two sidecars report by themselves, each in its time.
  for (const endMs = performance.now() + 15_000; (await look())[0]!.nodes.length < 3; )
    assert.ok(performance.now() < endMs, 'a node has not reported');
  const [passage, ...others] = await look();
  assert.equal(others.length, 0);
  assert.deepEqual(
    passage!.nodes.map(({ role }) => role),
    ['sidecar-out', 'hub', 'sidecar-in'],
  );
  assert.deepEqual([passage!.from, passage!.way, passage!.route], ['agent/concierge', 'hub', 'orders']);
  assert.match((await airspace('path', id.slice(0, 12))).stdout, /\(sidecar-out\) > .*\(hub\) > .*\(sidecar-in\)/);
  assert.equal((await airspace('path', 'x')).exit, 2);
  assert.equal((await airspace('path', '0'.repeat(32))).exit, 4);
});

test('the advice stands on the calls that were recorded, and names what it does not know', async () => {
  const { items, window } = await advised(120);
  assert.ok(window.calls >= 120);
  assert.equal(items.length, 1);
  assert.notEqual(items[0]?.verdict, 'unknown');
  assert.match(items[0]!.gains.join('\n'), /\(measured, without the wire\)/);
  const none = await airspace('plan', 'nothing');
  assert.equal(none.exit, 4);
  assert.match(none.stderr, /known: `billing`, `orders`/);
});

test('a route moves to the mesh and back while calls go on, and none of them notices', async () => {
  const statuses: number[] = [];
  let over = false;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!over) statuses.push(await call('orders'));
    }),
  );
  for (const [to, percent] of [
    ['mesh', '50'],
    ['mesh', '100'],
    ['hub', '50'],
    ['hub', '100'],
  ] as const) {
    const { exit, stderr } = await airspace('move', 'orders', '--to', to, '--percent', percent, '--no-watch', '--yes');
    assert.equal(exit, 0, stderr);
    const before = statuses.length;
    while (statuses.length < before + 40) await new Promise((next) => setImmediate(next));
  }
  over = true;
  await load;
  assert.deepEqual(new Set(statuses), new Set([200]));
  const pair = (
    await seen<TopologyView>(
      ['show'],
      ({ pairs }) => (pairs.find(({ route }) => route === 'orders')?.mesh?.calls ?? 0) > 20,
    )
  ).pairs.find(({ route }) => route === 'orders');
  assert.equal(pair?.mesh?.errors, 0);
  assert.ok((pair?.mesh?.calls ?? 0) > 20);
});

test('a route moves back by itself when nobody is reached directly, and its callers got what the configuration says', async () => {
  let over = false;
  const statuses: number[] = [];
  const load = (async () => {
    while (!over) statuses.push(await call('billing'));
  })();
  const { exit, stdout } = await airspace(
    'move',
    'billing',
    '--to',
    'mesh',
    '--percent',
    '50',
    '--every',
    '3s',
    '--yes',
  );
  assert.equal(exit, 1);
  assert.match(stdout, /route\/billing is back at 0 % directly: .*of its calls failed/);
  // From here on every call goes through the hub again.
  const refused = statuses.filter((status) => status === 503).length;
  assert.ok(refused > 0);
  assert.deepEqual(await deployed.ask('/v1/resources?kind=Route&name=billing').then(viaOf), 'hub');
  over = true;
  await load;
});

test('with `withoutPeer: hub` the same move refuses nobody, and is shown as what it is', async () => {
  await deployed.apply([
    resource('Route', 'billing', { to: { name: 'billing' }, attempts: 1, via: { mesh: 50 }, withoutPeer: 'hub' }),
  ]);
  const events = async (): Promise<number> => {
    await calls('billing', 20);
    const { pairs } = await shown('billing', 1);
    return pairs.find(({ route }) => route === 'billing')?.instead ?? 0;
  };
  for (const endMs = performance.now() + 15_000; (await events()) === 0; ) assert.ok(performance.now() < endMs);
  for (let n = 0; n < 30; n++) assert.equal(await call('billing'), 200);
  assert.match((await airspace('show')).stdout, /billing +concierge +agent\/billing +50 % mesh, else hub/);
});

const viaOf = ({ items }: Record<string, unknown>): unknown =>
  (items as readonly { readonly resource: { readonly spec: { readonly via: unknown } } }[])[0]?.resource.spec.via;
