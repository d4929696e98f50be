/** The promises about what breaks: nodes end and begin, agents go away and come back, and no call is lost or run twice over it. */
import assert from 'node:assert/strict';
import { type Bench, type Case, until } from './bench.ts';
import type { Answer, NodePlace } from './deployment.ts';

const PLACES: readonly NodePlace[] = ['hub', 'between', 'member'];

/** Not a call of the case: how many of them it takes is a matter of time. */
const probe = async ({ deployment }: Bench, target: string): Promise<number> => {
  const answer = await deployment.call({ caller: 'alice', target, operation: 'echo', body: '{}' });
  await answer.bytes();
  return answer.status;
};

export const RESILIENCE_PROMISES: readonly Case[] = [
  {
    promise: 'a deadline gets shorter from node to node, and the agent is told what is left',
    check: async (bench) => {
      const headers = { 'airspace-timeout-ms': '5000' };
      const answer = await bench.call({ caller: 'alice', operation: 'echo', body: '{}', headers });
      assert.equal(answer.status, 200);
      const leftMs = Number(bench.ran()[0]!.headers['airspace-timeout-ms']);
      assert.ok(leftMs > 0 && leftMs <= 5_000, `${leftMs} ms are left`);
    },
  },
  {
    promise: 'an agent that says it did not run is asked again, and then the caller is told that nothing ran',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', target: 'agent/scribe', operation: 'busy', body: '{}' });
      const problem = await answer.json();
      assert.equal(answer.status, 503, JSON.stringify(problem));
      assert.equal(problem['executed'], 'no');
      assert.equal(bench.ran().length, 3, 'tries');
    },
  },
  {
    promise: 'a node that ends in order ends no call that it has taken',
    check: async (bench) => {
      for (const place of PLACES) {
        const before = bench.ran().length;
        const calls = [1, 2, 3].map((n) => bench.call({ caller: 'alice', operation: 'wait', body: `"${place} ${n}"` }));
        const waits = () => bench.ran().slice(before);
        await until(() => waits().length === calls.length);
        const release = (): void => {
          for (const { release: answer } of waits()) answer();
        };
        const there = await bench.deployment.drain(place, release);
        if (!there) release();
        const answers = await Promise.all(calls);
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200, 200, 200],
          place,
        );
        assert.equal(waits().length, calls.length);
        await until(async () => (await probe(bench, 'agent/echo')) === 200);
      }
    },
  },
  {
    promise: 'each node can die and come back, and knows then what it has answered',
    check: async (bench) => {
      for (const place of PLACES) {
        const headers = { 'idempotency-key': `restart-${place}` };
        const first = await bench.call({ caller: 'alice', operation: 'put', body: '{}', headers });
        await bench.deployment.restart(place);
        await until(async () => (await probe(bench, 'agent/echo')) === 200);
        const again = await bench.call({ caller: 'alice', operation: 'put', body: '{}', headers });
        assert.deepEqual([first.status, again.status], [201, 201], place);
      }
      assert.equal(bench.ran().filter(({ operation }) => operation === 'put').length, PLACES.length);
    },
  },
  {
    promise:
      'a node that has too much to do turns away what can wait first, and says so alike wherever a call comes in',
    check: async (bench) => {
      const { deployment } = bench;
      try {
        for (const level of [1, 2] as const) {
          deployment.overload(level);
          for (const caller of ['alice', 'bob', 'echo'] as const)
            for (const [target, shedFrom] of URGENCY) {
              const wanted = { caller, target, operation: 'echo', body: `"${target} at level ${level}"` };
              const answer = await bench.call(wanted);
              const said = Buffer.from(await answer.bytes()).toString();
              if (level < shedFrom) assert.equal(answer.status, 200, said);
              else assert.deepEqual([answer.status, answer.headers['airspace-executed']], [503, 'no'], said);
              if (level >= shedFrom) assert.equal(JSON.parse(said).code, 'overloaded');
            }
        }
      } finally {
        deployment.overload(0);
      }
    },
  },
  {
    promise: 'a target that has as many calls as it may takes no other, and the next one when it is free again',
    check: async (bench) => {
      const target = 'agent/narrow';
      const waiting = bench.call({ caller: 'alice', target, operation: 'wait', body: '"first"' });
      await until(() => bench.ran().length === 1);
      const answer = await bench.call({ caller: 'alice', target, operation: 'echo', body: '"second"' });
      const problem = await answer.json();
      bench.ran()[0]!.release();
      assert.deepEqual(
        [answer.status, problem['code'], problem['executed']],
        [503, 'overloaded', 'no'],
        JSON.stringify(problem),
      );
      assert.equal((await waiting).status, 200);
      assert.equal((await bench.call({ caller: 'alice', target, operation: 'echo', body: '"third"' })).status, 200);
      assert.equal(bench.ran().length, 2);
    },
  },
  {
    promise: 'and gets calls again when it is back',
    check: async (bench) => {
      await until(async () => (await probe(bench, GHOST)) === 200);
    },
  },
  {
    promise: 'and gets calls again when it answers well, and keeps them',
    check: async (bench) => {
      await until(async () => (await uneven(bench, 200)).status === 200);
      for (let n = 0; n < 5; n++) assert.equal((await uneven(bench, 200)).status, 200);
    },
  },
];

/** From which level on its calls are turned away. */
const URGENCY = [
  ['agent/clerk', 1],
  ['agent/mill', 2],
  ['agent/scribe', 3],
] as const;

/** Answers with this status, and is told apart from the node by it. How many it takes is a matter of time: no call of the case. */
const uneven = ({ deployment }: Bench, status: number): Promise<Answer> =>
  deployment.call({ caller: 'alice', target: FRAIL, operation: 'uneven', body: `${status}`, headers: HURRY });

const FRAIL = 'agent/frail';

/** Less than an endpoint rests that failed too often: who has more time is kept waiting for it. */
const HURRY = { 'airspace-timeout-ms': '3000' } as const;

const GHOST = 'agent/ghost';

/** First of all, because what it begins takes its time: an endpoint that failed rests for seconds before it is tried again. */
export const AWAY_PROMISES: readonly Case[] = [
  {
    promise: 'an agent that is away is left alone after a while',
    check: async (bench) => {
      await bench.mill.stop();
      try {
        await until(async () => {
          const answer = await bench.deployment.call({ caller: 'alice', target: GHOST, operation: 'echo', body: '{}' });
          const problem = await answer.json();
          assert.equal(problem['executed'], 'no', JSON.stringify(problem));
          return problem['code'] === 'unavailable';
        });
        const problem = await (await bench.call({ caller: 'alice', target: GHOST, operation: 'echo' })).json();
        assert.equal(problem['code'], 'unavailable');
        assert.deepEqual(bench.ran(), []);
      } finally {
        await bench.mill.resume();
      }
    },
  },
  {
    promise: 'an agent of whose answers every other one is an error of its own is left alone after a while, too',
    check: async (bench) => {
      let status = 500;
      await until(async () => {
        const answer = await uneven(bench, status);
        if (answer.status === 503) return true;
        assert.equal(answer.status, status);
        status = status === 500 ? 200 : 500;
        return false;
      });
      const before = bench.ran().length;
      const wanted = { caller: 'alice', target: FRAIL, operation: 'uneven', body: '200', headers: HURRY } as const;
      const answer = await bench.call(wanted);
      const problem = await answer.json();
      assert.deepEqual([answer.status, problem['code'], problem['executed']], [503, 'unavailable', 'no']);
      assert.equal(bench.ran().length, before);
    },
  },
];
