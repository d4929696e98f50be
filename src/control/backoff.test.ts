import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from './backoff.ts';

test('the first tries come quickly, later ones anywhere in a window that grows to 30 s and no further', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((failures) => backoffMs(failures, () => 0)),
    [100, 200, 400, 800],
  );
  assert.deepEqual(
    [5, 9, 10, 1000].map((failures) => backoffMs(failures, () => 0.5)),
    [800, 12_800, 15_000, 15_000],
  );
  assert.equal(
    backoffMs(1000, () => 0),
    0,
  );
});
