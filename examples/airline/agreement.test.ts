import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareReplies } from './agreement.ts';

const rows: readonly (readonly [string, string, string])[] = [
  ['{"a": 1, "b": [2]}', '{"b":[2],"a":1}', 'same'],
  ['255.0', '255.0', 'same'],
  ['', '', 'same'],
  ['255.0', '255', 'different'],
  ['Error: user not found', 'Error: user not found.', 'different'],
  ['{"address": {"province": "TX"}}', '{"address": {"state": "TX"}}', 'renamed'],
  ['{"address": {"province": "TX"}}', '{"address": {"state": "NY"}}', 'different'],
  ['{"address": {"state": "TX"}}', '{"address": {"province": "TX"}}', 'different'],
  ['[1, 2]', '[2, 1]', 'different'],
  ['{"a": 1}', '{"a": 1, "b": 2}', 'different'],
  ['{broken', '{"broken": 1}', 'different'],
];

for (const [recorded, actual, verdict] of rows) {
  test(`\`${recorded}\` and \`${actual}\` are ${verdict}`, () =>
    assert.equal(compareReplies(recorded, actual).verdict, verdict));
}

test('a difference names its first place and both values, in short', () => {
  const long = 'x'.repeat(500);
  const compared = compareReplies('{"flights": [{"price": 1}]}', `{"flights": [{"price": "${long}"}]}`);
  assert.ok(compared.verdict === 'different');
  assert.match(compared.difference, /^reply\.flights\.0\.price: recorded 1, now "x{10,130}…$/);
});
