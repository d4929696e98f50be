import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definite, isNoWord } from './bench.ts';

const SILENT =
  'this call falls under budget `cap`, and node `sidecar-alice` holds no part of it that has room: its hub has not answered for 3 s; try again';

test('what a node could not ask in time is asked again, and any other answer is the last word', async () => {
  const answers = [SILENT, SILENT, 'budget `cap` has 0 calls left'];
  const asked = await definite(
    async () => answers.shift() ?? 'nobody asks again',
    async (said) => isNoWord(said),
  );
  assert.equal(asked, 'budget `cap` has 0 calls left');
});

test('a node that holds no part for another reason has said its word', () => {
  assert.equal(isNoWord(SILENT.replace('its hub has not answered for 3 s', 'budget `cap` may ask a person')), false);
});
