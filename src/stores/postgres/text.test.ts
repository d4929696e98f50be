/** What cannot be said in PostgreSQL's text is said otherwise, and nobody notices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromText, TYPES, toText } from './text.ts';
import { hasPassword, isPostgres } from './words.ts';

const text = fc
  .array(fc.constantFrom('\u0000', '\u0001', '\u0002', 'a', '🛩️'), { maxLength: 8 })
  .map((parts) => parts.join(''));

test('every text comes back as it was, and travels without U+0000', () => {
  fc.assert(
    fc.property(text, (given) => {
      assert.equal(fromText(toText(given)), given);
      assert.ok(!toText(given).includes('\u0000'));
    }),
  );
});

test('texts are in the same order before and after, so that a range over a prefix means the same', () => {
  const compare = (a: string, b: string): number => Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  fc.assert(fc.property(text, text, (a, b) => assert.equal(compare(toText(a), toText(b)), compare(a, b))));
});

test('a number that JavaScript cannot hold is refused and not rounded', () => {
  const parse = TYPES.getTypeParser(20, 'text') as (text: string) => unknown;
  assert.equal(parse('9007199254740991'), Number.MAX_SAFE_INTEGER);
  assert.throws(() => parse('9007199254740993'), /9007199254740993/);
});

test('a password is found wherever an address may hold it', () => {
  for (const [address, holds] of [
    ['postgres://ada@db.example:5432/airspace', false],
    ['postgresql://db.example/airspace?sslmode=verify-full', false],
    ['postgres:///airspace?host=/var/run/postgresql', false],
    ['postgres://ada@/airspace?host=/tmp', false],
    ['postgres://ada:secret@db.example/airspace', true],
    ['postgres://ada:secret@/airspace?host=/tmp', true],
    ['postgres://ada@db.example/airspace?password=secret', true],
    ['postgres://ada:@db.example/airspace', false],
    ['postgres://ada:sec ret@db.example:x/airspace', true],
  ] as const) {
    assert.ok(isPostgres(address));
    assert.equal(hasPassword(address), holds, address);
  }
  assert.ok(!isPostgres('mysql://db.example/airspace'));
});
