import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clean, cleanText, fit, widthOf } from './clean.ts';

const ESC = String.fromCharCode(0x1b);

test('escape sequences go whole, and other controls become a visible mark', () => {
  assert.equal(clean(`${ESC}[31mred${ESC}[0m`), 'red');
  assert.equal(clean(`${ESC}]0;title${String.fromCharCode(7)}x`), 'x');
  assert.equal(clean(`a${String.fromCharCode(0)}b${String.fromCharCode(0x9b)}2Jc`), 'a�bc');
  assert.equal(clean('two\r\nlines\tand a tab'), 'two lines and a tab');
  assert.equal(clean(`${ESC}c`), '');
});

test('direction marks cannot turn a line around', () => {
  assert.equal(clean('user‮nimda'), 'user�nimda');
});

test('no text at all brings a control character to the terminal', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must be gone.
  const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the same, but line breaks and tabs.
  const inText = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(ESC, '[', ']', '31m', String.fromCharCode(0x9b), String.fromCharCode(7), '\r', '\n', '‮'),
        fc.string({ unit: 'binary' }),
      ),
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(hostile, (text) => {
      assert.doesNotMatch(clean(text), controls);
      assert.doesNotMatch(cleanText(text), inText);
    }),
    { numRuns: 500 },
  );
});

test('a text fits its columns, wide characters counted twice', () => {
  assert.equal(widthOf('日本'), 4);
  assert.equal(fit('orders', 6), 'orders');
  assert.equal(fit('orders-eu', 6), 'order…');
  assert.equal(fit('日本語', 5), '日本…');
});
