import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recent } from './recent.ts';

test('what is used stays, and what is not goes before the limit is passed', () => {
  const recent = new Recent<number>(10);
  recent.set('used', 0);
  recent.set('left', 0);
  for (let at = 0; at < 1_000; at++) {
    recent.set(`k${at}`, at);
    assert.equal(recent.get('used'), 0, `after ${at}`);
  }
  assert.equal(recent.get('left'), undefined);
  assert.equal(recent.get('k999'), 999);
  const kept = Array.from({ length: 1_000 }, (_, at) => recent.get(`k${at}`)).filter((value) => value !== undefined);
  assert.ok(kept.length <= 10, `${kept.length} are kept`);
});
