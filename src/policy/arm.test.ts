/** Arms of a release on trial: sticky by call tree, as large as was asked for, and a shadow that decides nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Call, PolicyCandidate } from '../contract/index.ts';
import { armOf, bucketOf, isInCanary } from './arm.ts';
import { decide } from './decide.ts';
import { preparePolicy } from './prepare.ts';
import { remarksOn } from './remarks.ts';
import { callOf, compileWorld, requestOf, type ShortWorld } from './testing.ts';
import { Trees } from './trees.ts';
import { prepareTrials, type Trials } from './trials.ts';

const WORLD: ShortWorld = {
  domains: [],
  users: [],
  targets: [
    { kind: 'agent', name: 'planner', operations: [{ name: 'run', effect: 'read' }] },
    { kind: 'agent', name: 'orders', operations: [{ name: 'run', effect: 'read' }] },
  ],
};
const OPEN = '@id("all") @reason("agents may call") permit(principal is Agent, action, resource);';
const CLOSED = `${OPEN} @id("closed") @reason("closed today") forbid(principal, action, resource);`;
const BROKEN = `${OPEN} @id("broken") @reason("untried") forbid(principal, action, resource)
when { 9007199254740991 * 9007199254740991 < context.depth };`;

const active = await compileWorld(WORLD, { org: { policies: OPEN } });
const trialsOf = async (policies: string, mode: PolicyCandidate['mode'], percent = 0): Promise<Trials> => {
  const { policy, targets, domains } = await compileWorld(WORLD, { org: { policies } });
  const candidate = { tenant: 'default', release: 'sha256:1', mode, percent, sinceMs: 0, policy };
  return prepareTrials({ candidates: [candidate], targets, domains });
};
const prepared = preparePolicy(active);
const ASK = { agent: 'planner', call: 'agent/orders/run' };
const ask = (trials: Trials, change: Partial<Call> = {}) => {
  const arm = armOf({ snapshotSeq: 1, active: prepared, trials }, new Trees(), { ...callOf(ASK), ...change });
  const decision = decide(arm.policy, requestOf(ASK));
  return { arm, decision, attributes: remarksOn(arm, decision, requestOf(ASK)) };
};

const trace = fc.stringMatching(/^[0-9a-f]{32}$/);

test('every call of a tree comes to the same arm, and a higher percentage only adds trees', () => {
  fc.assert(
    fc.property(
      trace,
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (id, low, more) => {
        const high = Math.min(100, low + more);
        assert.equal(isInCanary(id, low), isInCanary(id, low));
        assert.ok(!isInCanary(id, low) || isInCanary(id, high));
        assert.ok(bucketOf(id) >= 0 && bucketOf(id) < 10_000);
        assert.ok(isInCanary(id, 100) && !isInCanary(id, 0));
      },
    ),
  );
});

test('a percentage is what it says', () => {
  const traces = Array.from({ length: 100_000 }, (_, at) => at.toString(16).padStart(32, '0'));
  for (const percent of [0.5, 5, 50]) {
    const share = (traces.filter((id) => isInCanary(id, percent)).length / traces.length) * 100;
    assert.ok(Math.abs(share - percent) < 0.6, `${percent} % came to ${share} %`);
  }
});

test('a canary decides its own trees and no others, and says so on each', async () => {
  const trials = await trialsOf(CLOSED, 'canary', 30);
  fc.assert(
    fc.property(trace, fc.nat(8), (id, depth) => {
      const { decision, attributes, arm } = ask(trials, {
        trace: { trace: id, sampled: true },
        lineage: { root: id, depth },
      });
      const chosen = isInCanary(id, 30);
      assert.equal(decision.effect, chosen ? 'deny' : 'allow');
      assert.deepEqual(attributes, { release: 'sha256:1', arm: chosen ? 'canary' : 'stable' });
      assert.equal(arm.name === 'canary', chosen);
    }),
  );
});

test('a shadow changes no decision, and only what differs is noted', async () => {
  const differing = ask(await trialsOf(CLOSED, 'shadow'));
  assert.equal(differing.decision.effect, 'allow');
  assert.deepEqual(differing.attributes, { release: 'sha256:1', shadow: 'allow->deny by org/closed' });
  assert.deepEqual(ask(await trialsOf(OPEN, 'shadow')).attributes, {});
  const broken = ask(await trialsOf(BROKEN, 'shadow'));
  assert.deepEqual(
    [broken.decision.effect, broken.attributes['shadowErrors']],
    ['allow', ['org/broken']],
    'a rule that fails in the shadow is news even before it denies anybody',
  );
});

test('a tenant without a release on trial is decided by its active policy alone', async () => {
  const trials = await trialsOf(CLOSED, 'canary', 100);
  const stranger = { kind: 'agent', tenant: 'acme', id: 'planner', roles: [] } as const;
  const { decision, attributes } = ask(trials, { principal: stranger });
  assert.deepEqual([decision.policyVersion, attributes], [active.policy.version, {}]);
});

const CLOSED_TODAY = {
  for: [{ kind: 'agent', name: 'orders' }],
  value: { today: true },
  as: { type: 'object', required: ['today'], properties: { today: { type: 'boolean' } } },
};
const CLOSING = `${OPEN} @id("closed") @reason("closed") forbid(principal, action == Action::"agent/orders/run", resource)
when { context.facts.closed.today };`;
const closing = (more: object = {}) =>
  compileWorld({ ...WORLD, facts: { closed: { ...CLOSED_TODAY, ...more } } }, { org: { policies: CLOSING } });
const shadowOf = async (more: object = {}): Promise<Trials> => {
  const { policy, targets, domains } = await closing(more);
  const candidate = { tenant: 'default', release: 'sha256:1', mode: 'shadow', percent: 0, sinceMs: 0, policy } as const;
  return prepareTrials({ candidates: [candidate], targets, domains });
};

test('a shadow asks nobody for facts, and says that it does not know', async () => {
  const { attributes } = ask(await shadowOf());
  assert.deepEqual(attributes, { release: 'sha256:1', shadowUnknown: ['closed'] });
});

test('a shadow takes no answer that was given to another question', async () => {
  const request = requestOf({ ...ASK, facts: { closed: { today: false } } });
  const policy = preparePolicy(await closing());
  const remarks = async (more: object) => {
    const arm = armOf({ snapshotSeq: 1, active: policy, trials: await shadowOf(more) }, new Trees(), callOf(ASK));
    return remarksOn(arm, decide(arm.policy, request), request);
  };
  assert.deepEqual(await remarks({ cacheMs: 1_000 }), {}, 'the same question');
  assert.deepEqual(await remarks({ value: { today: false } }), { release: 'sha256:1', shadowUnknown: ['closed'] });
});
