/** Promises about usage: each call once in each step, grouped by whatever is asked, and never more rows than there is room for. */
import assert from 'node:assert/strict';
import type { CallEvent, Counting, Stores, UsageCall, UsageGroup, UsageQuery } from '../../contract/index.ts';
import { MOST_SUM, MOST_USAGE_ROWS, NO_USAGE } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import type { OpenersCheck } from './openers.ts';
import { event, HOSTILE } from './samples.ts';

/** The beginning of a day. */
const DAY = 20_000 * 24 * 3_600_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const used = (change: Partial<UsageCall> = {}): UsageCall => ({
  ...{ tenant: 'default', caller: 'agent/a', target: 'model/m', operation: 'chat', endedAtMs: DAY + 5 },
  ...{ isHeld: false, error: null, isDenied: false, attempts: 1, costMicros: 0, inputTokens: 0, outputTokens: 0 },
  ...{ tookMicros: 1_500, waitedMicros: 0 },
  ...change,
});

/** Keeps an event for each, under ids that were not used before. */
const keep = async ({ traces }: Stores, calls: readonly UsageCall[], first = 1): Promise<void> => {
  const events = calls.map((_, at) => event(first + at));
  await traces.append(events, countingAs(events, calls));
};

const countingAs = (events: readonly CallEvent[], calls: readonly (UsageCall | undefined)[]): Counting => {
  const known = new Map(events.map(({ callId }, at) => [callId, calls[at]]));
  return { rowOf: () => undefined, onward: false, usageOf: ({ callId }) => known.get(callId) };
};

const read = ({ usage }: Stores, change: Partial<UsageQuery> = {}): Promise<readonly UsageGroup[]> =>
  usage.read({
    ...{ tenant: 'default', step: 'minute', fromMs: 0, toMs: 2 * DAY, by: [], sort: 'calls', limit: 1_000 },
    ...change,
  });

const callsIn = (groups: readonly UsageGroup[]): number => groups.reduce((sum, { calls }) => sum + calls, 0);

