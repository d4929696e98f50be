/** The promises about budgets: who spends and where is not for the topology to say, and neither is how much. */
import assert from 'node:assert/strict';
import type { Case } from './bench.ts';
import { BUDGET_LIMIT } from './fixture.ts';

const CALLS = 3 * BUDGET_LIMIT;

export const BUDGET_PROMISES: readonly Case[] = [
  {
    promise: 'of many calls at the same time on a budget for five, five run, and the others hear which budget it was',
    check: async (bench) => {
      const answers = await Promise.all(
        Array.from({ length: CALLS }, (_, n) =>
          bench.call({ caller: n % 2 === 0 ? 'alice' : 'mallory', operation: 'counted', body: '{}' }),
        ),
      );
      assert.equal(bench.ran().length, BUDGET_LIMIT);
      const refused = answers.filter(({ status }) => status !== 200);
      assert.equal(refused.length, CALLS - BUDGET_LIMIT);
      for (const answer of refused) {
        const problem = await answer.json();
        const facts = problem['facts'] as Record<string, unknown>;
        assert.deepEqual(
          [answer.status, problem['code'], facts['code'], facts['budget']],
          [402, 'budget_exhausted', 'BUDGET_EXHAUSTED', 'five'],
        );
      }
    },
  },
];
