/** Promises about sums per minute: added up once, and handed on once, whatever restarts between. */
import assert from 'node:assert/strict';
import type { CallEvent, Counting, Stores, SumRow } from '../../contract/index.ts';
import { MOST_SUM, MOST_SUM_ROWS, NO_COUNTS } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import type { OpenersCheck } from './openers.ts';
import { event, HOSTILE } from './samples.ts';

const sum = (calls: number, more: Partial<SumRow> = {}): SumRow => ({
  ...NO_COUNTS,
  ...{ minute: 7, tenant: 'default', domain: 'shop', kind: 'agent', target: 'till', caller: 'agent', calls },
  durations: NO_COUNTS.durations.map((_, at) => (at === 3 ? calls : 0)),
  ...more,
});

/** Counts every event as one call. */
const COUNTING: Counting = { rowOf: () => sum(1), onward: true };

const from = (seq: number, epoch = 'a', node = 'n') => ({ node, epoch, seq });

const read = ({ sums }: Stores, tenant = 'default') => sums.read(tenant, 0, 1_000);

const callsIn = async (stores: Stores): Promise<number> =>
  (await read(stores)).reduce((total, { calls }) => total + calls, 0);

const numbered = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => ({ seq: first + at, event: event(first + at) }));

export const sumChecks = (promise: StoreCheck): void => {
  promise('rows of one key are added up, number by number, and others stay apart', async (stores) => {
    const whole = {
      ...{ errors: 1, denied: 2, held: 3, costMicros: 4, inputTokens: 5, outputTokens: 6 },
      durations: NO_COUNTS.durations.map((_, at) => at),
    };
    await stores.sums.take(from(1), [sum(10, whole), sum(1, { caller: 'user' }), sum(2, { minute: 8 })], false);
    await stores.sums.take(from(2), [sum(10, whole), sum(3, { domain: 'office' })], false);
    const rows = await read(stores);
    assert.equal(rows.length, 4);
    assert.deepEqual(
      rows.find(({ calls }) => calls === 20),
      sum(20, {
        ...{ errors: 2, denied: 4, held: 6, costMicros: 8, inputTokens: 10, outputTokens: 12 },
        durations: whole.durations.map((count) => 2 * count),
      }),
    );
    assert.deepEqual(await stores.sums.read('default', 8, 8), [sum(2, { minute: 8 })]);
    assert.deepEqual(await read(stores, 'rivals'), []);
  });

  promise('totals are what the rows of a while add up to, without minutes and callers', async (stores) => {
    const more = { errors: 1, costMicros: MOST_SUM, durations: NO_COUNTS.durations.map((_, at) => at) };
    const row = { domain: 'shop', kind: 'agent', target: 'till' } as const;
    await stores.sums.take(from(1), [sum(1, more), sum(2, { ...more, minute: 8, caller: 'user' })], false);
    await stores.sums.take(
      from(2),
      [sum(4, { target: 'lid' }), sum(8, { minute: 9 }), sum(1, { tenant: 'rivals' })],
      false,
    );
    const totals = [...(await stores.sums.total('default', 7, 8))].sort((a, b) => (a.target < b.target ? -1 : 1));
    const { minute: _, tenant: __, caller: ___, ...lid } = sum(4, { target: 'lid' });
    assert.deepEqual(totals, [
      lid,
      { ...NO_COUNTS, ...row, ...more, calls: 3, errors: 2, durations: more.durations.map((count) => 2 * count) },
    ]);
  });

  promise('names in rows come back as they were written', async (stores) => {
    await stores.sums.take(
      from(1),
      HOSTILE.map((target) => sum(1, { target })),
      false,
    );
    assert.deepEqual(new Set((await read(stores)).map(({ target }) => target)), new Set(HOSTILE));
  });

  promise('a sum that gets too far stays at the largest whole number', async (stores) => {
    for (const seq of [1, 2]) await stores.sums.take(from(seq), [sum(MOST_SUM, { costMicros: MOST_SUM - 1 })], true);
    assert.deepEqual(
      (await read(stores)).map(({ calls, costMicros }) => [calls, costMicros]),
      [[MOST_SUM, MOST_SUM]],
    );
  });

  promise(
    'what a node sends under a number is taken once, also after reopen, and another epoch begins anew',
    async (stores, again) => {
      assert.equal(await stores.sums.take(from(1), [sum(1)], true), true);
      assert.equal(await stores.sums.take(from(1), [sum(100)], true), false);
      const reopened = await again();
      assert.equal(await reopened.sums.take(from(1), [sum(100)], true), false);
      assert.equal(await reopened.sums.take(from(2), [sum(2)], true), true);
      assert.equal(await reopened.sums.take(from(1, 'b'), [sum(4)], true), true);
      assert.equal(await reopened.sums.take(from(1, 'a', 'other'), [sum(8)], true), true);
      assert.equal(await callsIn(reopened), 15);
    },
  );

  promise('events are counted in the transaction that keeps them, those of a node once', async (stores, again) => {
    await stores.traces.append([event(1), event(2)], COUNTING);
    await stores.traces.append([event(3)]);
    await stores.traces.take('n', 'a', numbered(10, 12), COUNTING);
    await stores.traces.take('n', 'a', numbered(11, 14), COUNTING);
    const reopened = await again();
    await reopened.traces.take('n', 'a', numbered(10, 14), COUNTING);
    assert.equal(await callsIn(reopened), 7);
    const none: Counting = { rowOf: (_: CallEvent) => undefined, onward: true };
    await reopened.traces.append([event(4)], none);
    assert.equal(await callsIn(reopened), 7);
  });

  promise(
    'what waits for the parent goes under one number until it is sent, also after reopen',
    async (stores, again) => {
      assert.equal(await stores.sums.next(10, 'mine'), undefined);
      await stores.sums.take(from(1), [sum(1), sum(5, { minute: 6 })], true);
      await stores.sums.take(from(2), [sum(1)], true);
      await stores.sums.take(from(3), [sum(100)], false);
      const first = await stores.sums.next(1, 'mine');
      assert.deepEqual(first, { epoch: 'mine', seq: 1, rows: [sum(5, { minute: 6 })] });
      // More of the very row that is under way.
      await stores.sums.take(from(4), [sum(3, { minute: 6 })], true);
      const reopened = await again();
      assert.deepEqual(await reopened.sums.next(10, 'another'), first);
      await reopened.sums.sent(1);
      const second = await reopened.sums.next(10, 'another');
      assert.deepEqual([second?.epoch, second?.seq], ['mine', 2]);
      assert.deepEqual(second?.rows, [sum(3, { minute: 6 }), sum(2)]);
      await reopened.sums.sent(1);
      assert.deepEqual(await reopened.sums.next(10, 'another'), second);
      await reopened.sums.sent(2);
      assert.equal(await reopened.sums.next(10, 'another'), undefined);
    },
  );

  promise(`a domain has ${MOST_SUM_ROWS} rows in a minute, and everything else is in one row`, async (stores) => {
    const many = Array.from({ length: MOST_SUM_ROWS + 5 }, (_, at) => sum(1, { target: `t${at}` }));
    await stores.sums.take(from(1), many.slice(0, 300), true);
    await stores.sums.take(from(2), many.slice(300), true);
    await stores.sums.take(
      from(3),
      [sum(1, { target: 't1' }), sum(1, { target: 'late' }), sum(1, { minute: 8 })],
      true,
    );
    const rows = await read(stores);
    const others = rows.filter(({ kind }) => kind === 'other');
    assert.deepEqual(others, [sum(6, { kind: 'other', target: '', caller: 'other' })]);
    assert.equal(rows.filter(({ minute }) => minute === 7).length, MOST_SUM_ROWS + 1);
    assert.deepEqual([rows.find(({ target }) => target === 't1')?.calls, await callsIn(stores)], [2, many.length + 3]);
  });

  promise('old minutes are removed, also those that wait', async (stores) => {
    await stores.sums.take(from(1), [sum(1, { minute: 3 }), sum(2, { minute: 9 })], true);
    assert.equal(await stores.sums.prune(9), 1);
    assert.deepEqual((await stores.sums.next(10, 'mine'))?.rows, [sum(2, { minute: 9 })]);
    assert.equal(await callsIn(stores), 2);
  });
};

export const sumOpenersChecks = (promise: OpenersCheck): void => {
  promise('two openers: what both add is added up, and what a node sends to both is taken once', async (one, other) => {
    for (let seq = 1; seq <= 10; seq++)
      await Promise.all([
        one.sums.take(from(seq), [sum(1), sum(1, { caller: 'user' })], false),
        other.sums.take(from(seq), [sum(1, { caller: 'user' }), sum(1)], false),
        one.traces.append([event(seq)], COUNTING),
        other.traces.append([event(100 + seq)], COUNTING),
      ]);
    assert.equal(await callsIn(one), 40);
  });
};
