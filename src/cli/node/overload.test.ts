import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lasting, levelOf } from './overload.ts';

test('one signal sheds batch work, a loop that is far behind sheds standard work too', () => {
  assert.deepEqual(
    [levelOf(5, 0.3), levelOf(71, 0.3), levelOf(5, 0.81), levelOf(300, 0.3), levelOf(5, 0.96)],
    [0, 1, 1, 2, 2],
  );
});

test('a stumble sheds nothing; what lasts for a second does, as far as it lasted', () => {
  const lasting = new Lasting();
  const levels = ([2, 2, 2, 1, 2, 2, 0, 2] as const).map((reading) => lasting.next(reading));
  assert.deepEqual(levels, [0, 0, 0, 1, 1, 1, 0, 0]);
});
