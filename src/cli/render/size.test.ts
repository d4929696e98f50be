import assert from 'node:assert/strict';
import { test } from 'node:test';
import { size } from './size.ts';

test('bytes are told in the largest unit of which there is one', () => {
  assert.deepEqual([0, 1, 1_023, 1_024, 1_536, 10 * 2 ** 30, 9.96 * 2 ** 30, 2 ** 42, 2 ** 60].map(size), [
    '0B',
    '1B',
    '1023B',
    '1KiB',
    '1.5KiB',
    '10GiB',
    '10GiB',
    '4TiB',
    '1048576TiB',
  ]);
});
