/** What is known of data goes down a tree with it, and nobody who is no node can say it or leave it out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tree } from '../contract/index.ts';
import { agent, ann, MANNERS, testNode } from './testing.ts';
import { describedFrom, describedText } from './told.ts';

const tainted: Tree = {
  ...{ origin: ann, begun: 'user/ann', hops: [{ target: 'agent/a/ask', digest: '' }], calls: 1, endsAtMs: 1e9 },
  ...{ taint: ['data-untrusted'], plan: { name: 'trip', step: 'find' } },
};

for (const [name, manner] of Object.entries(MANNERS))
  test(`an agent that calls on carries what went into its call: ${name}`, async () => {
    const node = testNode();
    node.scripts.set('agent/a', (got) => node.ask(agent('a'), 'tool/t', manner(got)));
    await node.ask(ann, 'agent/a', { tree: tainted, lineage: { root: 'f'.repeat(32), depth: 0 } });
    assert.deepEqual(node.sent[1]?.tree?.taint, ['data-untrusted']);
    assert.equal(node.sent[1]?.tree?.plan, undefined, 'what it calls is no step');
  });

test('a node tells the next one both', () => {
  const told = describedFrom(describedText(tainted, 0), 'acme', 0);
  assert.deepEqual(told?.taint, tainted.taint);
  assert.deepEqual(told?.plan, tainted.plan);
});

test('a caller that describes a tree of its own is not believed', async () => {
  const node = testNode();
  assert.notEqual(await node.outcome(agent('a'), 'tool/t', { run: describedText(tainted, 0) }), 'sent');
  await node.ask(ann, 'tool/t');
  assert.equal(node.sent.at(-1)?.tree?.taint, undefined);
});

test('an agent that works on several trees and says nothing carries what went into any of them', async () => {
  const node = testNode();
  let done = (): void => {};
  const both = new Promise<void>((resolve) => {
    done = resolve;
  });
  let begun = 0;
  node.scripts.set('agent/a', async () => {
    begun += 1;
    if (begun < 2) return both;
    await node.ask(agent('a'), 'tool/t');
    done();
  });
  await Promise.all([
    node.ask(ann, 'agent/a', { tree: tainted, lineage: { root: 'f'.repeat(32), depth: 0 } }),
    node.ask(ann, 'agent/a'),
  ]);
  assert.deepEqual(node.sent.at(-1)?.tree?.taint, ['data-untrusted']);
  await node.ask(agent('a'), 'tool/t');
  assert.equal(node.sent.at(-1)?.tree?.taint, undefined, 'and none when it is done with them');
});

test('a node in between takes no label off that this one knows to be in what the agent works on', async () => {
  const root = 'f'.repeat(32);
  const bare: Tree = { origin: ann, begun: 'user/ann', hops: [], calls: 2, endsAtMs: 1e9 };
  const other = 'e'.repeat(32);
  const told = { run: describedText(bare, 0), via: ['middle'] };
  const sentIn = async (inRoot: string, works: readonly string[]): Promise<readonly string[] | undefined> => {
    const node = testNode();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    let begun = 0;
    node.scripts.set('agent/a', async () => {
      begun += 1;
      if (begun < works.length) return over;
      await node.ask(agent('a'), 'tool/t', { ...told, lineage: { root: inRoot, depth: 2 } });
      end();
    });
    await Promise.all(
      works.map((one) =>
        node.ask(ann, 'agent/a', {
          tree: one === root ? tainted : bare,
          lineage: { root: one, depth: 0 },
        }),
      ),
    );
    return node.sent.find(({ target }) => target.name === 't')?.tree?.taint;
  };
  assert.deepEqual(await sentIn(root, [root]), ['data-untrusted']);
  assert.deepEqual(await sentIn('d'.repeat(32), [root, other]), ['data-untrusted'], 'of a tree that nobody knows');
  assert.equal(await sentIn(other, [root, other]), undefined, 'what it does in another tree is its own');
});

test('more labels than fit are not lost on the way: those of data go first, and too many of those go nowhere', () => {
  const many = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);
  const toldOf = (taint: readonly string[]) => describedFrom(describedText({ ...tainted, taint }, 0), 'acme', 0)?.taint;
  const told = toldOf([...many('agent/x', 80), 'data-untrusted']);
  assert.equal(told?.length, 64);
  assert.ok(told?.includes('data-untrusted'));
  assert.throws(() => toldOf(many('data-', 65)), { code: 'denied' });
});
