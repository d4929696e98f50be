/** Promises about room for telemetry: what there is is counted, what goes is the oldest, and what is worth keeping keeps its whole trace. */
import assert from 'node:assert/strict';
import type { CallEvent, Counting, EventWorth, Stores, TaskOutcome } from '../../contract/index.ts';
import { said } from './agent-spans.ts';
import type { StoreCheck } from './check.ts';
import type { OpenersCheck } from './openers.ts';
import { event } from './samples.ts';

/** Those with these call ids are worth keeping. */
const judging = (worth: Readonly<Record<string, EventWorth>> = {}): Counting => ({
  ...{ rowOf: () => undefined, onward: false },
  worthOf: ({ callId }) => worth[callId],
});

const counts = async ({ room }: Stores) => {
  const { events, agentSpans } = await room.size();
  return { events, agentSpans };
};

const of = (trace: string, at: number, more: Partial<CallEvent> = {}): CallEvent =>
  event(at, { trace, startedAtMs: at, ...more });

const TRACES = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(32)) as [string, string, string, string];

const left = async ({ traces }: Stores): Promise<readonly string[]> =>
  (await traces.recent({ limit: 100 })).map(({ trace }) => trace.slice(0, 1)).sort();

const named = (...names: readonly string[]) => names.map((trace) => ({ tenant: 'default', trace }));

const NEVER = Number.MAX_SAFE_INTEGER;

