import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type LeaseRequest, type NodeEntry, type Principal } from '../../contract/index.ts';
import { seeded, VirtualWorld } from '../../kernel/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { budget } from '../fixture.ts';
import { Budgets, Treasury } from '../index.ts';
import { giveBack, grantLeases, LeaseHolder } from './index.ts';

const sidecar = (id: string): NodeEntry => ({
  ...{ id, role: 'sidecar', tenant: 'acme', domain: 'shop', agent: `agent-${id}`, publicKey: '', url: '' },
});
const call = (n: number) => ({ micros: n, tokens: n, calls: 1 });

/** One hub and some sidecars, with a way between them that may be cut. */
const setUp = (nodes: number, entries = [budget({ unit: 'micros', limit: 1_000 })]) => {
  const world = new VirtualWorld(3);
  const { ledger } = memoryStores();
  const domains = [{ tenant: 'acme', name: 'shop', parent: '', delegated: false }];
  const budgets = new Budgets({ budgets: entries, domains });
  const treasury = new Treasury({ ledger, clock: world.clock });
  treasury.adopt(budgets);
  const way = { cut: false };
  let id = 0;
  const asked: LeaseRequest[] = [];
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    if (way.cut) throw new Fault('unreachable', 'the hub cannot be reached');
    return work();
  };
  const holders = Array.from({ length: nodes }, (_, n) => {
    const node = sidecar(`n${n}`);
    const granting = { treasury, nodes: () => nodes, nextId: () => String(++id) };
    const ask = (request: LeaseRequest) => {
      asked.push(request);
      return through(() => grantLeases(granting, node, request));
    };
    return new LeaseHolder({
      clock: world.clock,
      ask,
      report: (report) => through(() => giveBack(treasury, node, report)),
    });
  });
  const drawAt = (n: number, amount: number) => {
    const principal: Principal = { kind: 'agent', tenant: 'acme', id: `agent-n${n}`, domain: 'shop', roles: [] };
    const target = { kind: 'model' as const, name: 'big', operation: 'ask' };
    const payer = { principal, target, lineage: { root: 'r', depth: 0 } };
    const shares = budgets.sharesOf(payer, undefined, world.clock.wallMs());
    const facts = {
      principal: { kind: 'agent' as const, id: principal.id, domain: 'shop', teams: [] },
      target,
      session: null,
      root: 'r',
      user: null,
      classes: null,
    };
    return holders[n]!.draw(shares, facts, call(amount));
  };
  const account = async () => (await ledger.accounts({ tenant: 'acme' }))[0]!;
  return { world, ledger, treasury, holders, way, asked, drawAt, account };
};

test('calls draw on a lease without asking for each, and what they leave goes back', async () => {
  const { world, holders, asked, drawAt, account } = setUp(2);
  holders[0]!.start();
  for (let n = 0; n < 20; n++) (await drawAt(0, 10)).settle(call(4));
  assert.equal(asked.length, 1, 'a quarter of what is free is enough for all of them');
  assert.deepEqual([(await account()).spent, (await account()).reserved], [0, 250]);
  await world.run(12_000);
  assert.deepEqual([(await account()).spent, (await account()).reserved], [80, 0]);
  await holders[0]!.stop(true);
});

test('half through its time a lease gets a successor before it is over, and after its time nothing is drawn on it', async () => {
  const { world, way, asked, drawAt } = setUp(1);
  (await drawAt(0, 1)).settle(call(1));
  await world.run(5_000);
  (await drawAt(0, 1)).settle(call(1));
  assert.equal(asked.length, 2);
  way.cut = true;
  await world.run(14_000);
  (await drawAt(0, 1)).settle(call(1));
  await world.run(15_000);
  await assert.rejects(drawAt(0, 1), /the hub cannot be reached/);
});

test('a lease that nobody reports counts as spent, and a late report corrects that once', async () => {
  const { world, treasury, way, holders, drawAt, account } = setUp(1);
  holders[0]!.start();
  (await drawAt(0, 10)).settle(call(4));
  way.cut = true;
  await world.run(20_000);
  assert.equal(await treasury.expire(), 1);
  assert.deepEqual([(await account()).spent, (await account()).reserved], [500, 0]);
  way.cut = false;
  await world.run(22_000);
  assert.deepEqual([(await account()).spent, (await account()).reserved], [4, 0]);
  await holders[0]!.stop(true);
});

