import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { age, duration, parseDuration } from './time.ts';

test('durations have about three digits, long ones two units', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0ms'],
    [0.042, '0.04ms'],
    [1.25, '1.3ms'],
    [9.96, '10ms'],
    [12.4, '12ms'],
    [999.4, '999ms'],
    [999.6, '1s'],
    [1_240, '1.24s'],
    [12_340, '12.3s'],
    [59_960, '1m'],
    [204_000, '3m24s'],
    [3_600_000, '1h'],
    [187_200_000, '2d4h'],
    [-5, '-5ms'],
    [Number.NaN, '-'],
  ];
  for (const [ms, text] of cases) assert.equal(duration(ms), text, String(ms));
});

test('an age of less than a second is now', () => {
  assert.equal(age(1_000, 1_900), 'now');
  assert.equal(age(2_000, 1_000), 'now');
  assert.equal(age(0, 372_000), '6m12s');
});

test('what is written as a duration is read as one, and nothing else is', () => {
  assert.equal(parseDuration('500ms'), 500);
  assert.equal(parseDuration('1.5s'), 1_500);
  assert.equal(parseDuration('7d'), 604_800_000);
  for (const wrong of ['', '5', 's', '-1s', '5 s', '1e3s', '5sec'])
    assert.equal(parseDuration(wrong), undefined, wrong);
});

test('every duration has a short text', () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => duration(ms).length <= 10));
});
