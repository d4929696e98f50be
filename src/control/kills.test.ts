import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BreakerOrder,
  Fault,
  type KillList,
  type KillRequest,
  type KillStore,
  type Principal,
} from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { KillSwitch } from './kills.ts';

const ADA: Principal = { kind: 'user', tenant: 'default', id: 'ada', roles: ['operator'] };
const EVE: Principal = { ...ADA, tenant: 'acme', id: 'eve' };
const ORDERS: KillRequest = { kind: 'agent', name: 'orders', reason: 'it loops' };

const bench = (store: KillStore = memoryStores().kills) => {
  const world = new VirtualWorld(1);
  const stores = { ...memoryStores(), kills: store };
  const published: KillList[] = [];
  const start = () =>
    new KillSwitch({
      store,
      nextSeq: () => stores.nodes.next('kills'),
      clock: world.clock,
      ids: world.ids,
      publish: (list) => published.push(list),
    });
  return { world, store, published, start };
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (thrown) => Fault.from(thrown).code,
  );

test('an order is durable and published when it is acknowledged, and says who gave it and when', async () => {
  const { store, published, start } = bench();
  const kills = start();
  await kills.start();
  const { order, seq } = await kills.order(ADA, ORDERS);
  assert.match(order.id, /^kill-[0-9a-f]{8}$/);
  assert.deepEqual([order.by, order.tenant, order.untilMs], ['user/ada', 'default', null]);
  assert.deepEqual(await store.list(null), [order]);
  assert.deepEqual(published.at(-1), { seq, orders: [order] });
});

test('an order that cannot be kept is not acknowledged', async () => {
  const full = { ...memoryStores().kills, put: () => Promise.reject(new Fault('storage', 'the disk is full')) };
  const { published, start } = bench(
    Object.assign(Object.create(memoryStores().kills), { list: async () => [], put: full.put }),
  );
  const kills = start();
  await kills.start();
  assert.equal(await codeOf(kills.order(ADA, ORDERS)), 'storage');
  assert.deepEqual(published.at(-1)?.orders, []);
});

test('changes at the same time come one after the other: every list has all before it, under rising numbers', async () => {
  const { published, start } = bench();
  const kills = start();
  await kills.start();
  await Promise.all(Array.from({ length: 20 }, (_, at) => kills.order(ADA, { ...ORDERS, name: `agent-${at}` })));
  assert.deepEqual(
    published.map(({ seq, orders }) => [seq, orders.length]),
    Array.from({ length: 21 }, (_, at) => [at + 1, at]),
  );
});

test('a restart publishes what was in force, under a higher number', async () => {
  const { published, start } = bench();
  const before = start();
  await before.start();
  const { order, seq } = await before.order(ADA, ORDERS);
  const after = start();
  await after.start();
  assert.deepEqual(published.at(-1), { seq: seq + 1, orders: [order] });
});

test('an order is lifted once, and by its own tenant only', async () => {
  const { published, start } = bench();
  const kills = start();
  await kills.start();
  const { order } = await kills.order(ADA, ORDERS);
  assert.equal(await codeOf(kills.lift(EVE, order.id)), 'not_found');
  const lifted = await Promise.all([1, 2, 3].map(() => codeOf(kills.lift(ADA, order.id))));
  assert.deepEqual(lifted, ['none', 'not_found', 'not_found']);
  assert.deepEqual(published.at(-1)?.orders, []);
});

test('an order whose time is over is forgotten with the next change', async () => {
  const { world, store, published, start } = bench();
  const kills = start();
  await kills.start();
  const until = new Date(world.clock.wallMs() + 1_000).toISOString();
  await kills.order(ADA, { ...ORDERS, until });
  world.clock.after(1_000, () => {});
  await world.run();
  const { order } = await kills.order(ADA, { ...ORDERS, name: 'other' });
  assert.deepEqual(published.at(-1)?.orders, [order]);
  assert.deepEqual(await store.list(null), [order]);
});

test('orders that must not be are refused', async () => {
  const { world, start } = bench();
  const kills = start();
  await kills.start();
  const past = new Date(world.clock.wallMs() - 1).toISOString();
  const cases: readonly (readonly [Principal, KillRequest, string])[] = [
    [ADA, { ...ORDERS, until: past }, 'bad_request'],
    [ADA, { kind: 'user', name: 'ada', reason: 'me' }, 'bad_request'],
    [EVE, { kind: 'tenant', name: 'default', reason: 'theirs' }, 'denied'],
    [EVE, { kind: 'tenant', name: 'acme', reason: 'ours' }, 'none'],
    [ADA, { kind: 'tenant', name: 'acme', reason: 'the one that runs the hub may' }, 'none'],
    [ADA, { kind: 'user', name: 'eve', reason: 'somebody else' }, 'none'],
  ];
  for (const [by, request, expected] of cases)
    assert.equal(await codeOf(kills.order(by, request)), expected, JSON.stringify(request));
});

