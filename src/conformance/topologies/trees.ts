/** The promises about call trees: what an agent is handed with a call is its own, in every topology. */
import assert from 'node:assert/strict';
import type { Case } from './bench.ts';

export const TREE_PROMISES: readonly Case[] = [
  {
    promise: 'an agent is handed a run token, and nobody else can use it',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', operation: 'echo', body: '{}' });
      assert.equal(answer.status, 200);
      const run = bench.ran()[0]?.headers['airspace-run'] ?? '';
      assert.notEqual(run, '');
      const stolen = await bench.call({ caller: 'alice', operation: 'echo', headers: { 'airspace-run': run } });
      const problem = await stolen.json();
      assert.equal(stolen.status, 403, JSON.stringify(problem));
      assert.equal((problem['facts'] as Record<string, unknown>)['code'], 'RUN_TOKEN_OF_ANOTHER');
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'a run token that nobody handed out is refused, and is no new tree',
    check: async (bench) => {
      for (const run of ['nonsense', `h~hub-1~${'A'.repeat(40)}~${'A'.repeat(43)}`])
        await bench.refused(
          { caller: 'alice', operation: 'echo', headers: { 'airspace-run': run } },
          401,
          'unauthenticated',
        );
    },
  },
  {
    promise: 'every record of a call has the way from its root',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', operation: 'echo', body: '{}' });
      const { hops } = bench.deployment;
      const callId = answer.headers['airspace-call-id'] ?? '';
      for (const { lineage, attributes } of await bench.deployment.events(callId, hops)) {
        assert.deepEqual(attributes['chain'], ['agent/alice', 'agent/echo/echo']);
        assert.deepEqual(lineage, { root: callId, depth: 0 });
      }
    },
  },
];
