import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSampled } from './sample.ts';

const ids = Array.from({ length: 20_000 }, (_, at) => at.toString(16).padStart(32, '0'));

test('a share of traces is kept, evenly, also of ids that are alike', () => {
  for (const share of [0.01, 0.1, 0.5]) {
    const kept = ids.filter((id) => isSampled(id, share)).length / ids.length;
    assert.ok(Math.abs(kept - share) < 0.01, `${share}: ${kept}`);
  }
  assert.equal(ids.filter((id) => isSampled(id, 0)).length, 0);
  assert.ok(ids.every((id) => isSampled(id, 1)));
});

test('what a small share keeps a larger one keeps too, so that nodes with other shares agree', () => {
  for (const id of ids) if (isSampled(id, 0.05)) assert.ok(isSampled(id, 0.2), id);
});
