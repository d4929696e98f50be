/** The promises that hold in every topology: the same call, the same policy, the same outcome. */
import assert from 'node:assert/strict';
import type { Suite } from '../suite.ts';
import { startAgent } from './agent.ts';
import { APPROVAL_PROMISES } from './approvals.ts';
import { type Case, JSON_BODY, until } from './bench.ts';
import { BUDGET_PROMISES } from './budgets.ts';
import { CAPABILITY_PROMISES } from './capabilities.ts';
import type { Deploy, Execution } from './deployment.ts';
import { FACT_PROMISES } from './facts.ts';
import { bundle, POLICY, resources, STRICTER_POLICY, type TopologyShape } from './fixture.ts';
import { KILL_PROMISES } from './kills.ts';
import { LEVEL_PROMISES } from './levels.ts';
import { LIMIT_PROMISES } from './limits.ts';
import { MODEL_PROMISES } from './models.ts';
import { type Outcomes, Seen } from './outcomes.ts';
import { PROTOCOL_PROMISES } from './protocols.ts';
import { AWAY_PROMISES, RESILIENCE_PROMISES } from './resilience.ts';
import { TREE_PROMISES } from './trees.ts';

export type { TopologyShape } from './fixture.ts';

export interface TopologySuite {
  readonly suite: Suite;
  /** What callers were told, what ran and what was recorded in the cases that were checked, for a comparison with another topology. */
  outcomes(): Promise<Outcomes>;
  stop(): Promise<void>;
}

/** Starts the deployment and the instances of the fixture agent, and lists what must be true of them. */
export const topologySuite = async (name: string, deploy: Deploy, shape: TopologyShape): Promise<TopologySuite> => {
  const ledger: Execution[] = [];
  const instances = [await startAgent('a', ledger), await startAgent('b', ledger)];
  const mill = await startAgent('mill', ledger);
  const deployment = await deploy({ resources: resources(shape, mill.url), instances, executions: () => ledger });
  const seen = new Seen(deployment);
  return {
    suite: {
      name: `topology ${name}`,
      checks: PROMISES.map((one) => ({ promise: one.promise, check: () => seen.check(one, mill) })),
    },
    outcomes: () => seen.outcomes(),
    stop: async () => {
      await deployment.stop();
      for (const instance of [...instances, mill]) await instance.stop();
    },
  };
};

