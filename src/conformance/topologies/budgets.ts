/** The promise about budgets: what is paid for runs, what is not does not, and no way is a way around. */
import assert from 'node:assert/strict';
import type { Case } from './bench.ts';

export const BUDGET_PROMISES: readonly Case[] = [
  {
    promise: 'of twenty calls at the same time on a budget for five, five run, and the others are told why',
    check: async (bench) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => bench.call({ caller: 'alice', operation: 'count', body: '1' })),
      );
      const refused = answers.filter(({ status }) => status === 402);
      const problems = await Promise.all(refused.map((answer) => answer.json()));
      assert.deepEqual([answers.filter(({ status }) => status === 200).length, refused.length], [5, 15]);
      assert.equal(bench.ran().length, 5);
      for (const { code, executed } of problems) assert.deepEqual([code, executed], ['budget_exhausted', 'no']);
      // Others are not concerned.
      assert.equal((await bench.call({ caller: 'alice', operation: 'echo', body: '1' })).status, 200);
    },
  },
];