test('a no is believed for a second, and many who wait ask once', async () => {
  const { world, asked, drawAt } = setUp(1, [budget({ limit: 0 })]);
  const all = await Promise.allSettled(Array.from({ length: 100 }, () => drawAt(0, 1)));
  assert.ok(all.every(({ status }) => status === 'rejected'));
  await assert.rejects(drawAt(0, 1), /too little left/);
  assert.equal(asked.length, 1);
  await world.run(1_001);
  await assert.rejects(drawAt(0, 1), /too little left/);
  assert.equal(asked.length, 2);
});

test('a node draws on the budgets of those it speaks for only, and gives back nothing that is not its own', async () => {
  const { treasury, ledger, world } = setUp(1, [budget({ scope: { kind: 'agent', name: 'agent-n1' } })]);
  const granting = { treasury, nodes: () => 1, nextId: () => '1' };
  const target = { kind: 'model' as const, name: 'big', operation: 'ask' };
  const principal = { kind: 'agent' as const, id: 'agent-n1', domain: 'shop', teams: [] };
  const [terms] = treasury.budgets
    .sharesOf(
      { principal: { ...principal, tenant: 'acme', roles: [] }, target, lineage: { root: 'r', depth: 0 } },
      undefined,
      world.clock.wallMs(),
    )
    .map(({ account }) => account);
  const request = {
    principal,
    target,
    session: null,
    root: 'r',
    user: null,
    classes: null,
    accounts: [terms!.id],
    need: call(1),
  };
  assert.deepEqual((await grantLeases(granting, sidecar('n0'), request)).leases, [], 'it says that it is another');
  const hub: NodeEntry = { ...sidecar('d1'), role: 'domain', domain: 'other', agent: '' };
  await assert.rejects(grantLeases(granting, hub, request), /speaks for callers of domain `other` only/);
  assert.equal((await grantLeases(granting, sidecar('n1'), request)).leases.length, 1);
  await assert.rejects(giveBack(treasury, sidecar('n0'), { spent: [{ id: 'lease-n1-1', amount: 0 }] }), /has no lease/);
  assert.equal((await ledger.accounts({ tenant: 'acme' }))[0]?.reserved, 1);
});

test('whatever nodes draw, die and lose their hub: what was really spent never exceeds the limit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1 << 30 }), async (seed) => {
      const random = seeded(seed);
      const nodes = 1 + Math.floor(random() * 5);
      const { world, treasury, way, holders, drawAt, account } = setUp(nodes);
      const dead = new Set<number>();
      let spent = 0;
      let atMs = 0;
      for (const holder of holders) holder.start();
      for (let step = 0; step < 150; step++) {
        atMs += Math.floor(random() * 800);
        await world.run(atMs);
        way.cut = random() < 0.2;
        const n = Math.floor(random() * nodes);
        if (random() < 0.02) {
          dead.add(n);
          void holders[n]!.stop(false);
        }
        if (dead.has(n)) continue;
        const most = 1 + Math.floor(random() * 30);
        const drawn = await drawAt(n, most).catch(() => undefined);
        if (drawn !== undefined) {
          const came = Math.floor(random() * (most + 1));
          spent += came;
          world.clock.after(random() * 20_000, () => drawn.settle(call(came)));
        }
        if (random() < 0.1) await treasury.expire();
        const { spent: booked, reserved } = await account().then((one) => one ?? { spent: 0, reserved: 0 });
        assert.ok(booked + reserved <= 1_000, `seed ${seed}: ${booked} + ${reserved}`);
        assert.ok(
          spent <= booked + reserved,
          `seed ${seed}: ${spent} really spent, ${booked} + ${reserved} accounted for`,
        );
      }
      for (const holder of holders) void holder.stop(false);
    }),
    { numRuns: 60 },
  );
});
