/** The promises about levels of policy and about releases of it: each level must agree, and one tree sees one policy. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { CallEvent } from '../../contract/index.ts';
import { type Bench, type Case, factsOf } from './bench.ts';
import type { CallRequest } from './deployment.ts';
import { bundle, POLICY } from './fixture.ts';

/** What a release on trial would change: mallory may not even read. */
const TRIAL_POLICY = `${POLICY}
@id("mallory-is-out")
@reason("mallory has lost every right")
@code("OUT")
forbid (principal == Agent::"mallory", action, resource);
`;

const staged = async (bench: Bench): Promise<string> => {
  const answer = await bench.ask('/v1/policy/releases', {
    body: { resources: [bundle(TRIAL_POLICY)], reason: 'a trial' },
  });
  const said = await answer.json();
  assert.ok(answer.status < 300, JSON.stringify(said));
  return String((said['release'] as { id: string }).id).replace('sha256:', '');
};

const step = async (bench: Bench, path: string, body: object): Promise<void> => {
  const answer = await bench.ask(path, { body });
  const said = await answer.json();
  assert.ok(answer.status < 300, JSON.stringify(said));
  await bench.deployment.settled();
};

const decided = (events: readonly CallEvent[]) =>
  events.flatMap(({ steps }) => steps.filter(({ name }) => name === 'decide').map(({ attributes }) => attributes));

export const LEVEL_PROMISES: readonly Case[] = [
  {
    promise: 'each level that a call touches must permit it, and a level further in only tightens',
    check: async (bench) => {
      const expected: readonly (readonly [CallRequest['caller'], string, string, string])[] = [
        ['alice', 'scrap', 'workshop/nothing-is-scrapped', 'SCRAP'],
        ['bob', 'scrap', 'workshop/nothing-is-scrapped', 'SCRAP'],
        ['echo', 'scrap', 'workshop/nothing-is-scrapped', 'SCRAP'],
        ['alice', 'hazard', 'plant/no-hazards', 'HAZARD'],
        ['bob', 'hazard', 'plant/no-hazards', 'HAZARD'],
        // The workshop takes work of everybody, and that opens nothing that the organisation keeps shut.
        ['mallory', 'put', 'org/mallory-may-not-write', 'WRITE_REVOKED'],
      ];
      for (const [caller, operation, rule, code] of expected) {
        const problem = await bench.refused({ caller, operation, body: '{}' }, 403, 'denied');
        const facts = factsOf(problem);
        assert.deepEqual([facts['rules'], facts['code'], problem['executed']], [[rule], code, 'no'], caller);
      }
    },
  },
  {
    promise: 'it does not matter where in the organisation a call comes from',
    check: async (bench) => {
      for (const caller of ['alice', 'mallory', 'bob', 'echo', 'scribe'] as const)
        for (const target of ['agent/echo', 'agent/scribe', 'agent/safe']) {
          const answer = await bench.call({ caller, target, operation: 'echo', body: `"${caller} to ${target}"` });
          const text = Buffer.from(await answer.bytes()).toString();
          assert.deepEqual([answer.status, text], [200, `"${caller} to ${target}"`]);
        }
    },
  },
  {
    promise:
      'a release in shadow changes nothing, and as a canary it decides whole trees, on every node that they pass',
    check: async (bench) => {
      const id = await staged(bench);
      await step(bench, `/v1/policy/releases/${id}:shadow`, {});
      try {
        const shadowed = await bench.call({ caller: 'mallory', operation: 'echo', body: '{}' });
        assert.equal(shadowed.status, 200);
        const events = await bench.deployment.events(shadowed.headers['airspace-call-id'] ?? '', 1);
        const shadows = decided(events).map((attributes) => String(attributes['shadow'] ?? ''));
        assert.ok(
          shadows.some((text) => text.startsWith('allow->deny')),
          JSON.stringify(decided(events)),
        );
        await step(bench, `/v1/policy/releases/${id}:activate`, { percent: 50 });
        await decidesWholeTrees(bench);
      } finally {
        await step(bench, '/v1/policy/releases:rollback', { reason: 'the trial is over' });
      }
    },
  },
];

/** Which trees are in the canary is a matter of chance, and so are these calls no part of what topologies are compared by. */
const decidesWholeTrees = async ({ deployment: { call, events, hops } }: Bench): Promise<void> => {
  const ids: string[] = [];
  for (const tree of Array.from({ length: 6 }, () => randomBytes(16).toString('hex')))
    for (const body of ['1', '2', '3']) {
      const headers = { traceparent: `00-${tree}-00f067aa0ba902b7-01` };
      const answer = await call({ caller: 'alice', operation: 'echo', body, headers });
      assert.equal(answer.status, 200, Buffer.from(await answer.bytes()).toString());
      ids.push(answer.headers['airspace-call-id'] ?? '');
    }
  const seen = await Promise.all(ids.map((callId) => events(callId, hops)));
  const trees = Map.groupBy(seen.flat(), ({ trace }) => trace);
  assert.equal(trees.size, 6);
  for (const [trace, found] of trees) {
    const versions = new Set(decided(found).map((attributes) => attributes['policyVersion']));
    assert.equal(versions.size, 1, `tree ${trace}: ${[...versions].join(', ')}`);
  }
};
