import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roomOptions } from './room-words.ts';

test('sizes and shares are what they say', () => {
  assert.deepEqual(roomOptions({}), {});
  assert.deepEqual(roomOptions({ keepSize: '64MiB', sample: '0%' }), { keepBytes: 67_108_864, sample: 0 });
  assert.deepEqual(roomOptions({ keepSize: '2TiB', sample: '100%' }), { keepBytes: 2 ** 41, sample: 1 });
  assert.deepEqual(roomOptions({ sample: '12.5%' }), { sample: 0.125 });
});

test('a word that is none is named, with one that would do', () => {
  for (const keepSize of ['10', '1GB', '63MiB', '-1GiB', '1e3GiB', ''])
    assert.throws(() => roomOptions({ keepSize }), /--keep-size must be 64MiB or more, such as 20GiB/, keepSize);
  for (const sample of ['10', '101%', '-1%', '1e1%', '%', 'all'])
    assert.throws(() => roomOptions({ sample }), /--sample must be from 0% to 100%, such as 10%/, sample);
});
