import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

const value = fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(0xffffffff));

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const one of values) histogram.record(one);
  return histogram;
}

test('a quantile is the value of the same rank in the sorted list, within 1/512', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
        assert.ok(Math.abs(filled(values).quantile(q) - exact) <= exact / 512, `quantile ${q}`);
      },
    ),
  );
});

test('the count and the maximum are exact, and no quantile is over the maximum', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), (values) => {
      const histogram = filled(values);
      assert.equal(histogram.count, values.length);
      assert.equal(histogram.max, Math.max(...values));
      assert.ok(histogram.quantile(1) <= histogram.max);
    }),
  );
});

test('values outside the range are clamped, and an empty histogram answers 0', () => {
  assert.equal(filled([-5]).quantile(0.5), 0);
  assert.equal(filled([2 ** 40]).max, 2 ** 32 - 1);
  assert.equal(new Histogram().quantile(0.99), 0);
});
