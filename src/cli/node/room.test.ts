import assert from 'node:assert/strict';
import { test } from 'node:test';
import { said } from '../../conformance/stores/agent-spans.ts';
import { event } from '../../conformance/stores/samples.ts';
import { type CallEvent, type Counting, isSampled, type RemovedWhy } from '../../contract/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { Notable } from '../../telemetry/index.ts';
import { Room, type RoomOptions } from './room.ts';

const MINUTE = 60_000;

const roomWith = async (options: RoomOptions) => {
  const world = new VirtualWorld(1);
  const stores = memoryStores();
  const noted: (readonly [RemovedWhy, number])[] = [];
  const failed: unknown[] = [];
  const room = new Room({
    ...{ ...options, store: stores.room, world },
    removed: (why, { events }) => noted.push([why, events]),
    failed: (cause) => failed.push(cause),
  });
  const notable = new Notable();
  const counting: Counting = { rowOf: () => undefined, onward: false, worthOf: (one) => notable.why(one) };
  return {
    ...{ world, stores, room, noted, failed },
    keep: (...events: readonly CallEvent[]) => stores.traces.append(events, counting),
    left: async () => (await stores.traces.recent({ limit: 10_000 })).length,
    pass: (ms: number): Promise<void> => world.run(world.clock.nowMs() + ms),
  };
};

/** Ids that a share of a tenth does not keep, and one that it does. */
const ids = Array.from({ length: 200 }, (_, at) => at.toString(16).padStart(32, '0'));
const [LEFT_OUT, LEFT_OUT_TOO] = ids.filter((id) => !isSampled(id, 0.1)) as [string, string];
const SAMPLED = ids.find((id) => isSampled(id, 0.1))!;

test('what is beyond the size goes, the oldest first, and is counted', async () => {
  const { keep, room, noted, left, stores, pass } = await roomWith({ keepBytes: 2_000_000 });
  await keep(...Array.from({ length: 3_000 }, (_, at) => event(at)));
  const before = await stores.room.size();
  assert.ok(before.bytes > 3_000_000);
  await room.start();
  await pass(MINUTE);
  const { bytes, removed, events } = room.status;
  assert.ok(bytes <= 2_000_000 && events >= 1_000, `${bytes}`);
  assert.deepEqual([removed.size, removed.size + events, noted], [3_000 - events, 3_000, [['size', 3_000 - events]]]);
  assert.equal(await left(), events);
  assert.equal((await stores.traces.recent({ limit: 1 }))[0]?.callId, event(2_999).callId, 'the newest stays');
  await pass(MINUTE);
  assert.equal(room.status.removed.size, removed.size, 'and nothing goes that has room');
});

test('of ordinary traces a share is kept once they are over, and what is worth it keeps its whole trace', async () => {
  const { keep, room, left, noted, pass } = await roomWith({ sample: 0.1 });
  await room.start();
  const denied = { status: 'denied', code: 'denied' } as const;
  await keep(event(1, { trace: LEFT_OUT }), event(2, { trace: LEFT_OUT }), event(3, { trace: SAMPLED }));
  await keep(event(4, { trace: LEFT_OUT_TOO }));
  await pass(MINUTE);
  assert.equal(await left(), 4, 'nobody knows yet how they end');
  await keep(event(5, { trace: LEFT_OUT_TOO, ...denied }));
  for (const _ of [1, 2, 3]) await pass(MINUTE);
  assert.equal(await left(), 3);
  assert.deepEqual([room.status.removed.sample, noted], [2, [['sample', 2]]]);
  await keep(event(6, { trace: LEFT_OUT, ...denied }), event(7, { trace: LEFT_OUT_TOO }));
  for (const _ of [1, 2, 3, 4]) await pass(MINUTE);
  assert.equal(await left(), 5, 'what is denied later keeps what is there then');
});

test('an outcome that is not good keeps the trace that it is said of, and comes too late once that was judged', async () => {
  const { keep, room, stores, left, pass } = await roomWith({ sample: 0 });
  await room.start();
  const say = (trace: string) =>
    stores.agentSpans.append(
      [said(1, { trace, span: 'outcome/1', outcome: { task: 'refund', result: 'escalated' } })],
      100,
    );
  await keep(event(1, { trace: LEFT_OUT }), event(2, { trace: LEFT_OUT_TOO }), event(3, { trace: SAMPLED }));
  await pass(MINUTE);
  await say(LEFT_OUT);
  for (const _ of [1, 2, 3]) await pass(MINUTE);
  await say(LEFT_OUT_TOO);
  for (const _ of [1, 2, 3]) await pass(MINUTE);
  assert.equal(await left(), 2, 'and the newest, which always stays');
  assert.deepEqual((await stores.traces.trace('default', LEFT_OUT)).length, 1);
});

test('a trace that goes on is judged when it is over, and not later than after an hour', async () => {
  const { keep, room, left, pass, world } = await roomWith({ sample: 0 });
  await room.start();
  const startedAtMs = world.clock.wallMs();
  for (let minute = 0; minute < 50; minute++) {
    await keep(event(minute, { trace: LEFT_OUT, startedAtMs }));
    await pass(MINUTE);
  }
  assert.equal(await left(), 50);
  for (let minute = 50; minute < 70; minute++) {
    await keep(event(minute, { trace: LEFT_OUT, startedAtMs }));
    await pass(MINUTE);
  }
  assert.ok((await left()) < 12, `${await left()}`);
});

test('what came while everything was kept stays when a share is asked for later', async () => {
  const { keep, stores, world, left } = await roomWith({});
  await keep(event(1, { trace: LEFT_OUT }));
  const again = new Room({ sample: 0, store: stores.room, world, removed: () => {}, failed: () => {} });
  await again.start();
  await keep(event(2, { trace: LEFT_OUT_TOO }), event(4, { trace: SAMPLED }));
  for (let minute = 0; minute < 5; minute++) {
    await world.run(world.clock.nowMs() + MINUTE);
  }
  assert.equal(await left(), 2, 'the one from before, and the newest');
  await keep(event(3, { trace: LEFT_OUT }));
  const all = new Room({ store: stores.room, world, removed: () => {}, failed: () => {} });
  await all.start();
  assert.equal(await stores.room.judged(), null, 'and a share that is asked for after that begins anew');
});

test('the newest call stays until there is another, so that no number comes twice', async () => {
  const { keep, room, left, pass } = await roomWith({ sample: 0 });
  await room.start();
  await keep(event(1, { trace: LEFT_OUT }));
  await pass(10 * MINUTE);
  assert.equal(await left(), 1);
  await keep(event(2, { trace: LEFT_OUT_TOO }));
  await pass(10 * MINUTE);
  assert.deepEqual([await left(), room.status.removed.sample], [1, 1]);
});

test('a store that fails is told, and asked again', async () => {
  const { world, stores } = await roomWith({});
  const failed: unknown[] = [];
  const sick = { ...stores.room, size: stores.room.size.bind(stores.room), judge: async () => {} };
  const room = new Room({ store: sick, world, removed: () => {}, failed: (cause) => failed.push(cause) });
  const stop = await room.start();
  sick.size = async () => Promise.reject(new Error('no disk'));
  await world.run(world.clock.nowMs() + 21_000);
  assert.equal(failed.length, 2);
  stop();
});