const BREAKER: BreakerOrder = {
  ...{ id: 'breaker-1', tenant: 'default', node: 'hub', endpoint: 'orders@a', mode: 'open', reason: 'it lies' },
  ...{ by: 'user/ada', atMs: 0, untilMs: Number.MAX_SAFE_INTEGER },
};

test('an order about a breaker goes with the list, stands beside orders to stop, and takes the place of the one before', async () => {
  const { world, published, start } = bench();
  const kills = start();
  await kills.start();
  assert.equal(published.at(-1)!.breakers, undefined);
  const { seq } = await kills.breaker({ ...BREAKER, untilMs: world.clock.wallMs() + 1_000 });
  assert.equal(seq, published.at(-1)!.seq);
  await kills.order(ADA, ORDERS);
  await kills.breaker({ ...BREAKER, id: 'breaker-2', node: 'sidecar-1' });
  await kills.breaker({ ...BREAKER, id: 'breaker-3', node: 'sidecar-1', mode: 'reset' });
  assert.deepEqual(
    [published.at(-1)!.orders.length, published.at(-1)!.breakers?.map(({ id }) => id)],
    [1, ['breaker-1', 'breaker-3']],
  );
  await world.run(world.clock.nowMs() + 2_000);
  await kills.renumber();
  assert.deepEqual(
    published.at(-1)!.breakers?.map(({ id }) => id),
    ['breaker-3'],
    'what is over is gone',
  );
});

test('there is an end to how many breakers are held, and whoever changes one of them needs no more room', async () => {
  const { start } = bench();
  const kills = start();
  await kills.start();
  for (let at = 0; at < 200; at++) await kills.breaker({ ...BREAKER, endpoint: `e${at}` });
  assert.equal(await codeOf(kills.breaker(BREAKER)), 'rate_limited');
  assert.equal(await codeOf(kills.breaker({ ...BREAKER, endpoint: 'e7', mode: 'reset' })), 'none');
});

test('there is an end to how many orders a list can have', async () => {
  const { start } = bench();
  const kills = start();
  await kills.start();
  for (let at = 0; at < 1_000; at++) await kills.order(ADA, ORDERS);
  assert.equal(await codeOf(kills.order(ADA, ORDERS)), 'rate_limited');
});

/** Two hubs over one store. */
const pair = async () => {
  const stores = memoryStores();
  const world = new VirtualWorld(1);
  const hub = () => {
    const published: KillList[] = [];
    const kills = new KillSwitch({
      store: stores.kills,
      nextSeq: () => stores.nodes.next('kills'),
      clock: world.clock,
      ids: world.ids,
      shared: true,
      publish: (list) => published.push(list),
    });
    return { kills, published };
  };
  const [one, other] = [hub(), hub()];
  await one.kills.start();
  await other.kills.start();
  return { one, other };
};

test('an order of another hub is in force once it is followed, and following what is known publishes nothing', async () => {
  const { one, other } = await pair();
  const { order, seq } = await one.kills.order(ADA, ORDERS);
  await other.kills.follow();
  assert.deepEqual(other.published.at(-1), { seq: seq + 1, orders: [order] });
  const { length } = other.published;
  await other.kills.follow();
  assert.equal(other.published.length, length);
});

test('an order joins those of another hub that were not heard of yet, and any hub lifts any of them', async () => {
  const { one, other } = await pair();
  const first = await one.kills.order(ADA, ORDERS);
  const second = await other.kills.order(ADA, { ...ORDERS, name: 'refunds' });
  assert.deepEqual(new Set(other.published.at(-1)?.orders), new Set([first.order, second.order]));
  await one.kills.lift(ADA, second.order.id);
  await other.kills.lift(ADA, first.order.id);
  assert.deepEqual(other.published.at(-1)?.orders, []);
});

test('for a node that has seen more elsewhere the same orders come under a new number', async () => {
  const { one, other } = await pair();
  const { seq, order } = await one.kills.order(ADA, ORDERS);
  await other.kills.renumber();
  assert.deepEqual(other.published.at(-1), { seq: seq + 1, orders: [order] });
});
