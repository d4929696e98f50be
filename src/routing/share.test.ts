/** A route that moves by percentage: which trees it takes along, and what becomes of a call that finds nobody there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, type Endpoint, Fault } from '../contract/index.ts';
import { Breaker, type Handler, VirtualWorld } from '../kernel/index.ts';
import type { Candidate } from './candidates.ts';
import { Fleet, type NodeWays } from './fleet.ts';
import { route } from './layer.ts';
import { planner } from './plan.ts';
import { call, candidate, reply, routeEntry, scopeIn, snapshot } from './scene.ts';
import { isInShare } from './share.ts';

const rootOf = (n: number): string => n.toString(16).padStart(32, '0');
const ROOTS = Array.from({ length: 20_000 }, (_, n) => rootOf(n));

test('so many percent of the trees go directly, and a higher percentage only adds trees', () => {
  const within = (percent: number) => ROOTS.filter((root) => isInShare(root, percent));
  assert.deepEqual([within(0).length, within(100).length], [0, ROOTS.length]);
  let before: readonly string[] = [];
  for (const percent of [1, 10, 25, 50, 99]) {
    const now = new Set(within(percent));
    const share = (now.size / ROOTS.length) * 100;
    assert.ok(Math.abs(share - percent) < 0.2 * percent + 0.5, `${share} % are no ${percent} %`);
    assert.ok(before.every((root) => now.has(root)));
    before = [...now];
  }
});

const inTree = (root: string, given: Partial<Call> = {}): Call => call({ lineage: { root, depth: 1 }, ...given });
const DIRECT = ROOTS.find((root) => isInShare(root, 25))!;
const THROUGH = ROOTS.find((root) => !isInShare(root, 25))!;

test('a tree takes one way for every call and every operation of it, and a call that is over has that of its route', () => {
  const planOf = planner(snapshot({ routes: [routeEntry({ meshPercent: 25 })] }));
  for (const root of ROOTS.slice(0, 500)) {
    const wanted = isInShare(root, 25) ? 'mesh' : 'hub';
    assert.equal(planOf(inTree(root)).via, wanted);
    assert.equal(planOf(inTree(root, { id: rootOf(7) })).via, wanted);
  }
  const { principal, target } = call();
  assert.equal(planOf({ principal, target }).via, 'hub');
});

const peer = candidate('peer', { protocol: 'airspace', node: 'side' });
const hub = candidate('hub', { protocol: 'airspace', node: 'root', final: true });

interface Given {
  readonly peers?: readonly Candidate[];
  readonly withoutPeer?: 'hub';
  readonly ways?: NodeWays;
  readonly upstreamFor?: (endpoint: Endpoint) => Handler;
}

const scene = ({ peers = [peer], withoutPeer, ways, upstreamFor }: Given) => {
  const world = new VirtualWorld(1);
  const fleet = new Fleet((endpoint) => new Breaker({ endpoint, random: world.random }), ways);
  const entry = routeEntry({ meshPercent: 25, ...(withoutPeer === undefined ? {} : { withoutPeer }) });
  const desired = snapshot({ routes: [entry] });
  fleet.swap(desired.targets, ({ via }) => (via === 'mesh' ? peers : [hub]));
  const went: string[] = [];
  const noted: Record<string, unknown> = {};
  const { scope } = scopeIn(world);
  const handler = route({
    fleet,
    planOf: planner(desired),
    upstreamFor: (endpoint) => (sent, within) => {
      went.push(endpoint.id);
      return upstreamFor === undefined ? Promise.resolve(reply()) : upstreamFor(endpoint)(sent, within);
    },
  });
  const span = { ...scope.span, set: (attributes: object) => void Object.assign(noted, attributes) };
  return { fleet, went, noted, call: (one: Call) => handler(one, { ...scope, span }), world };
};

test('the trace says which way a call took, by which route and of how many percent', async () => {
  const one = scene({});
  await one.call(inTree(DIRECT));
  assert.deepEqual(one.noted, { route: 'route', via: 'mesh', 'route.mesh_percent': 25 });
  await one.call(inTree(THROUGH));
  assert.deepEqual(one.noted, { route: 'route', via: 'hub', 'route.mesh_percent': 25 });
  assert.deepEqual(one.went, ['peer', 'hub']);
});

test('a node that is the way itself has one pool of a target, whatever the route says', async () => {
  for (const [ways, shown] of [
    ['hub', 'hub'],
    ['own', undefined],
  ] as const) {
    const one = scene({ ways });
    await one.call(inTree(DIRECT));
    await one.call(inTree(THROUGH));
    assert.deepEqual([one.went, one.noted['via']], [['hub', 'hub'], shown]);
    assert.equal(one.fleet.pools(0).length, 1);
  }
});

const unreachable = (id: string) => (endpoint: Endpoint) => async () => {
  if (endpoint.id === id) throw new Fault('unreachable', 'nobody listens there');
  return reply();
};

test('without a sidecar there a call is refused, unless its route says that it then goes through the hub', async () => {
  const refused = scene({ peers: [] });
  await assert.rejects(refused.call(inTree(DIRECT)), /no sidecar of it has joined/);
  assert.deepEqual([refused.went, refused.fleet.throughHub], [[], 0]);
  const sent = scene({ peers: [], withoutPeer: 'hub' });
  await sent.call(inTree(DIRECT));
  assert.deepEqual([sent.went, sent.fleet.throughHub, sent.noted['via']], [['hub'], 1, 'hub']);
  assert.match(String(sent.noted['via.instead']), /no sidecar of it has joined/);
});

test('a sidecar that nobody can connect to is gone around in the same try, and by its breaker later on', async () => {
  const one = scene({ withoutPeer: 'hub', upstreamFor: unreachable('peer') });
  for (let n = 0; n < 20; n++) await one.call(inTree(DIRECT, { avoid: [] }));
  assert.equal(one.fleet.throughHub, 20);
  assert.equal(one.went.filter((id) => id === 'hub').length, 20);
  assert.ok(one.went.filter((id) => id === 'peer').length < 20, 'its breaker never opened');
});

test('while another sidecar is left to try, the retry has it', async () => {
  const one = scene({
    peers: [peer, candidate('other', { protocol: 'airspace', node: 'side-2' })],
    withoutPeer: 'hub',
    upstreamFor: (endpoint) => async () => {
      if (endpoint.id !== 'hub') throw new Fault('unreachable', 'nobody listens there');
      return reply();
    },
  });
  const again = inTree(DIRECT, { avoid: [] });
  await assert.rejects(one.call(again), { code: 'unreachable' });
  await one.call(again);
  assert.equal(one.went.at(-1), 'hub');
  assert.equal(new Set(one.went).size, 3);
});

test('what may have run, what was reached, and what can be read only once does not go a second way', async () => {
  const faults = [
    new Fault('upstream_broken', 'it broke'),
    new Fault('unreachable', 'nobody listens behind it', { remote: true }),
    new Fault('overloaded', 'busy', { remote: true }),
    new Fault('denied', 'no'),
  ];
  for (const fault of faults) {
    const one = scene({
      withoutPeer: 'hub',
      upstreamFor: () => async () => {
        throw fault;
      },
    });
    await assert.rejects(one.call(inTree(DIRECT, { avoid: [] })), { code: fault.code });
    assert.deepEqual([one.went, one.fleet.throughHub], [['peer'], 0]);
  }
  const streamed = scene({ withoutPeer: 'hub', upstreamFor: unreachable('peer') });
  const body = { kind: 'stream', stream: (async function* () {})() } as unknown as Call['body'];
  await assert.rejects(streamed.call(inTree(DIRECT, { avoid: [], body })), { code: 'unreachable' });
  assert.deepEqual(streamed.went, ['peer']);
});
