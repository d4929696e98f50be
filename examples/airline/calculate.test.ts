import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calculate } from './calculate.ts';
import { Refusal } from './refusal.ts';

const values: readonly (readonly [string, string])[] = [
  ['2 + 3', '5.0'],
  ['2+3*4', '14.0'],
  ['(2 + 3) * 4', '20.0'],
  ['10 - 4 - 3', '3.0'],
  ['24 / 4 / 2', '3.0'],
  ['10 / 4', '2.5'],
  ['1 / 3', '0.33'],
  ['-2 * -3', '6.0'],
  ['2 * -(3 + 1)', '-8.0'],
  ['- - 2', '2.0'],
  ['.5 + 1.', '1.5'],
  ['1 / 8', '0.12'],
  ['3 / 8', '0.38'],
  ['-1 / 8', '-0.12'],
  ['1.005', '1.0'],
  ['-1 / 1000', '-0.0'],
  ['10000000000000000', '1e+16'],
];

for (const [expression, value] of values) {
  test(`\`${expression}\` is ${value}`, () => assert.equal(calculate(expression), value));
}

const refusals: readonly (readonly [string, string])[] = [
  ['2 ** 3', 'invalid syntax'],
  ['7 // 2', 'invalid syntax'],
  ['', 'invalid syntax'],
  ['2 +', 'invalid syntax'],
  ['2 3', 'invalid syntax'],
  ['(2', 'invalid syntax'],
  ['2)', 'invalid syntax'],
  ['.', 'invalid syntax'],
  ['1.2.3', 'invalid syntax'],
  ['1 / 0', 'division by zero'],
  ['1 / (2 - 2)', 'division by zero'],
  ['2 + x', 'invalid characters in expression'],
  ['2\n+ 2', 'invalid characters in expression'],
  ['process.exit(1)', 'invalid characters in expression'],
  ['1e9', 'invalid characters in expression'],
  ['9'.repeat(400), 'result too large'],
  ['('.repeat(100_000), 'too many nested parentheses'],
];

for (const [expression, reason] of refusals) {
  test(`\`${expression.slice(0, 20)}\` is refused: ${reason}`, () => {
    assert.throws(() => calculate(expression), new Refusal(reason));
  });
}

test('a hundred thousand signs in a row do not exhaust the stack', () => {
  assert.equal(calculate(`${'-'.repeat(100_000)}5`), '5.0');
});

test('whole-dollar bills add up as their amounts do', () => {
  const amounts = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(amounts, (bill) => {
      const total = bill.reduce((sum, amount) => sum + amount, 0);
      assert.equal(calculate(bill.join(' + ')), `${total}.0`);
    }),
  );
});

test('any text made of the allowed characters is either computed or refused', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789+-*/(). '), maxLength: 40 });
  fc.assert(
    fc.property(text, (expression) => {
      try {
        assert.match(calculate(expression), /^-?\d/);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }),
  );
});
