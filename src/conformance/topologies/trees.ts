/** The promises about call trees: what an agent is handed with a call is its own, in every topology. */
import assert from 'node:assert/strict';
import { type Bench, type Case, factsOf, until } from './bench.ts';
import type { Answer, CallRequest } from './deployment.ts';

/** What an agent of the workshop got with the last call to it, to call on with. */
const lastRun = (bench: Bench): string => bench.ran().at(-1)?.headers['airspace-run'] ?? '';

/** A root call of alice to echo, and the token that echo got with it. */
const begun = async (bench: Bench, more: Partial<CallRequest> = {}): Promise<string> => {
  const answer = await bench.call({ caller: 'alice', operation: 'echo', body: '"begin"', ...more });
  assert.equal(answer.status, 200);
  return lastRun(bench);
};

const onward = (bench: Bench, run: string, request: CallRequest): Promise<Answer> =>
  bench.call({ ...request, headers: { ...request.headers, 'airspace-run': run } });

const ended = async (answer: Answer, code: string): Promise<void> => {
  const problem = await answer.json();
  const facts = factsOf(problem);
  assert.deepEqual(
    [answer.status, problem['code'], facts['code']],
    [508, 'loop_detected', code],
    JSON.stringify(problem),
  );
  assert.equal(problem['executed'], 'no');
};

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
      // A node that cannot read it does not know whose it is, and takes it for nobody's.
      const refusals = ['403 RUN_TOKEN_OF_ANOTHER', '401 RUN_TOKEN_INVALID'];
      assert.ok(refusals.includes(`${stolen.status} ${factsOf(problem)['code']}`), JSON.stringify(problem));
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
  {
    promise: 'the same asked again further down its own way is a circle, and ends',
    check: async (bench) => {
      const again = { caller: 'echo', operation: 'echo', body: '"again"' } as const;
      const first = await onward(bench, await begun(bench), again);
      assert.equal(first.status, 200);
      await ended(await onward(bench, lastRun(bench), again), 'TREE_CYCLE');
      assert.equal(bench.ran().length, 2);
    },
  },
  {
    promise: 'a tree ends at its depth, whichever way it goes',
    check: async (bench) => {
      let run = await begun(bench);
      for (let depth = 1; depth <= 4; depth++) {
        const answer = await onward(bench, run, { caller: 'echo', operation: 'echo', body: `${depth}` });
        assert.equal(answer.status, 200, `depth ${depth}: ${Buffer.from(await answer.bytes()).toString()}`);
        run = lastRun(bench);
      }
      await ended(await onward(bench, run, { caller: 'echo', operation: 'echo', body: '5' }), 'TREE_DEPTH');
      assert.equal(bench.ran().length, 5);
    },
  },
  {
    promise: 'two agents that go back and forth are stopped, whatever they say',
    check: async (bench) => {
      let run = await begun(bench);
      const refused = async (): Promise<Answer> => {
        for (let n = 1; ; n++) {
          const [caller, target] = n % 2 === 1 ? (['echo', 'scribe'] as const) : (['scribe', 'echo'] as const);
          const answer = await onward(bench, run, {
            caller,
            target: `agent/${target}`,
            operation: 'echo',
            body: `${n}`,
          });
          if (answer.status !== 200) return answer;
          run = lastRun(bench);
        }
      };
      await ended(await refused(), 'TREE_PING_PONG');
      assert.equal(bench.ran().length, 3);
    },
  },
  {
    promise: 'one call makes so many calls and no more',
    check: async (bench) => {
      const run = await begun(bench);
      for (let n = 1; n <= 9; n++)
        assert.equal((await onward(bench, run, { caller: 'echo', operation: 'echo', body: `${n}` })).status, 200);
      await ended(await onward(bench, run, { caller: 'echo', operation: 'echo', body: '10' }), 'TREE_FAN_OUT');
      assert.equal(bench.ran().length, 10);
    },
  },
  {
    promise: 'one tree calls so many different agents and no more',
    check: async (bench) => {
      const run = await begun(bench);
      const statuses: number[] = [];
      for (const target of ['scribe', 'clerk', 'mill']) {
        const wanted = { caller: 'echo', target: `agent/${target}`, operation: 'echo', body: '1' } as const;
        statuses.push((await onward(bench, run, wanted)).status);
      }
      assert.deepEqual(statuses, [200, 200, 508], 'the one that was called first is one of three');
    },
  },
  {
    promise: 'the time that a root was granted is the time of its whole tree',
    check: async (bench) => {
      const run = await begun(bench, { headers: { 'airspace-timeout-ms': '2000' } });
      const endMs = performance.now() + 2_000;
      await until(() => performance.now() > endMs);
      const answer = await onward(bench, run, { caller: 'echo', operation: 'echo', body: '"late"' });
      assert.ok([401, 508].includes(answer.status), `${answer.status}`);
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'where rights are an intersection, an agent cannot do for others what they may not do themselves',
    check: async (bench) => {
      const codes: unknown[] = [];
      for (const caller of ['alice', 'mallory'] as const) {
        const run = await begun(bench, { caller });
        const wanted = { caller: 'echo', target: 'agent/safe', operation: 'work', body: `"${caller}"` } as const;
        const answer = await onward(bench, run, wanted);
        codes.push(answer.status === 200 ? 200 : factsOf(await answer.json())['code']);
      }
      const work = bench.ran().flatMap(({ operation, body }) => (operation === 'work' ? [body] : []));
      // Where a node cannot tell who began, it lets nobody's rights count.
      assert.ok([200, 'ORIGIN_UNKNOWN'].includes(codes[0] as never), String(codes));
      assert.ok(['WRITE_REVOKED', 'ORIGIN_UNKNOWN'].includes(codes[1] as never), String(codes));
      assert.deepEqual(work, codes[0] === 200 ? ['"alice"'] : []);
    },
  },
];
