/** The promises about facts: what a policy must know and a caller cannot supply is asked through the same pipeline, in every topology. */
import assert from 'node:assert/strict';
import type { Bench, Case } from './bench.ts';
import type { CallRequest } from './deployment.ts';

const transfer = (account: string): CallRequest => ({
  caller: 'alice',
  operation: 'transfer',
  body: JSON.stringify({ account }),
  headers: { 'content-type': 'application/json' },
});

/** What ran besides the questions. */
const work = (bench: Bench): readonly string[] =>
  bench.ran().flatMap(({ operation }) => (operation === 'account' ? [] : [operation]));

export const FACT_PROMISES: readonly Case[] = [
  {
    promise: 'a policy decides on facts that the caller did not send, and airspace asked for them',
    check: async (bench) => {
      const answer = await bench.call(transfer('open'));
      assert.equal(answer.status, 200, Buffer.from(await answer.bytes()).toString());
      assert.deepEqual(work(bench), ['transfer']);
      const questions = bench.ran().filter(({ operation }) => operation === 'account');
      assert.deepEqual([...new Set(questions.map(({ body }) => body))].sort(), ['{"id":"ann"}', '{"id":"open"}']);
      for (const { headers } of questions) assert.match(headers['airspace-principal'] ?? '', /id=airspace/);
    },
  },
  {
    promise: 'a fact that forbids does so before anything runs',
    check: async (bench) => {
      const answer = await bench.call(transfer('frozen'));
      const problem = await answer.json();
      assert.equal(answer.status, 403);
      assert.equal((problem['facts'] as Record<string, unknown>)['code'], 'FROZEN');
      assert.deepEqual(work(bench), []);
    },
  },
  {
    promise: 'a fact that cannot be had denies, and names itself and why',
    check: async (bench) => {
      for (const [account, fact] of [
        ['unknown', 'account'],
        ['orphan', 'owner'],
      ] as const) {
        const answer = await bench.call(transfer(account));
        const problem = await answer.json();
        assert.equal(answer.status, 403);
        assert.equal((problem['facts'] as Record<string, unknown>)['code'], 'FACT_UNAVAILABLE');
        assert.match(String(problem['detail']), new RegExp(`fact \`${fact}\` .* status 404`));
      }
      assert.deepEqual(work(bench), []);
    },
  },
  {
    promise: 'a call that needs no fact asks for none',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', operation: 'echo', body: '{}' });
      assert.equal(answer.status, 200);
      assert.deepEqual(
        bench.ran().map(({ operation }) => operation),
        ['echo'],
      );
    },
  },
];
