/** The promise about budgets: what is paid for runs, what is not does not, and no way is a way around. */
import assert from 'node:assert/strict';
import { type Bench, type Case, factsOf, until } from './bench.ts';
import type { Answer, CallerName, CallRequest } from './deployment.ts';
import { CROWD_LIMIT } from './fixture.ts';

const spend = (bench: Bench, operation: string, more: Partial<CallRequest> = {}): Promise<Answer> =>
  bench.call({ caller: 'alice', operation, body: '{}', ...more });

const exhausted = async (answer: Answer): Promise<void> => {
  const problem = await answer.json();
  assert.deepEqual([answer.status, problem['code'], problem['executed']], [402, 'budget_exhausted', 'no']);
};

/** In three domains, each with as many calls as the others. */
const CROWD = ['alice', 'mallory', 'bob', 'scribe'] as const;
const EACH = 25;

/** Which of them there is room for is chance, so none of them is compared. Answers whether it ran. */
const oneOfMany = async ({ deployment }: Bench, caller: CallerName): Promise<boolean> => {
  const answer = await deployment.call({ caller, operation: 'crowd', body: '1' });
  if (answer.status === 200) {
    await answer.bytes();
    return true;
  }
  await exhausted(answer);
  return false;
};

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
  {
    promise:
      'of a hundred calls at the same time, through every node there is, as many run as there is room for and no more',
    check: async (bench) => {
      const ran = await Promise.all(
        CROWD.flatMap((caller) => Array.from({ length: EACH }, () => oneOfMany(bench, caller))),
      );
      assert.equal(ran.filter((one) => one).length, bench.ran().length, 'who was refused did not run');
      assert.ok(bench.ran().length <= CROWD_LIMIT, `${bench.ran().length} ran`);
      // A part of the rest may be in the hands of a node that needs it no more, until its lease is over.
      await until(async () => {
        for (const caller of CROWD) await oneOfMany(bench, caller);
        return bench.ran().length >= CROWD_LIMIT;
      });
      for (const caller of CROWD) await exhausted(await spend(bench, 'crowd', { caller }));
      assert.equal(bench.ran().length, CROWD_LIMIT);
    },
  },
  {
    promise: 'what a call costs is set aside before it runs and booked when it has, and the record says it',
    check: async (bench) => {
      for (let n = 0; n < 3; n++) assert.equal((await spend(bench, 'priced')).status, 200);
      await exhausted(await spend(bench, 'priced'));
      assert.equal(bench.ran().length, 3);
    },
  },
  {
    promise: 'a price that nobody knows is never nothing',
    check: async (bench) => {
      const problem = await bench.refused({ caller: 'alice', operation: 'unpriced', body: '{}' }, 403, 'denied');
      assert.equal(factsOf(problem)['code'], 'PRICE_UNKNOWN');
    },
  },
  {
    promise: 'a call that never ran costs nothing',
    check: async (bench) => {
      const mill = { target: 'agent/mill' };
      for (let n = 0; n < 3; n++) assert.equal((await spend(bench, 'busy', mill)).status, 503);
      for (let n = 0; n < 2; n++) assert.equal((await spend(bench, 'work', mill)).status, 200);
      await exhausted(await spend(bench, 'work', mill));
      assert.equal(bench.ran().filter(({ operation }) => operation === 'work').length, 2);
    },
  },
  {
    promise: 'a soft limit that only tells lets the call through, up to the hard one',
    check: async (bench) => {
      for (let n = 0; n < 4; n++) assert.equal((await spend(bench, 'noted')).status, 200);
      await exhausted(await spend(bench, 'noted'));
    },
  },
  {
    promise: 'a soft limit that asks lets nothing through beyond it without a word of somebody',
    check: async (bench) => {
      for (let n = 0; n < 2; n++) assert.equal((await spend(bench, 'asked', { atHub: true })).status, 200);
      const answer = await spend(bench, 'asked', { atHub: true });
      assert.equal(answer.status, 403, Buffer.from(await answer.bytes()).toString());
      assert.equal((await answer.json())['code'], 'approval_required');
      assert.equal(bench.ran().length, 2);
    },
  },
  {
    promise: 'a budget that pauses keeps a call until its time is over, and nothing runs meanwhile',
    check: async (bench) => {
      assert.equal((await spend(bench, 'paused', { atHub: true })).status, 200);
      const answer = await spend(bench, 'paused', { atHub: true, headers: { 'airspace-timeout-ms': '1500' } });
      const problem = await answer.json();
      assert.equal(problem['executed'], 'no', JSON.stringify(problem));
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'a budget per tree is one for all calls of the tree, and another tree has its own',
    check: async (bench) => {
      for (const tree of ['first', 'second']) {
        assert.equal((await bench.call({ caller: 'alice', operation: 'echo', body: `"${tree}"` })).status, 200);
        const headers = { 'airspace-run': bench.ran().at(-1)?.headers['airspace-run'] ?? '' };
        const statuses: number[] = [];
        for (let n = 0; n < 3; n++)
          statuses.push((await spend(bench, 'treed', { caller: 'echo', body: `"${tree} ${n}"`, headers })).status);
        assert.deepEqual(statuses, [200, 200, 402], tree);
      }
    },
  },
  {
    promise: 'an idempotency key is paid for once',
    check: async (bench) => {
      const headers = { 'idempotency-key': `paid-once-${bench.deployment.hops}` };
      for (let n = 0; n < 3; n++) assert.equal((await spend(bench, 'kept', { headers })).status, 200);
      assert.equal((await spend(bench, 'kept')).status, 200);
      await exhausted(await spend(bench, 'kept'));
      assert.equal(bench.ran().length, 2);
    },
  },
];
