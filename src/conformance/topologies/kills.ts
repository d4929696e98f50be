/** What an order to stop promises in every topology: who is stopped stops at once, stays stopped, and goes on when it may again. */
import assert from 'node:assert/strict';
import type { KillKind } from '../../contract/index.ts';
import { type Bench, type Case, until } from './bench.ts';
import type { Answer } from './deployment.ts';

const REASON = 'it does what nobody asked for';
const EVENTS = { accept: 'text/event-stream' };

/** Runs `check` under an order, and lifts it whatever happened. */
const under = async (
  { deployment: { kills } }: Bench,
  [kind, name]: readonly [KillKind, string],
  check: (id: string) => Promise<void>,
): Promise<void> => {
  const id = await kills.order(kind, name, REASON);
  try {
    await check(id);
  } finally {
    await kills.lift(id);
    await kills.spread();
  }
};

const assertStopped = async (answer: Answer, id: string): Promise<Record<string, unknown>> => {
  const problem = await answer.json();
  const facts = problem['facts'] as Record<string, unknown>;
  assert.deepEqual([answer.status, problem['code'], facts['code']], [403, 'denied', 'KILLED'], JSON.stringify(problem));
  assert.equal(facts['order'], id);
  assert.equal(facts['reason'], REASON);
  return problem;
};

/** One echo of alice. */
const echo = ({ deployment }: Bench): Promise<Answer> => deployment.call({ caller: 'alice', operation: 'echo' });

/** With the hub on the way it cuts by itself; otherwise a connected sidecar must hear of it first. */
const limitMs = ({ deployment }: Bench): number => (deployment.centre === null ? 1_000 : 5_000);

const within = async <T>(limit: number, what: string, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${limit} ms`)), limit);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

export const KILL_PROMISES: readonly Case[] = [
  {
    promise: 'an order stops a running stream: on the hub within 1 s, through a connected sidecar within 5 s',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', operation: 'endless', headers: EVENTS });
      const chunks = answer.chunks[Symbol.asyncIterator]();
      const first = await chunks.next();
      await under(bench, ['agent', 'echo'], (id) =>
        within(
          limitMs(bench),
          'the cut',
          (async () => {
            // The order may come before the second event does.
            let text = Buffer.from(first.value ?? '').toString();
            for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
              text += Buffer.from(next.value).toString();
            assert.match(text, /\n\nevent: error\ndata: .*"KILLED".*\n\n$/);
            assert.ok(text.includes(id) && text.includes(REASON), 'the error names the order and its reason');
            await bench.ran()[0]!.dropped;
          })(),
        ),
      );
    },
  },
  {
    promise: 'an order cuts a call that waits for its answer, and says that it may have run',
    check: async (bench) => {
      const waiting = bench.call({ caller: 'alice', operation: 'hang', body: '{}' });
      await until(() => bench.ran().length === 1);
      await under(bench, ['agent', 'alice'], (id) =>
        within(
          limitMs(bench),
          'the cut',
          (async () => {
            const problem = await assertStopped(await waiting, id);
            assert.equal(problem['executed'], 'unknown');
            await bench.ran()[0]!.dropped;
          })(),
        ),
      );
    },
  },
  {
    promise: 'an order drops a call that nobody waits for',
    check: async (bench) => {
      const answer = await bench.call({
        caller: 'alice',
        operation: 'hang',
        body: '{}',
        headers: { prefer: 'respond-async' },
      });
      assert.equal(answer.status, 202);
      await until(() => bench.ran().length === 1);
      await under(bench, ['tree', answer.headers['airspace-call-id'] ?? ''], () =>
        within(limitMs(bench), 'the cut', bench.ran()[0]!.dropped),
      );
    },
  },
  {
    promise: 'who is stopped gets nothing but the order, its record names it, and others go on',
    check: async (bench) => {
      await under(bench, ['agent', 'alice'], async (id) => {
        await bench.deployment.kills.spread();
        const problem = await assertStopped(await echo(bench), id);
        assert.equal(problem['executed'], 'no');
        assert.deepEqual(bench.ran(), [], 'nothing may reach an agent');
        const [event] = await bench.deployment.events(String(problem['callId']), 1);
        assert.equal(event!.status, 'denied');
        assert.equal(event!.steps.find((step) => step.name === 'halt')?.attributes['order'], id);
        assert.equal((await bench.call({ caller: 'mallory', operation: 'echo' })).status, 200);
      });
    },
  },
  {
    promise: 'a lifted order lets calls through again',
    check: async (bench) => {
      await under(bench, ['tenant', 'default'], async (id) => {
        await bench.deployment.kills.spread();
        await assertStopped(await echo(bench), id);
      });
      assert.equal((await echo(bench)).status, 200);
    },
  },
  {
    promise: 'an order survives a restart of the hub, and reaches a node that was away',
    check: async (bench) => {
      await under(bench, ['agent', 'alice'], async (id) => {
        await bench.deployment.restart('hub');
        await assertStopped(await echo(bench), id);
      });
      let ordered = '';
      const restarted = await bench.deployment.restart('member', async () => {
        ordered = await bench.deployment.kills.order('agent', 'alice', REASON);
      });
      if (!restarted) return;
      try {
        await bench.deployment.kills.spread();
        await assertStopped(await echo(bench), ordered);
        await bench.deployment.restart('member');
        await assertStopped(await echo(bench), ordered);
        assert.deepEqual(bench.ran(), [], 'nothing may reach an agent');
      } finally {
        await bench.deployment.kills.lift(ordered);
        await bench.deployment.kills.spread();
      }
      assert.equal((await echo(bench)).status, 200);
    },
  },
];
