/** Redaction: the named fields are gone, everything else means what it meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, exactJson } from '../kernel/index.ts';
import { isPointer, redact } from './redact.ts';

const through = (text: string, ...pointers: string[]): string =>
  new TextDecoder().decode(bytesOf(redact(exactJson(new TextEncoder().encode(text)), pointers)));

const table: readonly (readonly [string, string, readonly string[], string])[] = [
  ['a field', '{"a":1,"b":2}', ['/a'], '{"a":"[redacted]","b":2}'],
  ['a field deep down', '{"a":{"b":[1]}}', ['/a/b'], '{"a":{"b":"[redacted]"}}'],
  ['what is not there stays away', '{"a":1}', ['/b', '/a/c', '/a/0'], '{"a":1}'],
  ['an element', '[{"a":1},{"a":2}]', ['/1/a'], '[{"a":1},{"a":"[redacted]"}]'],
  ['the length of an array is no field', '{"a":[1]}', ['/a/length', '/a/-', '/a/00'], '{"a":[1]}'],
  [
    'escaped names',
    '{"a/b":1,"m~n":2,"~1":3}',
    ['/a~1b', '/m~0n', '/~01'],
    '{"a/b":"[redacted]","m~n":"[redacted]","~1":"[redacted]"}',
  ],
  ['the empty name', '{"":1}', ['/'], '{"":"[redacted]"}'],
  [
    'names of every object',
    '{"__proto__":{"x":1},"constructor":2}',
    ['/__proto__/x', '/constructor', '/toString'],
    '{"__proto__":{"x":"[redacted]"},"constructor":"[redacted]"}',
  ],
  ['__proto__ itself', '{"__proto__":{"x":1}}', ['/__proto__'], '{"__proto__":"[redacted]"}'],
  ['a field in a field that is redacted', '{"a":{"b":1}}', ['/a', '/a/b'], '{"a":"[redacted]"}'],
  ['no object', '"text"', ['/0', '/length'], '"text"'],
  ['null', 'null', ['/a'], 'null'],
  ['of two fields of one name the one that readers see', '{"a":1,"a":2}', ['/b'], '{"a":2}'],
  [
    'numbers keep their digits',
    '{"id":12345678901234567890,"x":1.0,"y":1e400,"z":-0,"n":0.1,"a":1}',
    ['/a'],
    '{"id":12345678901234567890,"x":1.0,"y":1e400,"z":-0,"n":0.1,"a":"[redacted]"}',
  ],
  ['a number beyond a double', '{"a":12345678901234567890}', ['/a'], '{"a":"[redacted]"}'],
];
for (const [name, text, pointers, expected] of table)
  test(name, () => assert.equal(through(text, ...pointers), expected));

test('without a pointer that matches, JSON means what it meant', () => {
  fc.assert(
    fc.property(fc.json(), (text) => assert.deepEqual(JSON.parse(through(text, '/no such field/x')), JSON.parse(text))),
  );
});

test('a pointer names a field, not the document', () => {
  for (const right of ['/a', '/a/b/0', '/', '/a~0b~1c', '/a b']) assert.equal(isPointer(right), true, right);
  for (const wrong of ['', 'a', 'a/b', '$.a', '/a~', '/a~2', '#/a']) assert.equal(isPointer(wrong), false, wrong);
});
