/** The mark of a replay goes with its tree, and no call that may be of it goes as another one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../contract/index.ts';
import { agent, ann, MANNERS, testNode } from './testing.ts';

const asReplay = (): Partial<Call> => ({
  tree: { origin: ann, begun: 'user/ann', hops: [], calls: 1, endsAtMs: Number.MAX_SAFE_INTEGER, replay: true },
});

for (const manner of ['token', 'trace'] as const)
  test(`what an agent calls in a replay is of the replay, by ${manner}`, async () => {
    const node = testNode({ grantedMs: 5_000 });
    node.scripts.set('agent/a', (got) => node.ask(agent('a'), 'tool/t', MANNERS[manner](got)));
    await node.ask(ann, 'agent/a', asReplay());
    const [first, second] = node.sent as [Call, Call];
    assert.deepEqual([second.lineage.root, second.tree?.replay], [first.id, true]);
  });

test('a call that says nothing is refused while its agent works on a replay, whatever else it works on', async () => {
  for (const others of [0, 1]) {
    const node = testNode();
    const ends: string[] = [];
    let release = (): void => {};
    const isHeld = new Promise<void>((resolve) => {
      release = resolve;
    });
    node.scripts.set('agent/a', async ({ call }) => {
      if (call.tree?.replay !== true) return isHeld;
      ends.push(await node.outcome(agent('a'), 'tool/t'));
      return release();
    });
    const busy = Array.from({ length: others }, () => node.ask(ann, 'agent/a'));
    await node.ask(ann, 'agent/a', asReplay());
    release();
    await Promise.all(busy);
    assert.deepEqual(ends, ['REPLAY_UNPLACED']);
    assert.equal(await node.outcome(agent('a'), 'tool/t'), 'sent', 'and afterwards it is its own again');
  }
});

test('an agent that is called in a replay is not asked, so what it calls meanwhile is its own', async () => {
  const node = testNode();
  const ends: string[] = [];
  node.scripts.set('agent/a', (got) => node.ask(agent('a'), 'agent/b', MANNERS.token(got)));
  node.scripts.set('agent/b', async () => ends.push(await node.outcome(agent('b'), 'tool/t')));
  await node.ask(ann, 'agent/a', asReplay());
  assert.deepEqual(ends, ['sent']);
});

test('a call that Airspace goes on with by itself is neither refused nor of the replay', async () => {
  const node = testNode();
  node.scripts.set('agent/a', () =>
    node.ask(agent('a'), 'tool/t', { credential: { kind: 'known', principal: agent('a') } }),
  );
  await node.ask(ann, 'agent/a', asReplay());
  const [, second] = node.sent as [Call, Call];
  assert.deepEqual([second.lineage.root, second.tree?.replay], [second.id, undefined]);
});