const PROMISES: readonly Case[] = [
  ...AWAY_PROMISES,
  {
    promise: 'an allowed call runs once, and its reply comes back byte for byte',
    check: async (bench) => {
      const body = Uint8Array.from({ length: 256 }, (_, at) => at);
      const answer = await bench.call({
        caller: 'alice',
        operation: 'echo',
        body,
        headers: { 'content-type': 'application/octet-stream' },
      });
      assert.equal(answer.status, 200);
      assert.deepEqual(new Uint8Array(await answer.bytes()), body);
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'the agent learns the call id and who calls, and never the credential',
    check: async (bench) => {
      const answer = await bench.call({
        caller: 'alice',
        operation: 'echo',
        body: '{}',
        headers: { cookie: 'a=1', 'x-kept': 'yes' },
      });
      const [execution] = bench.ran();
      assert.equal(execution!.callId, answer.headers['airspace-call-id']);
      assert.match(execution!.headers['airspace-principal'] ?? '', /alice/);
      assert.equal(execution!.headers['authorization'], undefined);
      assert.equal(execution!.headers['cookie'], undefined);
      assert.equal(execution!.headers['x-kept'], 'yes');
    },
  },
  {
    promise: 'a denied call names rule, version and reason, and reaches nobody',
    check: async (bench) => {
      const problem = await bench.refused({ caller: 'mallory', operation: 'put', body: '{}' }, 403, 'denied');
      assert.equal(problem['detail'], 'mallory has lost the right to write');
      const facts = problem['facts'] as Record<string, unknown>;
      assert.deepEqual(facts['rules'], ['org/mallory-may-not-write']);
      assert.equal(facts['code'], 'WRITE_REVOKED');
      assert.match(String(facts['policyVersion']), /^sha256:[0-9a-f]{16}$/);
      assert.equal(problem['executed'], 'no');
    },
  },
  {
    promise: 'a rule about an argument allows up to its limit, with the bytes as they came',
    check: async (bench) => {
      const body = '{ "tip": 0.2,  "cents": 1000, "for": "lunch" }';
      const answer = await bench.call({ caller: 'alice', operation: 'pay', body, headers: JSON_BODY });
      assert.equal(answer.status, 200);
      assert.equal(Buffer.from(await answer.bytes()).toString(), body);
    },
  },
  {
    promise: 'and denies beyond it, by the same rule everywhere',
    check: async (bench) => {
      for (const body of ['{"cents":1001}', '{"cents":1,"tip":0.2001}']) {
        const problem = await bench.refused(
          { caller: 'alice', operation: 'pay', body, headers: JSON_BODY },
          403,
          'denied',
        );
        const facts = problem['facts'] as Record<string, unknown>;
        assert.deepEqual(facts['rules'], ['org/large-sums-are-not-paid']);
        assert.equal(facts['code'], 'TOO_MUCH');
      }
    },
  },
  {
    promise: 'arguments that cannot be judged are denied, and the field is named',
    check: async (bench) => {
      const misfits: readonly (readonly [body: string, headers: Record<string, string>, says: RegExp])[] = [
        ['{"cents":"1"}', JSON_BODY, /`cents` must be a whole number, not a text/],
        ['{"cents":9007199254740993}', JSON_BODY, /`cents` must be a whole number within/],
        ['{"cents":1.5}', JSON_BODY, /`cents` must be a whole number within .*, not a number with a fraction/],
        ['{"cents":null}', JSON_BODY, /`cents` must be a whole number, not null/],
        ['{"cents":1,"tip":0.00001}', JSON_BODY, /`tip` must be a number with at most four digits/],
        ['{}', JSON_BODY, /`cents` is missing/],
        ['[1]', JSON_BODY, /the payload must be an object, not a list/],
        ['{"cents":1}', { 'content-type': 'text/plain' }, /the payload is not sent as `application\/json`/],
      ];
      for (const [body, headers, says] of misfits) {
        const problem = await bench.refused({ caller: 'alice', operation: 'pay', body, headers }, 403, 'denied');
        assert.equal((problem['facts'] as Record<string, unknown>)['code'], 'BAD_ARGUMENTS');
        assert.match(String(problem['detail']), says);
      }
    },
  },
  {
    promise: 'the same caller may still read',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'mallory', operation: 'echo', body: '"hello"' });
      assert.equal(answer.status, 200);
    },
  },
  {
    promise: 'an unknown agent is not found, and the nearest name is offered',
    check: async (bench) => {
      const problem = await bench.refused(
        { caller: 'alice', target: 'agent/ecko', operation: 'echo' },
        404,
        'not_found',
      );
      assert.match(String(problem['detail']), /`echo`/);
    },
  },
  {
    promise: 'an unknown operation is not found, and the known ones are named',
    check: async (bench) => {
      const problem = await bench.refused({ caller: 'alice', operation: 'ehco' }, 404, 'not_found');
      assert.match(String(problem['detail']), /echo/);
    },
  },
  {
    promise: 'a wrong key opens nothing',
    check: async (bench) => {
      await bench.refused({ caller: 'alice', operation: 'echo', key: 'not-a-key' }, 401, 'unauthenticated');
    },
  },
  {
    promise: "another tenant's agents do not exist",
    check: async (bench) => {
      const answer = await bench.call({ caller: 'stranger', operation: 'echo' });
      assert.ok([401, 404].includes(answer.status), `status ${answer.status}`);
      assert.deepEqual(bench.ran(), []);
    },
  },
  {
    promise: "the agent's own error passes through with its status and body, and is not tried again",
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', operation: 'boom', body: '{}' });
      assert.equal(answer.status, 500);
      assert.deepEqual(await answer.json(), { problem: 'the agent itself failed' });
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'an endpoint that refuses is routed around',
    check: async (bench) => {
      for (let n = 0; n < 12; n++) {
        const answer = await bench.call({ caller: 'alice', operation: 'flaky', body: `${n}` });
        assert.equal(answer.status, 200, `call ${n}: ${Buffer.from(await answer.bytes()).toString()}`);
      }
      assert.equal(bench.ran().filter((execution) => execution.instance === 'b').length, 12);
    },
  },
  {
    promise: 'a write that breaks after it was sent is never sent again, and its outcome is called unknown',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', operation: 'break', body: '{}' });
      const problem = await answer.json();
      assert.equal(answer.status, 502);
      assert.equal(problem['code'], 'upstream_broken');
      assert.equal(problem['executed'], 'unknown');
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'an idempotency key does not change that, and its answer stays unknown',
    check: async (bench) => {
      const headers = { 'idempotency-key': `broken-${bench.deployment.hops}` };
      for (const time of ['first', 'again']) {
        const answer = await bench.call({ caller: 'alice', operation: 'break', body: '{}', headers });
        const problem = await answer.json();
        assert.deepEqual([answer.status, problem['executed']], [502, 'unknown'], `${time}: ${JSON.stringify(problem)}`);
      }
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'an agent that lies about its length is caught',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'alice', operation: 'liar', body: '{}' });
      const problem = await answer.json();
      assert.equal(answer.status, 502, JSON.stringify(problem));
      assert.match(String(problem['code']), /^upstream_/);
    },
  },
  {
    promise: 'an idempotency key runs once and answers the same again; another body under it is refused',
    check: async (bench) => {
      const headers = { 'idempotency-key': `key-${bench.deployment.hops}-1` };
      const first = await bench.call({ caller: 'alice', operation: 'put', body: '{"n":1}', headers });
      const again = await bench.call({ caller: 'alice', operation: 'put', body: '{"n":1}', headers });
      assert.equal(first.status, 201);
      assert.equal(again.status, 201);
      assert.deepEqual(await again.bytes(), await first.bytes());
      assert.equal(bench.ran().length, 1);
      const other = await bench.call({ caller: 'alice', operation: 'put', body: '{"n":2}', headers });
      assert.equal(other.status, 422);
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'a deadline ends the call with 504 and reaches the socket of the agent',
    check: async (bench) => {
      const answer = await bench.call({
        caller: 'alice',
        operation: 'hang',
        body: '{}',
        headers: { 'airspace-timeout-ms': '1500' },
      });
      const problem = await answer.json();
      assert.equal(answer.status, 504);
      assert.equal(problem['executed'], 'unknown');
      await bench.ran()[0]!.dropped;
    },
  },
  {
    promise: 'a caller that leaves cancels the work',
    check: async (bench) => {
      const leave = new AbortController();
      const call = bench.call({ caller: 'alice', operation: 'hang', body: '{}', signal: leave.signal });
      call.catch(() => {});
      await until(() => bench.ran().length === 1);
      leave.abort();
      await bench.ran()[0]!.dropped;
    },
  },
  {
    promise: 'a stream of events passes untouched',
    check: async (bench) => {
      const answer = await bench.call({
        caller: 'alice',
        operation: 'stream',
        body: '{}',
        headers: { accept: 'text/event-stream' },
      });
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream/);
      const expected = [1, 2, 3].map((n) => `event: token\ndata: {"n":${n}}\n\n`).join('');
      assert.equal(Buffer.from(await answer.bytes()).toString(), expected);
    },
  },
  {
    promise: 'a stream that breaks ends with an error event, and is not started again',
    check: async (bench) => {
      const answer = await bench.call({
        caller: 'alice',
        operation: 'cut',
        body: '{}',
        headers: { accept: 'text/event-stream' },
      });
      const text = Buffer.from(await answer.bytes()).toString();
      assert.match(text, /^data: first\n\n/);
      assert.match(text, /event: error\n/);
      assert.equal(bench.ran().length, 1);
    },
  },
  {
    promise: 'hostile JSON is refused before anything else happens',
    check: async (bench) => {
      const headers = { 'content-type': 'application/json' };
      for (const body of [
        '{"a":1,"a":2}',
        '{"__proto__":{"admin":true}}',
        `${'['.repeat(100)}${']'.repeat(100)}`,
        '{"open":',
        '{} trailing',
      ]) {
        await bench.refused({ caller: 'alice', operation: 'echo', body, headers }, 400, 'bad_request');
      }
    },
  },
  {
    promise: 'a body over the limit is refused, and the limit is named',
    check: async (bench) => {
      const problem = await bench.refused(
        { caller: 'alice', operation: 'echo', body: new Uint8Array(1024 * 1024 + 1) },
        413,
        'too_large',
      );
      assert.match(String(problem['detail']), /1048576|1 MiB/);
    },
  },
  {
    promise: 'every node on the way leaves a record, and all of them hang on the trace of the caller',
    check: async (bench) => {
      const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
      const answer = await bench.call({
        caller: 'alice',
        operation: 'echo',
        body: '{}',
        headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
      });
      const id = answer.headers['airspace-call-id'] ?? '';
      assert.match(id, /^[0-9a-f]{32}$/);
      const events = await bench.deployment.events(id, bench.deployment.hops);
      assert.equal(events.length, bench.deployment.hops);
      for (const event of events) {
        assert.equal(event.trace, trace);
        assert.equal(event.callId, id);
        assert.equal(event.status, 'ok');
        assert.equal(event.principal?.id, 'alice');
        assert.ok(
          event.steps.some((step) => step.name === 'decide' && step.attributes['effect'] === 'allow'),
          `${event.role} decided`,
        );
      }
      const spans = new Set([
        '00f067aa0ba902b7',
        ...events.flatMap((event) => [event.span, ...event.steps.map((step) => step.span)]),
      ]);
      assert.ok(
        events.every((event) => spans.has(event.parentSpan ?? '')),
        'every record has its parent in the trace',
      );
      assert.match(bench.ran()[0]!.headers['traceparent'] ?? '', new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    },
  },
  {
    promise: 'a refused call leaves a record with the rule that refused it',
    check: async (bench) => {
      const answer = await bench.call({ caller: 'mallory', operation: 'put', body: '{}' });
      const problem = await answer.json();
      const [event] = await bench.deployment.events(String(problem['callId']), 1);
      assert.equal(event!.status, 'denied');
      const decided = event!.steps.find((step) => step.name === 'decide');
      assert.deepEqual(decided?.attributes['rules'], ['org/mallory-may-not-write']);
    },
  },
  {
    promise: 'a policy that changes holds for the next call on every node',
    check: async (bench) => {
      await bench.deployment.apply([bundle(STRICTER_POLICY)]);
      try {
        await bench.refused({ caller: 'alice', operation: 'echo', body: '{}' }, 403, 'denied');
      } finally {
        await bench.deployment.apply([bundle(POLICY)]);
      }
      const answer = await bench.call({ caller: 'alice', operation: 'echo', body: '{}' });
      assert.equal(answer.status, 200);
    },
  },
  ...CAPABILITY_PROMISES,
  ...FACT_PROMISES,
  ...LIMIT_PROMISES,
  ...BUDGET_PROMISES,
  ...MODEL_PROMISES,
  ...TREE_PROMISES,
  ...LEVEL_PROMISES,
  ...APPROVAL_PROMISES,
  ...PROTOCOL_PROMISES,
  ...KILL_PROMISES,
  {
    promise: 'without the centre calls go on, and what was recorded meanwhile arrives when it is back',
    check: async (bench) => {
      const { centre, hops } = bench.deployment;
      if (centre === null) return;
      await centre.lose();
      const ids: string[] = [];
      try {
        for (let n = 0; n < 5; n++) {
          const answer = await bench.call({ caller: 'alice', operation: 'echo', body: `${n}` });
          assert.equal(answer.status, 200);
          ids.push(answer.headers['airspace-call-id'] ?? '');
        }
      } finally {
        await centre.regain();
      }
      for (const id of ids) assert.ok((await bench.deployment.events(id, hops)).length >= 1);
      assert.equal(bench.ran().length, 5);
    },
  },
  ...RESILIENCE_PROMISES,
];
