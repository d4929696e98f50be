import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RetryBudget, RetryBudgets } from './retry-budget.ts';

test('a target gets at most 10 retries at once, then one a second (R2)', () => {
  const budget = new RetryBudget(0);
  const taken = (nowMs: number): number => {
    let count = 0;
    while (budget.take(nowMs)) count += 1;
    return count;
  };
  assert.equal(taken(0), 10);
  assert.equal(taken(999), 0);
  assert.equal(taken(1000), 1);
  assert.equal(taken(4000), 3);
  assert.equal(taken(1_000_000), 10);
});

test('ten successes buy one retry (R2)', () => {
  const budget = new RetryBudget(0);
  while (budget.take(0));
  for (let success = 1; success <= 9; success += 1) budget.succeeded();
  assert.equal(budget.take(0), false);
  budget.succeeded();
  assert.equal(budget.take(0), true);
  assert.equal(budget.take(0), false);
});

test('over any history, retries stay within burst + 10 % of successes + 1 a second', () => {
  const step = fc.record({ afterMs: fc.integer({ min: 0, max: 3000 }), successes: fc.nat(30), wants: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const budget = new RetryBudget(0);
      let [nowMs, successes, retries] = [0, 0, 0];
      for (const { afterMs, successes: more, wants } of steps) {
        nowMs += afterMs;
        for (let at = 0; at < more; at += 1) budget.succeeded();
        successes += more;
        for (let at = 0; at < wants; at += 1) if (budget.take(nowMs)) retries += 1;
        assert.ok(retries <= 10 + successes / 10 + nowMs / 1000 + 1e-6);
      }
    }),
  );
});

test('a clock that stands still or goes back gives nothing for free', () => {
  const budget = new RetryBudget(5000);
  while (budget.take(5000));
  assert.equal(budget.take(0), false);
  assert.equal(budget.take(5000), false);
});

test('budgets are apart by key, and no more than the bound are kept', () => {
  const budgets = new RetryBudgets(2);
  const a = budgets.of('a', 0);
  assert.equal(budgets.of('a', 5), a);
  assert.notEqual(budgets.of('b', 0), a);
  budgets.of('c', 0);
  assert.notEqual(budgets.of('a', 0), a);
});
