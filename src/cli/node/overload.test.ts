import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelOf } from './overload.ts';

test('one signal sheds batch work, a loop that is far behind sheds standard work too', () => {
  assert.deepEqual(
    [levelOf(5, 0.3), levelOf(71, 0.3), levelOf(5, 0.81), levelOf(300, 0.3), levelOf(5, 0.96)],
    [0, 1, 1, 2, 2],
  );
});
