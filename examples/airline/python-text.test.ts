import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dumps, pythonFloat } from './python-text.ts';

const texts: readonly (readonly [unknown, string])[] = [
  [{ a: 1, b: [true, null, 'x'] }, '{"a": 1, "b": [true, null, "x"]}'],
  [{}, '{}'],
  [[], '[]'],
  [{ b: 1, a: 2 }, '{"b": 1, "a": 2}'],
  ['Århus', '"\\u00c5rhus"'],
  ['\u007f\n"\\/', '"\\u007f\\n\\"\\\\/"'],
  ['😀', '"\\ud83d\\ude00"'],
  [{ é: 0.5 }, '{"\\u00e9": 0.5}'],
  [-150, '-150'],
  [0.00001, '1e-05'],
];

for (const [value, text] of texts) {
  test(`${JSON.stringify(value)} is written as Python writes it`, () => assert.equal(dumps(value), text));
}

test('a float always shows that it is one', () => {
  assert.deepEqual([5, -0, 0.25, 1e16, 1e-7].map(pythonFloat), ['5.0', '-0.0', '0.25', '1e+16', '1e-07']);
});

test('whatever is written reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      assert.deepEqual(JSON.parse(dumps(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
