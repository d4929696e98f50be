import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Resting } from './resting.ts';

const DB = { kind: 'tool', name: 'db', operation: 'run' } as const;

test('a place that was away rests, longer each time that it is still away, and is well with its first answer', () => {
  const resting = new Resting();
  const rests = (from: number, to: number): readonly boolean[] =>
    [from, to - 1, to].map((nowMs) => resting.has('t', DB, nowMs));
  const isAwayAt = (nowMs: number): void => {
    resting.asked('t', DB, nowMs);
    resting.away('t', DB, nowMs);
  };
  assert.equal(resting.has('t', DB, 0), false);
  isAwayAt(0);
  assert.deepEqual(rests(0, 5_000), [true, true, false]);
  isAwayAt(5_000);
  assert.deepEqual(rests(5_000, 15_000), [true, true, false]);
  for (const atMs of [15_000, 35_000, 65_000]) isAwayAt(atMs);
  assert.deepEqual(rests(65_000, 95_000), [true, true, false], 'and never longer than half a minute');
  resting.answered('t', DB);
  isAwayAt(200_000);
  assert.deepEqual(rests(200_000, 205_000), [true, true, false]);
});

test('many calls that find out at once are one time, and one call finds out whether it is back', () => {
  const resting = new Resting();
  for (let calls = 0; calls < 100; calls++) resting.away('t', DB, calls);
  assert.deepEqual([resting.has('t', DB, 4_999), resting.has('t', DB, 5_000)], [true, false]);
  resting.asked('t', DB, 5_000);
  assert.equal(resting.has('t', DB, 5_000), true, 'others go elsewhere until it has come back');
  assert.equal(resting.has('t', DB, 10_000), false, 'and not for ever, if it never does');
});

test('it is one target of one tenant, with all of its operations', () => {
  const resting = new Resting();
  resting.away('t', DB, 0);
  assert.equal(resting.has('t', { ...DB, operation: 'other' }, 0), true);
  for (const other of [
    { ...DB, name: 'other' },
    { ...DB, kind: 'agent' as const },
  ])
    assert.equal(resting.has('t', other, 0), false);
  assert.equal(resting.has('u', DB, 0), false);
});
