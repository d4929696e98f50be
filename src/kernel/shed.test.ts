import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type Priority } from '../contract/index.ts';
import type { Handler } from './handler.ts';
import { loopback, loopbackCall, loopbackReply } from './loopback.ts';
import { Gate, type OverloadLevel, type ShedOptions, shed } from './shed.ts';
import { trial } from './trial.ts';

const gateOf = (options: Partial<ShedOptions> = {}): Gate =>
  new Gate({ limit: 2, priorityOf: (call) => call.priority, ...options });
const takes =
  (ms: number): Handler =>
  (_call, scope) =>
    new Promise((resolve) => scope.clock.after(ms, () => resolve(loopbackReply())));
const calling = (priority: Priority, timeoutMs?: number) =>
  loopbackCall({ priority, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
const told = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (thrown) => Fault.from(thrown).code,
  );

for (const [level, kept] of [
  [0, [0, 1, 2, 3]],
  [1, [0, 1, 2]],
  [2, [0, 1]],
  [3, [0]],
] as const) {
  test(`overload level ${level} keeps the classes ${kept.join(', ')} (L4)`, async () => {
    const { scope } = trial();
    const handler = shed(gateOf({ limit: 100, level: () => level as OverloadLevel }))(loopback().handler);
    for (const priority of [0, 1, 2, 3] as const) {
      const expected = kept.some((each) => each === priority) ? 'ok' : 'overloaded';
      assert.equal(await told(handler(calling(priority), scope)), expected);
    }
  });
}

test('a refusal was not executed and carries a jittered Retry-After (L6)', async () => {
  const { scope } = trial();
  const handler = shed(gateOf({ level: () => 1 }))(loopback().handler);
  const delays = new Set<number>();
  for (let nth = 0; nth < 20; nth += 1) {
    await assert.rejects(handler(calling(3), scope), (fault: Fault) => {
      delays.add(fault.retryAfterMs ?? 0);
      return fault.executed === 'no';
    });
  }
  assert.ok(delays.size > 10 && Math.min(...delays) >= 500 && Math.max(...delays) <= 1500);
});

test('the last 5 % are for class 0, which is never turned away (L4)', async () => {
  const { world, scope } = trial();
  const gate = gateOf({ limit: 100 });
  const handler = shed(gate)(takes(1000));
  const work = Array.from({ length: 96 }, () => handler(calling(1), scope));
  assert.deepEqual([gate.running, gate.waiting], [95, 1]);
  work.push(...Array.from({ length: 20 }, () => handler(calling(0), scope)));
  assert.equal(gate.running, 115);
  const outcomes = Promise.all(work.map(told));
  await world.run();
  assert.equal((await outcomes).filter((outcome) => outcome === 'ok').length, 115);
  assert.deepEqual([gate.running, gate.waiting, world.pending], [0, 0, 0]);
});

test('the more urgent goes first, whenever it came', async () => {
  const { world, scope } = trial();
  const order: number[] = [];
  const handler = shed(gateOf())((call, inner) => {
    order.push(call.priority);
    return takes(10)(call, inner);
  });
  const work = ([2, 3, 2, 1] as const).map((priority) => handler(calling(priority), scope));
  await world.run();
  await Promise.all(work);
  assert.deepEqual(order, [2, 1, 2, 3]);
});

test('nobody waits longer than 100 ms (L3)', async () => {
  const { world, scope } = trial();
  const handler = shed(gateOf())(takes(5000));
  void handler(calling(2), scope);
  const waited = told(handler(calling(2), scope)).then((outcome) => `${outcome} at ${world.clock.nowMs()}`);
  await world.run();
  assert.equal(await waited, 'overloaded at 100');
});

test('a call whose time ran out in the line is dropped and never reaches the work (L3)', async () => {
  const { world, scope } = trial();
  const target = loopback(async (_call, inner, execute) => {
    execute();
    await new Promise<void>((resolve) => inner.clock.after(60, resolve));
    return loopbackReply();
  });
  const handler = shed(gateOf())(target.handler);
  const work = [handler(calling(2), scope), handler(calling(2, 20), scope)].map(told);
  await world.run();
  assert.deepEqual(await Promise.all(work), ['ok', 'expired']);
  assert.equal(target.ledger.length, 1);
});

test('a caller that leaves the line leaves nothing behind', async () => {
  const { world, scope } = trial();
  const { scope: other, canceller } = trial(1, world);
  const gate = gateOf();
  const handler = shed(gate)(takes(50));
  const first = handler(calling(2), scope);
  const second = handler(calling(2), other);
  canceller.cancel(new Fault('cancelled', 'gone'));
  await assert.rejects(second, { code: 'cancelled', executed: 'no' });
  assert.deepEqual([gate.waiting, canceller.listening], [0, 0]);
  await world.run();
  await first;
  assert.equal(world.pending, 0);
});

test('a call whose turn came leaves no timer and no listener in the line', async () => {
  const { world, scope } = trial();
  const { scope: other, canceller } = trial(1, world);
  const handler = shed(gateOf())(takes(50));
  const work = [handler(calling(2), scope), handler(calling(2), other)];
  await world.run(50);
  // Only the work of the second one is left.
  assert.deepEqual([world.pending, canceller.listening], [1, 0]);
  await world.run();
  await Promise.all(work);
});

test('a line in which everybody waits long for half a second is a standing one, and is cut (L3)', async () => {
  const { world, scope } = trial();
  const handler = shed(gateOf())(takes(60));
  const endings: string[] = [];
  const arrive = (): void => {
    void told(handler(calling(2), scope)).then((outcome) => endings.push(`${outcome} at ${world.clock.nowMs()}`));
  };
  arrive();
  // One a turn, and one turn behind: each waits 59 ms.
  for (let nth = 0; nth < 12; nth += 1) world.clock.after(60 * nth + 1, arrive);
  await world.run();
  const dropped = endings.filter((ending) => ending.startsWith('overloaded'));
  assert.equal(dropped[0], 'overloaded at 600');
  assert.ok(dropped.length < 6, endings.join('; '));
});

test('a full line makes room for the more urgent', async () => {
  const { world, scope } = trial();
  const handler = shed(gateOf())(takes(30));
  const classes = [2, 3, 3, 3, 3, 1] as const;
  const work = classes.map((priority) => told(handler(calling(priority), scope)));
  await world.run();
  const outcomes = await Promise.all(work);
  assert.equal(outcomes[0], 'ok');
  assert.equal(outcomes[1], 'overloaded');
  assert.equal(outcomes[5], 'ok');
});

test('when calls take long, only as many wait as 100 ms of work', async () => {
  const { world, scope } = trial();
  const gate = gateOf({ limit: 100 });
  const handler = shed(gate)(takes(2000));
  for (let round = 0; round < 3; round += 1) {
    const work = Array.from({ length: 95 }, () => told(handler(calling(2), scope)));
    await world.run();
    await Promise.all(work);
  }
  const work = Array.from({ length: 300 }, () => told(handler(calling(2), scope)));
  assert.ok(gate.waiting >= 1 && gate.waiting <= 10, `${gate.waiting} wait`);
  await world.run();
  await Promise.all(work);
});

test('whatever happens, everybody is answered and nothing stays behind', async () => {
  const arrival = fc.record({
    afterMs: fc.nat(40),
    priority: fc.constantFrom<Priority>(0, 1, 2, 3),
    takesMs: fc.nat(300),
    timeoutMs: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    leavesMs: fc.option(fc.nat(200), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { maxLength: 40 }), fc.integer(), async (arrivals, seed) => {
      const { world } = trial(seed);
      const gate = gateOf({ limit: 3 });
      let most = 0;
      const work: Promise<string>[] = [];
      let atMs = 0;
      for (const [nth, { afterMs, priority, takesMs, timeoutMs, leavesMs }] of arrivals.entries()) {
        atMs += afterMs;
        world.clock.after(atMs, () => {
          const { scope, canceller } = trial(seed, world);
          if (leavesMs !== undefined)
            world.clock.after(leavesMs, () => canceller.cancel(new Fault('cancelled', 'gone')));
          work[nth] = told(shed(gate)(takes(takesMs))(calling(priority, timeoutMs), scope));
          most = Math.max(most, gate.waiting);
        });
      }
      await world.run();
      const outcomes = await Promise.all(work);
      assert.equal(outcomes.length, arrivals.length);
      assert.ok(most <= 6);
      assert.deepEqual([gate.running, gate.waiting, world.pending], [0, 0, 0]);
      for (const [nth, { priority }] of arrivals.entries()) if (priority === 0) assert.equal(outcomes[nth], 'ok');
    }),
    { numRuns: 50 },
  );
});
