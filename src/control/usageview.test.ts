import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_USAGE, type UsageGroup } from '../contract/index.ts';
import { regrouped, usageItem, usageTotals, usageWindow } from './usageview.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 1_000 * DAY + 10 * HOUR + 30 * MINUTE + 5_000;

test('a while is told in steps that fit it, and only in those that are still kept', () => {
  const seen = (minutes: number, toMs = NOW) => {
    const { step, fromMs } = usageWindow(minutes, toMs, NOW);
    return [step, (NOW - fromMs) / MINUTE];
  };
  assert.deepEqual(seen(1), ['minute', 5 / 60], 'the current one alone');
  assert.deepEqual(seen(60), ['minute', 59 + 5 / 60]);
  assert.deepEqual(seen(121), ['hour', 150 + 5 / 60], 'from the beginning of its first hour');
  assert.deepEqual(seen(7 * 24 * 60)[0], 'hour');
  assert.deepEqual(seen(8 * 24 * 60)[0], 'day');
  assert.deepEqual(seen(60, NOW - 10 * HOUR)[0], 'hour', 'minutes of then are gone');
  assert.deepEqual(seen(60, NOW - 60 * DAY)[0], 'day');
});

const group = (change: Partial<UsageGroup>): UsageGroup => ({
  ...NO_USAGE,
  ...{ startMs: 0, caller: 'agent/a', target: 'model/m', operation: 'chat', calls: 1 },
  ...change,
});

test('groups are put together again by what was asked, the largest first', () => {
  const found = regrouped(
    [group({ target: 'model/x' }), group({ caller: 'agent/b', calls: 5 }), group({ startMs: 3, calls: 2 })],
    ['caller'],
    'calls',
  );
  assert.deepEqual(
    found.map(({ caller, target, startMs, calls }) => [caller, target, startMs, calls]),
    [
      ['agent/b', '', 0, 5],
      ['agent/a', '', 0, 3],
    ],
  );
});

test('an item has the names that were asked by, and no others; what is no number is null', () => {
  const durations = NO_USAGE.durations.map((_, at) => (at === 0 ? 2 : 0));
  const errors = { ...NO_USAGE.errors, target: 1 };
  const item = usageItem(group({ calls: 2, errors, tookMicros: 900, waitedMicros: 300, durations }), ['target']);
  assert.deepEqual(Object.keys(item).slice(0, 2), ['target', 'calls']);
  assert.deepEqual([item.errors, item.errorRatio, item.tookMs, item.waitedMs, item.meanMs], [1, 0.5, 0.9, 0.3, 0.45]);
  assert.equal(item.p50Ms, 0.5);
  const none = usageTotals([]);
  assert.deepEqual([none.calls, none.errorRatio, none.meanMs, none.p99Ms], [0, null, null, null]);
});
