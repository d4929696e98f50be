/** Trees that came by: the first word about each stays, for as many as fit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Trees } from './trees.ts';

test('the first word about a tree stays', () => {
  const trees = new Trees();
  assert.equal(trees.arm('t', 'a'), undefined);
  assert.equal(trees.begin('t', 'a', ''), '');
  assert.equal(trees.begin('t', 'a', 'r@1'), '');
  assert.equal(trees.begin('t', 'b', 'r@1'), 'r@1');
  assert.equal(trees.arm('t', 'b'), 'r@1');
});

test('the newest trees are remembered, and those that still call, in bounded space', () => {
  const trees = new Trees(10);
  trees.begin('t', 'old', 'r@1');
  trees.begin('t', 'busy', 'r@1');
  for (let at = 0; at < 100; at++) {
    trees.begin('t', `tree-${at}`, '');
    trees.arm('t', 'busy');
  }
  assert.equal(trees.arm('t', 'old'), undefined);
  assert.equal(trees.arm('t', 'busy'), 'r@1');
  assert.equal(trees.arm('t', 'tree-91'), '');
});

test('a tree of one tenant says nothing about another', () => {
  const trees = new Trees();
  trees.begin('one', 'a', 'r@1');
  assert.equal(trees.arm('two', 'a'), undefined);
});

test('whatever comes, nothing is remembered in another way than it was said first', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.constantFrom('', 'r@1', 'r@2'))), (words) => {
      const trees = new Trees(31);
      const first = new Map<number, string>();
      for (const [tree, trial] of words) {
        if (!first.has(tree)) first.set(tree, trial);
        assert.equal(trees.begin('t', String(tree), trial), first.get(tree));
      }
    }),
  );
});
