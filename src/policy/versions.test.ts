/** Which version decides a call that another node decided already: never an unknown one, a shadow, or one that was halted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decided, Fault } from '../contract/index.ts';
import { rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import { agreedArm } from './arm.ts';
import { preparePolicy } from './prepare.ts';
import { remarksOn } from './remarks.ts';
import { callOf, compileWorld, requestOf, type ShortWorld } from './testing.ts';
import { Trees } from './trees.ts';
import type { Trial } from './trials.ts';
import { type InForce, REPLACED_STAYS_MS, SNAPSHOT_WAIT_MS, Versions } from './versions.ts';

const WORLD: ShortWorld = {
  domains: [],
  users: [],
  targets: ['planner', 'orders'].map((name) => ({
    kind: 'agent',
    name,
    operations: [{ name: 'run', effect: 'read' }],
  })),
};
const ASK = { agent: 'planner', call: 'agent/orders/run' };
const [one, two, three] = await Promise.all(
  ['one', 'two', 'three'].map(async (id) => {
    const text = `@id("${id}") @reason("agents may call") permit(principal is Agent, action, resource);`;
    return preparePolicy(await compileWorld(WORLD, { org: { policies: text } }));
  }),
);

const trialOf = (policy = two!, sinceMs = 1, mode: Trial['mode'] = 'canary'): Trial => {
  const release = policy.version;
  return { release, mode, percent: 5, sinceMs, name: `${release}@${sinceMs}`, policy };
};
const snapshot = (snapshotSeq: number, active = one!, trial?: Trial): InForce => ({
  snapshotSeq,
  active,
  trials: new Map(trial === undefined ? [] : [['default', trial]]),
});

/** A node at the first of these snapshots, which takes the others when the test says so. */
const nodeAt = (first: InForce) => {
  const world = new VirtualWorld(1);
  const { scope, canceller } = rootScope(world, silentSpan('s'));
  const versions = new Versions(first);
  const trees = new Trees();
  const decide = async (decided: Decided) => {
    const arm = await agreedArm({ versions, trees }, callOf(ASK), decided, scope);
    const { sentWith, policyBehind } = remarksOn(arm, {} as never, requestOf(ASK));
    return { by: arm.policy, arm: arm.name, sentWith, policyBehind };
  };
  return { world, versions, canceller, decide, adopt: (next: InForce) => versions.adopt(next, world.clock.nowMs()) };
};

const AGREED = { sentWith: undefined, policyBehind: undefined };

test('the version of the sender decides while it is active here, on trial here, or was active a moment ago', async () => {
  const { decide, adopt, world } = nodeAt(snapshot(1));
  assert.deepEqual(await decide({ version: one!.version, snapshotSeq: 1 }), { by: one, arm: 'active', ...AGREED });
  adopt(snapshot(2, one, trialOf()));
  const canary = { version: two!.version, snapshotSeq: 2, trial: 1 };
  assert.deepEqual(await decide(canary), { by: two, arm: 'canary', ...AGREED });
  assert.deepEqual(await decide({ version: one!.version, snapshotSeq: 1 }), { by: one, arm: 'stable', ...AGREED });
  adopt(snapshot(3, two));
  assert.deepEqual(await decide(canary), { by: two, arm: 'active', ...AGREED });
  await world.run(REPLACED_STAYS_MS - 1);
  assert.deepEqual(await decide({ version: one!.version, snapshotSeq: 2 }), { by: one, arm: 'active', ...AGREED });
  await world.run(REPLACED_STAYS_MS);
  const late = { by: two, arm: 'active', sentWith: one!.version, policyBehind: undefined };
  assert.deepEqual(await decide({ version: one!.version, snapshotSeq: 2 }), late);
});

test('a release that was halted decides nothing more, whoever names it', async () => {
  const { decide, adopt } = nodeAt(snapshot(1, one, trialOf()));
  adopt(snapshot(2, one));
  const halted = { by: one, arm: 'active', sentWith: two!.version, policyBehind: undefined };
  assert.deepEqual(await decide({ version: two!.version, snapshotSeq: 1, trial: 1 }), halted);
});

test('a trial that goes on with other rules, because an agent was added, is the same trial, until it is halted', async () => {
  const { decide, adopt } = nodeAt(snapshot(1, one, trialOf(two, 7)));
  const before = { version: two!.version, snapshotSeq: 1, trial: 7 };
  adopt(snapshot(2, one, { ...trialOf(two, 7), policy: three! }));
  assert.deepEqual(await decide(before), { by: two, arm: 'canary', ...AGREED });
  adopt(snapshot(3, one));
  assert.equal((await decide(before)).by, one);
});

test('a shadow and an unknown version decide nothing, at once and without a wait', async () => {
  const { decide, world } = nodeAt(snapshot(5, one, trialOf(two, 1, 'shadow')));
  for (const version of [two!.version, three!.version, 'sha256:made-up'])
    assert.equal((await decide({ version, snapshotSeq: 5, trial: 1 })).by, one);
  assert.equal(world.pending, 0);
});

test('a node that is behind waits for the snapshot, and goes on in the moment in which it is in force', async () => {
  const { decide, adopt, world } = nodeAt(snapshot(1));
  const decided = decide({ version: two!.version, snapshotSeq: 3, trial: 7 });
  await world.run(400);
  adopt(snapshot(2));
  adopt(snapshot(3, one, trialOf(two, 7)));
  assert.deepEqual(await decided, { by: two, arm: 'canary', ...AGREED });
  assert.deepEqual([world.clock.nowMs(), world.pending], [400, 0]);
});

test('the same rules on trial for another time are another trial: the node waits, and never takes one for the other', async () => {
  const { decide, adopt } = nodeAt(snapshot(1, one, trialOf(two, 7)));
  const decided = decide({ version: two!.version, snapshotSeq: 3, trial: 9 });
  adopt(snapshot(3, one, trialOf(two, 9)));
  assert.deepEqual(await decided, { by: two, arm: 'canary', ...AGREED });
});

test('a snapshot that does not come is not waited for longer than that, and the record says so', async () => {
  const { decide, world } = nodeAt(snapshot(1));
  const decided = decide({ version: two!.version, snapshotSeq: 9 });
  await world.run();
  assert.equal(world.clock.nowMs(), SNAPSHOT_WAIT_MS);
  assert.deepEqual(await decided, { by: one, arm: 'active', sentWith: two!.version, policyBehind: true });
});

test('a sender that names snapshots which never come cannot make everybody wait', async () => {
  const { decide, world } = nodeAt(snapshot(1));
  const waiting = Array.from({ length: 300 }, () => decide({ version: two!.version, snapshotSeq: 1e12 }));
  await world.run(0);
  assert.equal(world.pending, 256);
  await world.run();
  await Promise.all(waiting);
});

test('a call that ends while it waits did not run', async () => {
  const { decide, canceller, world } = nodeAt(snapshot(1));
  const decided = decide({ version: two!.version, snapshotSeq: 9 });
  canceller.cancel(new Fault('timeout', 'its time is over'));
  await assert.rejects(decided, (fault: Fault) => fault.executed === 'no');
  assert.deepEqual([world.pending, canceller.listening], [0, 0]);
});
