import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualWorld } from './virtual.ts';

const history = async (seed: number): Promise<string> => {
  const world = new VirtualWorld(seed);
  const lines: string[] = [];
  const client = async (name: string): Promise<void> => {
    for (let nth = 0; nth < 5; nth += 1) {
      await new Promise<void>((resolve) => world.clock.after(Math.floor(world.random() * 3), resolve));
      lines.push(`${world.clock.nowMs()} ${name} ${world.ids.spanId()}`);
    }
  };
  const clients = ['a', 'b', 'c'].map(client);
  await world.run();
  await Promise.all(clients);
  return lines.join('\n');
};

test('the same seed gives the same history, another seed another one', async () => {
  assert.equal(await history(7), await history(7));
  assert.notEqual(await history(7), await history(8));
});

test('events run in the order of their time, and the clock stands at each of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 50 }), fc.integer(), async (delays, seed) => {
      const world = new VirtualWorld(seed);
      const ran: number[] = [];
      for (const delayMs of delays)
        world.clock.after(delayMs, () => {
          assert.equal(world.clock.nowMs(), delayMs);
          ran.push(delayMs);
        });
      assert.equal(world.pending, delays.length);
      await world.run();
      assert.deepEqual(
        ran,
        [...delays].sort((a, b) => a - b),
      );
      assert.equal(world.pending, 0);
    }),
  );
});

test('events of one instant come in an order that depends on the seed only', async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed += 1) {
    const world = new VirtualWorld(seed);
    const ran: number[] = [];
    for (const id of [0, 1, 2]) world.clock.after(5, () => ran.push(id));
    await world.run();
    orders.add(ran.join());
  }
  assert.ok(orders.size > 3);
});

test('a promise chain of any length is finished before the next event', async () => {
  const world = new VirtualWorld(1);
  let turns = 0;
  world.clock.after(1, async () => {
    for (; turns < 500; turns += 1) await null;
  });
  world.clock.after(2, () => assert.equal(turns, 500));
  await world.run();
});

test('a run to an instant leaves later events for later', async () => {
  const world = new VirtualWorld(1);
  let ran = 0;
  world.clock.after(10, () => {
    ran += 1;
  });
  world.clock.after(11, () => {
    ran += 1;
  });
  await world.run(10);
  assert.deepEqual([ran, world.clock.nowMs(), world.pending], [1, 10, 1]);
  await world.run(50);
  assert.deepEqual([ran, world.clock.nowMs(), world.pending], [2, 50, 0]);
});

test('a cancelled event does not run, also when an event of the same instant cancels it', async () => {
  const world = new VirtualWorld(1);
  world.clock.after(1, () => assert.fail('cancelled')).cancel();
  const timers = [0, 1].map(() => world.clock.after(5, () => timers.forEach((timer) => void timer.cancel())));
  await world.run();
  assert.equal(world.pending, 0);
});

test('the wall clock may be anywhere; monotonic time does not notice', async () => {
  const world = new VirtualWorld(1);
  const before = world.clock.wallMs();
  world.wallSkewMs = -7_200_000;
  assert.equal(world.clock.wallMs(), before - 7_200_000);
  assert.equal(world.clock.nowMs(), 0);
});