export const usageChecks = (promise: StoreCheck): void => {
  promise('usage: a call is in its minute, its hour and its day, also after reopen', async (stores, again) => {
    await keep(stores, [
      used({
        ...{ costMicros: 2, inputTokens: 3, outputTokens: 4, attempts: 5, tookMicros: 6_000, waitedMicros: 7 },
        ...{ error: 'timeout', isDenied: true },
      }),
    ]);
    await keep(stores, [used({ endedAtMs: DAY + HOUR + MINUTE })], 10);
    const reopened = await again();
    const first: UsageGroup = {
      ...{ startMs: DAY, caller: 'agent/a', target: 'model/m', operation: 'chat', calls: 1, held: 0, denied: 1 },
      ...{ costMicros: 2, inputTokens: 3, outputTokens: 4, attempts: 5, tookMicros: 6_000, waitedMicros: 7 },
      errors: { ...NO_USAGE.errors, timeout: 1 },
      // 6 ms: from 5 to 7.
      durations: NO_USAGE.durations.map((_, at) => (at === 4 ? 1 : 0)),
    };
    const by = ['caller', 'target', 'operation', 'time'] as const;
    const minutes = await read(reopened, { by });
    assert.deepEqual(minutes[0], first);
    const starts = async (step: UsageQuery['step']) =>
      (await read(reopened, { step, by })).map(({ startMs, calls }) => [startMs - DAY, calls]);
    assert.deepEqual(await starts('minute'), [
      [0, 1],
      [HOUR + MINUTE, 1],
    ]);
    assert.deepEqual(await starts('hour'), [
      [0, 1],
      [HOUR, 1],
    ]);
    assert.deepEqual(await starts('day'), [[0, 2]]);
  });

  promise('usage: groups are told apart by what is asked, filtered, ordered and cut', async (stores) => {
    await keep(stores, [
      used({ costMicros: 1, tookMicros: 10 }),
      used({ caller: 'agent/b', costMicros: 9, tookMicros: 30 }),
      used({ caller: 'agent/b', target: 'tool/t', operation: 'book', error: 'target', tookMicros: 500 }),
      used({ tenant: 'rivals' }),
    ]);
    const names = async (change: Partial<UsageQuery>) =>
      (await read(stores, change)).map(({ caller, target, operation, calls }) => [caller, target, operation, calls]);
    assert.deepEqual(await names({ by: ['caller'] }), [
      ['agent/b', '', '', 2],
      ['agent/a', '', '', 1],
    ]);
    assert.deepEqual(await names({ by: ['target'], sort: 'errors' }), [
      ['', 'tool/t', '', 1],
      ['', 'model/m', '', 2],
    ]);
    assert.deepEqual(await names({ by: ['caller'], sort: 'cost', limit: 1 }), [['agent/b', '', '', 2]]);
    assert.deepEqual(await names({ by: ['operation'], sort: 'mean', caller: 'agent/b' }), [
      ['', '', 'book', 1],
      ['', '', 'chat', 1],
    ]);
    assert.deepEqual(await names({ target: 'model/m', operation: 'chat' }), [['', '', '', 2]]);
    assert.deepEqual(await names({ by: ['caller'], caller: 'agent/c' }), []);
    assert.deepEqual(await names({ tenant: 'nobody' }), []);
    assert.deepEqual(await names({ fromMs: DAY + 1 }), [], 'from the beginning of a step');
    assert.deepEqual(await names({ toMs: DAY }), []);
  });

  promise('usage: one that begins to wait adds to what was used, and is no call', async (stores) => {
    await keep(stores, [used({ isHeld: true, costMicros: 3, error: 'own', isDenied: true })]);
    const [seen] = await read(stores);
    assert.deepEqual(seen, {
      ...NO_USAGE,
      ...{ startMs: 0, caller: '', target: '', operation: '', held: 1, attempts: 1, costMicros: 3 },
    });
  });

  promise('usage: names come back as they were written, as far as there is room for them', async (stores) => {
    await keep(
      stores,
      HOSTILE.map((target) => used({ target })),
    );
    assert.deepEqual(
      new Set((await read(stores, { by: ['target'] })).map(({ target }) => target)),
      new Set(HOSTILE.map((text) => text.slice(0, 128))),
    );
  });

  promise('usage: names that are long in every place are kept as far as there is room for them', async (stores) => {
    const long = (of: string) => of.repeat(5_000);
    await keep(stores, [used({ caller: long('🛩'), target: long('ü'), operation: long('x') }), used()]);
    const [first] = await read(stores, { by: ['operation'], operation: long('x') });
    assert.equal(first?.calls, 1);
    assert.ok(long('x').startsWith(first.operation) && first.operation.length >= 100);
    assert.equal(callsIn(await read(stores)), 2);
  });

  promise('usage: a sum that gets too far stays at the largest whole number', async (stores) => {
    for (const first of [1, 10])
      await keep(stores, [used({ costMicros: MOST_SUM }), used({ tookMicros: MOST_SUM })], first);
    await keep(stores, [used({ caller: 'agent/b', costMicros: MOST_SUM })], 20);
    assert.deepEqual(
      (await read(stores, { by: [] })).map(({ costMicros, tookMicros }) => [costMicros, tookMicros]),
      [[MOST_SUM, MOST_SUM]],
    );
  });

  promise('usage: events of a node count once, and those that another node counts do not', async (stores, again) => {
    const numbered = [1, 2, 3].map((seq) => ({ seq, event: event(seq) }));
    const events = numbered.map((one) => one.event);
    const counting = countingAs(events, [used(), undefined, used()]);
    await stores.traces.take('n', 'a', numbered.slice(0, 2), counting);
    const reopened = await again();
    await reopened.traces.take('n', 'a', numbered, counting);
    await reopened.traces.append([event(9)]);
    assert.equal(callsIn(await read(reopened)), 2);
  });

  promise(
    `usage: a tenant has ${MOST_USAGE_ROWS} rows in a step, and everything else is in one row`,
    async (stores) => {
      const many = Array.from({ length: MOST_USAGE_ROWS + 5 }, (_, at) =>
        used({ caller: `agent/${String(at).padStart(5, '0')}` }),
      );
      await keep(stores, many.slice(0, 600));
      await keep(stores, many.slice(600), 1_001);
      await keep(
        stores,
        [used({ caller: 'agent/00001' }), used({ caller: 'agent/late' }), used({ tenant: 'rivals' })],
        3_001,
      );
      const groups = await read(stores, { by: ['caller', 'target', 'operation'], limit: 2_000 });
      const other = groups.find(({ caller }) => caller === 'other');
      assert.deepEqual([other?.target, other?.operation, other?.calls], ['other', 'other', 6]);
      assert.equal(groups.length, MOST_USAGE_ROWS + 1);
      assert.equal(groups.find(({ caller }) => caller === 'agent/00001')?.calls, 2);
      assert.equal(callsIn(groups), many.length + 2);
      assert.equal(callsIn(await read(stores, { tenant: 'rivals' })), 1);
    },
  );

  promise('usage: old steps are removed, each length by its own age', async (stores) => {
    await keep(stores, [used(), used({ endedAtMs: DAY + 30 * HOUR })]);
    assert.equal(await stores.usage.prune({ minute: DAY + 1, hour: DAY, day: DAY }), 1);
    assert.equal(await stores.usage.prune({ minute: DAY + 1, hour: DAY + HOUR, day: DAY + 24 * HOUR }), 2);
    const left = async (step: UsageQuery['step']) => callsIn(await read(stores, { step }));
    assert.deepEqual([await left('minute'), await left('hour'), await left('day')], [1, 1, 1]);
  });
};

export const usageOpenersChecks = (promise: OpenersCheck): void => {
  promise('two openers: usage that both add is added up', async (one, other) => {
    for (let round = 0; round < 10; round++)
      await Promise.all([
        keep(one, [used(), used({ caller: 'agent/b' })], round * 10),
        keep(other, [used({ caller: 'agent/b' }), used()], round * 10 + 5),
      ]);
    assert.deepEqual(
      (await read(one, { by: ['caller'] })).map(({ calls }) => calls),
      [20, 20],
    );
  });
};
