import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LoadResult } from './load/order.ts';
import { doubtsOf, figuresOf, medianOf, wasDisturbed } from './statistics.ts';

const quiet = { hopUs: 50_000, hopCores: 0.5, foreignShare: 0.01, stealShare: 0 };
const noisy = { ...quiet, foreignShare: 0.04, stealShare: 0.02 };
const good: LoadResult = {
  calls: 1_000,
  errors: 0,
  firstError: null,
  unfinished: 0,
  elapsedMs: 500,
  latencyUs: { p50: 100, p90: 200, p99: 300, p999: 400, max: 500 },
  lateP99Us: null,
  cpu: quiet,
};

test('a median has as many values below it as above it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 30 }), (values) => {
      const median = medianOf(values);
      const below = values.filter((value) => value < median).length;
      assert.ok(below * 2 <= values.length && values.filter((value) => value > median).length * 2 <= values.length);
    }),
  );
});

test('CPU per call and throughput are of the same window', () => {
  const figures = figuresOf([good]);
  assert.equal(figures.cpuUsPerCall?.median, 50);
  assert.equal(figures.rps.median, 2_000);
  assert.equal(figures.valid, true);
});

test('every way in which a window can mislead is named', () => {
  const cases: readonly [Partial<LoadResult>, RegExp][] = [
    [{ cpu: noisy }, /foreign CPU or steal/],
    [{ cpu: null }, /cannot be measured/],
    [{ calls: 0 }, /no call/],
    [{ errors: 1, firstError: 'read ECONNRESET' }, /ECONNRESET/],
    [{ unfinished: 1 }, /no reply/],
    [{ lateP99Us: 5_000 }, /late/],
  ];
  assert.deepEqual(doubtsOf(good), []);
  for (const [change, expected] of cases) assert.match(doubtsOf({ ...good, ...change }).join(), expected);
});

test('figures come from the valid windows, and need half of the windows to be valid', () => {
  const bad = { ...good, cpu: noisy, calls: 10 };
  assert.equal(figuresOf([good, good, bad]).rps.min, 2_000);
  assert.equal(figuresOf([good, bad]).valid, true);
  assert.equal(figuresOf([good, bad, bad]).valid, false);
});

test('when no window is valid all are shown, and said not to be valid', () => {
  const figures = figuresOf([{ ...good, cpu: noisy }]);
  assert.deepEqual([figures.valid, figures.rps.median, figures.doubts.length], [false, 2_000, 1]);
});

test('one failed call makes the row invalid, however many windows were fine', () => {
  assert.equal(figuresOf([good, good, good, { ...good, errors: 1, firstError: 'x' }]).valid, false);
});

test('a window is measured again for noise of the machine, never to hide what the target did', () => {
  assert.equal(wasDisturbed({ ...good, cpu: noisy }), true);
  assert.equal(wasDisturbed({ ...good, cpu: noisy, errors: 1, firstError: 'x' }), false);
  assert.equal(wasDisturbed({ ...good, unfinished: 1 }), false);
  assert.equal(wasDisturbed(good), false);
});