export const roomChecks = (promise: StoreCheck): void => {
  promise('room: what is kept is counted once, with its bytes, also after reopen', async (stores, again) => {
    assert.deepEqual([await counts(stores), (await stores.room.size()).oldestMs], [{ events: 0, agentSpans: 0 }, null]);
    await stores.traces.append([event(1), event(2, { attributes: { note: 'ü'.repeat(5_000) } })]);
    await stores.traces.append([event(1)]);
    await stores.traces.take('n', 'e', [{ seq: 1, event: event(3) }]);
    await stores.agentSpans.append([said(1), said(2), said(2)], 100);
    const reopened = await again();
    const { events, agentSpans, bytes, oldestMs } = await reopened.room.size();
    assert.deepEqual([events, agentSpans, oldestMs], [3, 2, event(1).startedAtMs]);
    assert.ok(bytes > 10_000 && bytes < 20_000, `${bytes}`);
    await reopened.traces.prune(event(3).startedAtMs);
    await reopened.agentSpans.prune(NEVER);
    assert.deepEqual(await counts(reopened), { events: 1, agentSpans: 0 });
    await reopened.traces.prune(NEVER);
    assert.equal((await reopened.room.size()).bytes, 0);
  });

  promise('room: the oldest go first, and nothing that agents said is kept for longer than calls', async (stores) => {
    await stores.traces.append([5, 1, 4, 2, 3].map((at) => of(TRACES[0], at)));
    await stores.agentSpans.append(
      [1, 2, 6].map((at) => said(at, { receivedAtMs: at })),
      100,
    );
    const { bytes, ...gone } = await stores.room.removeOldest(2);
    assert.deepEqual(gone, { events: 2, agentSpans: 2 });
    assert.ok(bytes > 0);
    assert.deepEqual(
      (await stores.traces.recent({ limit: 9 })).map(({ startedAtMs }) => startedAtMs),
      [5, 4, 3],
    );
    for (let round = 0; round < 9; round++) await stores.room.removeOldest(2);
    assert.deepEqual(await stores.room.removeOldest(2), { events: 0, agentSpans: 0, bytes: 0 });
    assert.deepEqual([await counts(stores), (await stores.room.size()).bytes], [{ events: 0, agentSpans: 0 }, 0]);
  });

  promise('room: a flood of what agents said goes before calls that are younger', async (stores) => {
    await stores.traces.append([of(TRACES[0], 50)]);
    await stores.agentSpans.append(
      [1, 2, 3, 60].map((at) => said(at, { receivedAtMs: at })),
      100,
    );
    const { bytes: _, ...gone } = await stores.room.removeOldest(2);
    assert.deepEqual(gone, { events: 0, agentSpans: 2 });
  });

  promise('room: traces that came in are told in parts, each once in its part', async ({ traces, room }) => {
    assert.equal(await room.newest(), 0);
    await traces.append([of(TRACES[0], 1), of(TRACES[1], 2), of(TRACES[0], 3)]);
    const through = await room.newest();
    await traces.append([of(TRACES[2], 4)]);
    const first = await room.arrived(0, through, 2);
    assert.deepEqual(first.traces, named(TRACES[0], TRACES[1]));
    assert.ok(first.seq < through);
    assert.deepEqual(await room.arrived(first.seq, through, 2), { traces: named(TRACES[0]), seq: through });
    assert.deepEqual(await room.arrived(through, through, 2), { traces: [], seq: through });
  });

  promise('room: a trace is dropped whole, with what agents said in it, and no other', async (stores) => {
    const { traces, agentSpans, room } = stores;
    await traces.append([of(TRACES[0], 1), of(TRACES[0], 2), of(TRACES[1], 3)], judging());
    await traces.append([of(TRACES[0], 4, { tenant: 'rivals' })], judging());
    await agentSpans.append([said(1, { trace: TRACES[0] }), said(2, { trace: TRACES[1] })], 100);
    const throughSeq = await room.newest();
    const { bytes, ...gone } = await room.drop(named(TRACES[0], TRACES[3]), { throughSeq, overMs: 0 });
    assert.deepEqual(gone, { traces: 1, events: 2, agentSpans: 1 });
    assert.ok(bytes > 0);
    assert.deepEqual([await left(stores), await counts(stores)], [['a', 'b'], { events: 2, agentSpans: 1 }]);
    assert.deepEqual((await traces.trace('rivals', TRACES[0])).length, 1);
  });

  promise('room: one event that is worth it keeps its whole trace, whichever it is', async (stores) => {
    const { traces, room } = stores;
    const one = of(TRACES[0], 2);
    await traces.append([of(TRACES[0], 1), one, of(TRACES[0], 3)], judging({ [one.callId]: 'denied' }));
    await traces.append([of(TRACES[1], 4)], judging());
    await traces.append([of(TRACES[2], 5)]);
    const until = { throughSeq: await room.newest(), overMs: NEVER };
    assert.equal((await room.drop(named(...TRACES), until)).traces, 1);
    assert.deepEqual(await left(stores), ['a', 'a', 'a', 'c'], 'what nobody judged is kept too');
  });

  promise('room: a trace of which somebody said that it did not end well is kept whole', async (stores) => {
    const { traces, agentSpans, room } = stores;
    const outcomes: readonly Pick<TaskOutcome, 'result' | 'score'>[] = [
      { result: 'completed' },
      { result: 'completed', score: 0.5 },
      { result: 'completed', score: 0.49 },
      { result: 'escalated', score: 1 },
      { result: 'abandoned' },
      { result: 'failed' },
    ];
    const ids = outcomes.map((_, at) => `${at}`.repeat(32));
    const saying = outcomes.map((outcome, at) =>
      said(at, { trace: ids[at]!, span: `outcome/${'0'.repeat(32)}`, outcome: { task: 'refund', ...outcome } }),
    );
    await traces.append(
      ids.map((id, at) => of(id, at + 1)),
      judging(),
    );
    await agentSpans.append([...saying, said(9, { trace: ids[0]!, name: 'think' })], 100);
    await agentSpans.append([{ ...saying[5]!, trace: ids[0]!, tenant: 'rivals' }], 100);
    const { bytes: _, ...gone } = await room.drop(named(...ids), { throughSeq: await room.newest(), overMs: NEVER });
    assert.deepEqual(gone, { traces: 2, events: 2, agentSpans: 3 });
    assert.deepEqual(await left(stores), ['2', '3', '4', '5']);
    assert.equal((await agentSpans.trace('rivals', ids[0]!)).length, 1);
  });

  promise('room: a trace that goes on waits, and not for ever', async (stores) => {
    const { traces, room } = stores;
    await traces.append([of(TRACES[0], 100)], judging());
    const throughSeq = await room.newest();
    await traces.append([of(TRACES[0], 200)], judging());
    assert.equal((await room.drop(named(TRACES[0]), { throughSeq, overMs: 100 })).traces, 0);
    assert.equal((await room.drop(named(TRACES[0]), { throughSeq, overMs: 101 })).events, 2);
  });

  promise(
    'room: how far traces were judged is remembered over a reopen, and can be forgotten',
    async ({ room }, again) => {
      assert.equal(await room.judged(), null);
      await room.judge(7);
      await room.judge(9);
      const reopened = await again();
      assert.equal(await reopened.room.judged(), 9);
      await reopened.room.judge(null);
      assert.equal(await reopened.room.judged(), null);
    },
  );

  promise('room: to give back what is free changes nothing that is kept', async (stores) => {
    await stores.traces.append(
      Array.from({ length: 300 }, (_, at) => event(at, { attributes: { text: 'x'.repeat(9_000) } })),
    );
    await stores.traces.prune(event(290).startedAtMs);
    const before = await stores.room.size();
    for (let most = 100; most > 0 && (await stores.room.giveBack()); most--);
    const { fileBytes, freeBytes, ...after } = await stores.room.size();
    assert.deepEqual(after, { events: 10, agentSpans: 0, bytes: before.bytes, oldestMs: before.oldestMs });
    assert.ok((fileBytes ?? 0) <= (before.fileBytes ?? 0));
    assert.ok((freeBytes ?? 0) <= 0.1 * (fileBytes ?? 0));
    assert.equal((await stores.traces.recent({ limit: 100 })).length, 10);
  });
};

export const roomOpenersChecks = (promise: OpenersCheck): void => {
  promise('two openers: what both keep and remove is counted once', async (one, other) => {
    for (let at = 0; at < 10; at++)
      await Promise.all([
        one.traces.append([event(at), event(500)]),
        other.traces.append([event(100 + at), event(500)]),
      ]);
    assert.equal((await other.room.size()).events, 21);
    await Promise.all([one.room.removeOldest(5), other.room.removeOldest(5)]);
    const { events } = await one.room.size();
    assert.equal((await other.traces.recent({ limit: 100 })).length, events);
    for (let round = 0; round < 9; round++) await other.room.removeOldest(5);
    const { bytes, ...gone } = await one.room.size();
    assert.deepEqual([gone.events, bytes], [0, 0]);
  });
};
