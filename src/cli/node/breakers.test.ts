/** Breakers of one node: what it tells, and what becomes of orders about them as lists come and go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreakerOrder, BreakerView, NodeEntry, NodeView, Principal, TargetEntry } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { Breaker, VirtualWorld } from '../../kernel/index.ts';
import { type Candidate, Fleet } from '../../routing/index.ts';
import { breakerPort } from './breakerport.ts';
import { breakersUp, NodeBreakers } from './breakers.ts';

const target = (name: string, tenant = 't'): TargetEntry => ({
  ...{ tenant, kind: 'agent', name, domain: 'shop', labels: {}, endpoints: [], health: null },
  ...{ operations: [{ name: 'ask', effect: 'read', idempotent: true }], concurrency: 10, timeoutMs: null },
});
const candidate = (id: string): Candidate => ({
  ...{ id, url: `http://${id}`, protocol: 'direct', node: '', final: false, version: '1', weight: 1, labels: {} },
  state: 'ready',
});

const ORDERS = target('orders');
const REST_MS = 6_001;

const node = (endpoints: readonly string[] = ['a', 'b']) => {
  const world = new VirtualWorld(1);
  const breakers = new NodeBreakers({ clock: world.clock, node: 'hub' });
  const made = new Map<string, Breaker>();
  const fleet = new Fleet((endpoint, { tenant }) => {
    const breaker = new Breaker({
      ...{ endpoint, random: world.random },
      onTransition: (_, from, to) => breakers.log.note(tenant, endpoint, from, to),
    });
    breakers.born(tenant, endpoint, breaker);
    made.set(`${tenant}/${endpoint}`, breaker);
    return breaker;
  });
  breakers.watch(fleet);
  const hear = (...ids: readonly string[]): void => {
    fleet.swap([ORDERS, target('orders', 'rival')], () => ids.map(candidate));
    for (const one of [ORDERS, target('orders', 'rival')]) fleet.pool({ target: one, via: 'hub' }, world.clock.nowMs());
  };
  hear(...endpoints);
  const fail = (endpoint: string): void => {
    const breaker = made.get(`t/${endpoint}`)!;
    for (let times = 0; times < 5; times++)
      breaker.settle(breaker.enter(world.clock.nowMs()), 'unreachable', world.clock.nowMs());
  };
  const pass = (ms: number) => world.run(world.clock.nowMs() + ms);
  const order = (mode: BreakerOrder['mode'], more: Partial<BreakerOrder> = {}): BreakerOrder => ({
    ...{ id: `breaker-${mode}`, tenant: 't', node: 'hub', endpoint: 'a', mode, reason: 'it lies', by: 'user/ada' },
    ...{ atMs: world.clock.wallMs(), untilMs: world.clock.wallMs() + 60_000, ...more },
  });
  const seen = () => breakers.list('t').map(({ endpoint, state, held }) => `${endpoint} ${state} ${held?.mode ?? '-'}`);
  return { world, breakers, fleet, hear, fail, pass, order, seen, made };
};

test('a breaker that was always closed is not told; one that opened is, and is not told above any more when it has been well for long', async () => {
  const { breakers, fail, pass, seen, made, world } = node();
  assert.deepEqual(seen(), []);
  fail('a');
  assert.deepEqual(seen(), ['a open -']);
  assert.deepEqual(breakers.list('rival'), []);
  await pass(REST_MS);
  assert.deepEqual(seen(), ['a half_open -']);
  const breaker = made.get('t/a')!;
  for (let times = 0; times < 3; times++)
    breaker.settle(breaker.enter(world.clock.nowMs()), 'success', world.clock.nowMs());
  assert.deepEqual(seen(), ['a closed -']);
  assert.deepEqual(
    breakersUp(breakers, 't').map(({ target: of, domain, changes }) => [of, domain, changes.map(({ to }) => to)]),
    [['agent/orders', 'shop', ['closed', 'half_open', 'open']]],
  );
  await pass(16 * 60_000);
  assert.deepEqual(breakersUp(breakers, 't'), []);
  assert.deepEqual(seen(), ['a closed -'], 'the node itself remembers');
});

test('an order is carried out once however often its list comes, and given back when it is gone or over', async () => {
  const { breakers, pass, order, seen, fail, made } = node();
  let changes = 0;
  breakers.onChange(() => void changes++);
  const open = order('open');
  const all = [open, order('open', { node: 'somebody', endpoint: 'b' }), order('open', { tenant: 'acme' })];
  breakers.enforce(all);
  assert.deepEqual(seen(), ['a open open']);
  assert.equal(made.get('rival/a')!.forced, null, 'an endpoint of another tenant may have the same name');
  const before = changes;
  breakers.enforce(all);
  assert.equal(changes, before);
  breakers.enforce([]);
  assert.deepEqual(seen(), ['a closed -']);
  breakers.enforce([order('closed', { id: 'breaker-2', untilMs: order('closed').atMs + 5_000 })]);
  fail('a');
  assert.deepEqual(seen(), ['a closed closed'], 'whatever calls say');
  await pass(5_100);
  assert.deepEqual(seen(), ['a closed -']);
  fail('a');
  assert.deepEqual(seen(), ['a open -'], 'it follows its calls again');
});

test('a reset gives a clean sheet once, also to a breaker that nobody held', () => {
  const { breakers, order, seen, fail } = node();
  fail('a');
  const reset = order('reset');
  breakers.enforce([reset]);
  assert.deepEqual(seen(), ['a closed -']);
  fail('a');
  breakers.enforce([reset]);
  assert.deepEqual(seen(), ['a open -'], 'the same order is not a second one');
});

test('a breaker that comes while it is held is held, and one whose endpoint went away comes back free when it is over', () => {
  const { breakers, hear, order, seen } = node(['b']);
  breakers.enforce([order('open')]);
  assert.deepEqual(seen(), []);
  hear('a', 'b');
  assert.deepEqual(seen(), ['a open open']);
  hear('b');
  breakers.enforce([]);
  hear('a', 'b');
  assert.deepEqual(seen(), ['a closed -']);
});

const ADA: Principal = { kind: 'user', tenant: 't', id: 'ada', roles: ['operator'] };
const below = (id: string, state: NodeView['state']): NodeView => ({
  node: { id, role: 'domain', tenant: 't', domain: 'shop', agent: '', publicKey: '', url: '' } satisfies NodeEntry,
  ...{ state, heardAtMs: null, snapshotSeq: 0, rosterSeq: 0, killsSeq: 0, killsAtMs: null, refused: null },
  ...{ capabilities: [], lostEvents: 0, certificate: null, exports: null, sumsRefused: null },
});
const told = (at: string, endpoint: string): BreakerView => ({
  ...{ node: at, target: 'agent/orders', domain: 'shop', endpoint, state: 'open', changes: [] },
});

const port = (seen: readonly BreakerView[], above: (order: BreakerOrder) => readonly BreakerOrder[] = () => []) => {
  const at = node();
  const given: BreakerOrder[] = [];
  const force = breakerPort({
    ...{ node: 'hub', own: at.breakers, world: at.world, logger: { log: () => {} } },
    followsOther: (id) => (id === 'hub-4' ? 'hub/second' : undefined),
    above: () => above(at.order('open')),
    nodes: {
      breakers: (tenant) => (tenant === 't' ? seen : []),
      list: (tenant) =>
        tenant === 't' ? [below('hub-2', 'alive'), below('hub-3', 'silent'), below('hub-4', 'alive')] : [],
    },
    kills: {
      breaker: async (order) => {
        given.push(order);
        return { seq: 7 };
      },
    },
  });
  const ask = async (endpoint: string, more: object = {}, by = ADA) => {
    try {
      const { order, warnings } = await force.force(by, {
        ...{ endpoint, mode: 'open', reason: 'why', forMs: 1_000, ...more },
      });
      return { on: order.node, warnings };
    } catch (thrown) {
      const { code, message } = Fault.from(thrown);
      return { code, message };
    }
  };
  return { ...at, force, ask, given };
};

test('an order goes to the node that has the breaker; where several have one, they are named', async () => {
  const { ask, given, world } = port([told('hub-2', 'c'), told('hub-2/sidecar-1', 'd'), told('hub-2', 'd')]);
  assert.deepEqual(await ask('a'), { on: 'hub', warnings: [] });
  assert.deepEqual(await ask('c'), { on: 'hub-2', warnings: [] });
  const several = await ask('d');
  assert.equal(several.code, 'conflict');
  assert.match(several.message!, /`hub-2\/sidecar-1`, `hub-2`.*`node`/);
  assert.deepEqual(await ask('d', { node: 'hub-2/sidecar-1' }), { on: 'hub-2/sidecar-1', warnings: [] });
  assert.deepEqual(
    given.map((one) => [one.node, one.by, one.untilMs - one.atMs]),
    [
      ['hub', 'user/ada', 1_000],
      ['hub-2', 'user/ada', 1_000],
      ['hub-2/sidecar-1', 'user/ada', 1_000],
    ],
  );
  assert.ok(
    given.every(({ id, atMs }) => /^breaker-[0-9a-f]{8}$/.test(id) && atMs === Math.floor(world.clock.wallMs())),
  );
});

test('what is not known is refused with what to ask, and what was never heard of is said', async () => {
  const { ask } = port([]);
  assert.equal((await ask('z')).code, 'not_found');
  assert.equal((await ask('a', {}, { ...ADA, tenant: 'acme' })).code, 'not_found', 'another tenant sees none of it');
  assert.match((await ask('a', { node: 'hub-9' })).message!, /no node `hub-9`/);
  assert.match((await ask('z', { node: 'hub' })).message!, /no endpoint `z`/);
  assert.match((await ask('z', { node: 'hub-2/sidecar-1' })).warnings![0]!, /has said nothing of a breaker of `z`/);
  assert.match((await ask('z', { node: 'hub-3' })).warnings![1]!, /`hub-3` is not connected/);
});

test('a node that follows another hub over the same store is ordered there', async () => {
  const { ask, given } = port([told('hub-4/sidecar-1', 'e')]);
  const refused = await ask('e');
  assert.deepEqual([refused.code, given.length], ['conflict', 0]);
  assert.match(refused.message!, /`hub-4` follows `hub\/second`.*ask that one/);
});

test('whoever opens the last way to a target is told', async () => {
  const { ask, breakers, order } = port([]);
  breakers.enforce([order('open', { endpoint: 'b' })]);
  assert.match((await ask('a')).warnings![0]!, /nothing else takes calls of `agent\/orders`/);
  assert.deepEqual((await ask('a', { mode: 'closed' })).warnings, []);
});

test('nobody takes back here what was said above', async () => {
  const { ask } = port([], (order) => [order]);
  const refused = await ask('a', { mode: 'reset' });
  assert.equal(refused.code, 'denied');
  assert.match(refused.message!, /`a` is held open by `user\/ada` from above/);
  assert.equal((await ask('b')).on, 'hub');
});
