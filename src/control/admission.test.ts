import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../contract/index.ts';
import { Canceller, VirtualWorld } from '../kernel/index.ts';
import { Admission } from './admission.ts';
import { HubBench, snapshot } from './linkfixture.ts';

const LIMITS = { atOnce: 2, waiting: 3, turnMs: 1_000, retryAfterMs: 5_000 };

test('a few at once, the others in the order in which they came, and the rest are told when to come again', () => {
  const world = new VirtualWorld(1);
  const admission = new Admission(world.clock, LIMITS);
  const turns = Array.from({ length: 5 }, () => admission.request());
  assert.deepEqual(
    turns.map(({ isOpen }) => isOpen),
    [true, true, false, false, false],
  );
  assert.throws(
    () => admission.request(),
    (thrown) => thrown instanceof Fault && thrown.code === 'unavailable' && thrown.retryAfterMs === 5_000,
  );
  const opened: number[] = [];
  for (const [at, turn] of turns.entries()) turn.onOpen(() => opened.push(at));
  turns[1]!.end();
  turns[3]!.end();
  turns[0]!.end();
  turns[0]!.end();
  assert.deepEqual(opened, [2, 4]);
  for (const turn of turns) turn.end();
  assert.deepEqual([admission.running, admission.waiting, world.pending], [0, 0, 0]);
});

test('one that does not read stands in nobody’s way for longer than its turn', async () => {
  const world = new VirtualWorld(1);
  const admission = new Admission(world.clock, LIMITS);
  const turns = Array.from({ length: 3 }, () => admission.request());
  await world.run(999);
  assert.equal(turns[2]!.isOpen, false);
  await world.run(1_001);
  assert.equal(turns[2]!.isOpen, true);
});

test('a node that waits for its turn is sent orders to stop all the same', async () => {
  const bench = new HubBench();
  const blocked = new Admission(bench.world.clock, { ...LIMITS, atOnce: 1, turnMs: 60_000 });
  blocked.request();
  bench.publish(snapshot(1));
  const { node } = await bench.join();
  const closing = new Canceller();
  const held = { snapshotSeq: 0, rosterSeq: 0, killsSeq: 0 };
  const reader = bench.publisher.newerThan(held, closing, { node, turn: blocked.request() });
  const next = reader.next();
  bench.publisher.publish('kills', { seq: 1, orders: [] });
  assert.equal((await next).value!.kind, 'kills');
  const waiting = reader.next();
  await bench.pass(59_000);
  bench.publisher.publish('kills', { seq: 2, orders: [] });
  assert.equal((await waiting).value!.kind, 'kills');
  const last = reader.next();
  await bench.pass(2_000);
  assert.equal((await last).value!.kind, 'snapshot');
  closing.cancel(new Fault('cancelled', 'over'));
  await reader.next();
  assert.deepEqual([blocked.running, blocked.waiting], [0, 0]);
});
