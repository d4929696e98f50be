/** While snapshots travel: no call is decided by two versions, and no call tree mixes the arms of a release. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type History, historyOf, type Plant, type Published, type Seen } from './history.ts';
import { preparePolicy } from './prepare.ts';
import { compileWorld, type ShortWorld } from './testing.ts';

/** Two configurations: an agent that somebody adds is in the schema of every policy. */
const worldOf = (...agents: readonly string[]): ShortWorld => ({
  domains: [],
  users: [],
  targets: agents.map((name) => ({ kind: 'agent', name, operations: [{ name: 'run', effect: 'read' }] })),
});
const WORLDS = [worldOf('planner', 'orders'), worldOf('planner', 'orders', 'third')];

const contents = {
  versions: await Promise.all(
    ['a', 'b', 'c'].map((id) => {
      const policies = `@id("${id}") @reason("agents may call") permit(principal is Agent, action, resource);`;
      return Promise.all(WORLDS.map(async (world) => preparePolicy(await compileWorld(world, { org: { policies } }))));
    }),
  ),
};

const versionOf = ({ attributes }: Seen): unknown => attributes['policyVersion'];

/** A release that was taken back is gone at once, also for a call that is between two nodes: the one thing that may differ. */
const callsWithTwo = ({ seen, published }: History): readonly string[] => {
  const tookBack = new Set<unknown>(published.flatMap(({ tookBack: versions }) => versions));
  return [...Map.groupBy(seen, ({ call }) => call)].flatMap(([call, decisions]) => {
    const wasTakenBack = decisions.some(({ attributes }) => tookBack.has(attributes['sentWith']));
    return !wasTakenBack && new Set(decisions.map(versionOf)).size > 1 ? [call] : [];
  });
};

/** From the snapshot that begins a trial to the one that ends it: a higher percentage is not another trial. */
const trialsIn = (published: readonly Published[]) =>
  [...Map.groupBy(published, ({ trial }) => trial?.sinceMs)].flatMap(([since, during]) => {
    const first = during[0]!;
    const after = published.find(({ snapshotSeq }) => snapshotSeq > during.at(-1)!.snapshotSeq);
    const endsMs = after?.atMs ?? Number.POSITIVE_INFINITY;
    return since === undefined ? [] : [{ since, beginsMs: first.atMs, endsMs }];
  });

const mixedTrees = ({ seen, published }: History): readonly string[] =>
  trialsIn(published).flatMap(({ since, beginsMs, endsMs }) => {
    const ofTrial = new Set(
      published.flatMap(({ trial, snapshotSeq }) => (trial?.sinceMs === since ? [snapshotSeq] : [])),
    );
    const isCanary = ({ attributes, snapshotSeq }: Seen) => attributes['arm'] === 'canary' && ofTrial.has(snapshotSeq);
    const during = seen.filter(({ isFirst, atMs }) => isFirst && atMs >= beginsMs && atMs < endsMs);
    return [...Map.groupBy(during, ({ tree }) => tree)].flatMap(([tree, calls]) =>
      new Set(calls.map(isCanary)).size > 1 ? [`${tree} in ${since}`] : [],
    );
  });

const total = async (seeds: readonly number[], plant: Plant) => {
  const found = { calls: 0, canary: 0, apart: 0, two: 0, mixed: 0 };
  for (const seed of seeds) {
    const history = await historyOf(seed, contents, plant);
    const byCall = [...Map.groupBy(history.seen, ({ call }) => call).values()];
    found.calls += byCall.length;
    found.canary += history.seen.filter(({ attributes }) => attributes['arm'] === 'canary').length;
    found.apart += byCall.filter(
      (decisions) => new Set(decisions.map(({ snapshotSeq }) => snapshotSeq)).size > 1,
    ).length;
    found.two += callsWithTwo(history).length;
    found.mixed += mixedTrees(history).length;
  }
  return found;
};

test('whatever is released while snapshots travel, no tree mixes arms and no call has two versions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const history = await historyOf(seed, contents);
      assert.deepEqual(history.failed, []);
      assert.deepEqual(callsWithTwo(history), []);
      assert.deepEqual(mixedTrees(history), []);
      assert.ok(history.seen.every(({ attributes }) => attributes['policyBehind'] === undefined));
    }),
    { numRuns: 40 },
  );
});

const SEEDS = [1, 2, 3, 4, 5, 6];

test('the histories have what they are about: canaries, and calls on nodes with different snapshots', async (context) => {
  const found = await total(SEEDS, 'none');
  context.diagnostic(JSON.stringify(found));
  assert.ok(found.calls > 1_000 && found.canary > 200 && found.apart > 50);
});

test('nodes that forget trees are found', async (context) => {
  const found = await total(SEEDS, 'unpinned');
  context.diagnostic(JSON.stringify(found));
  assert.ok(found.mixed > 0);
});

test('senders that do not say what decided are found', async (context) => {
  const found = await total(SEEDS, 'unsaid');
  context.diagnostic(JSON.stringify(found));
  assert.ok(found.two > 0);
});
