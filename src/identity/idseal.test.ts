import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { idSealOf } from './idseal.ts';

const keyOf = (name: string) => ({
  sign: (text: string | Uint8Array) => createHash('sha512').update(name).update(text).digest(),
});

test('what was put is opened again, by the same key only, and one changed letter opens nothing', () => {
  const seal = idSealOf(keyOf('a'));
  const words = seal.put('["default","alice","é"]');
  assert.match(words, /^[A-Za-z0-9_-]+$/);
  assert.equal(seal.put('["default","alice","é"]'), words);
  assert.equal(idSealOf(keyOf('a')).open(words), '["default","alice","é"]');
  assert.equal(idSealOf(keyOf('b')).open(words), undefined);
  for (let at = 0; at < words.length; at++) {
    const other = words[at] === 'A' ? 'B' : 'A';
    assert.equal(seal.open(words.slice(0, at) + other + words.slice(at + 1)), undefined, `letter ${at}`);
  }
  for (const wrong of ['', 'x', words.slice(1), `${words}A`, 'A'.repeat(60)]) assert.equal(seal.open(wrong), undefined);
});
