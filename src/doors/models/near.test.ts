import assert from 'node:assert/strict';
import { test } from 'node:test';
import { near } from './near.ts';

test('a mistyped name finds those that are like it, and one that is like none the first ones', () => {
  const names = ['claude-opus-5', 'gpt-5.2', 'gpt-5.2-mini', 'openai/gpt-5.2', 'sora'];
  assert.deepEqual(near('gpt-52', names).slice(0, 2), ['gpt-5.2', 'gpt-5.2-mini']);
  assert.equal(near('claude-opus5', names)[0], 'claude-opus-5');
  assert.deepEqual(near('zzz', names), names.slice(0, 5));
  assert.deepEqual(near('x'.repeat(100_000), []), []);
});
