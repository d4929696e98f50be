/** Numbers that a double changes are found, and no others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberLostIn } from './exact-json.ts';

test('a number that another one would be read for is found', () => {
  for (const text of [
    '9007199254740993',
    '12345678901234567890',
    '1e400',
    '-1e400',
    '1e-400',
    '0.10000000000000000001',
  ])
    assert.equal(numberLostIn(`{"a":[${text}]}`), text);
});

test('what means the same in other digits is not', () => {
  for (const text of ['1.50', '1.0', '5e2', '0.30000000000000004', '9007199254740991', '1e22', '0', '-0.0', '0.7'])
    assert.equal(numberLostIn(`{"a":${text}}`), undefined, text);
  assert.equal(numberLostIn('{"a":"12345678901234567890","b":"1e400"}'), undefined);
});
