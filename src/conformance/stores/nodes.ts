/** Promises about nodes, one-time tokens and sequences. */
import assert from 'node:assert/strict';
import type { StoreCheck } from './check.ts';
import { HOSTILE, node } from './samples.ts';

export const nodeChecks = (promise: StoreCheck): void => {
  promise('nodes are listed by id, replaced by a second put, and gone when removed', async ({ nodes }) => {
    await nodes.put(node('b'));
    await nodes.put(node('a'));
    await nodes.put(node('b', 'http://127.0.0.1:7001'));
    assert.deepEqual(await nodes.list(), [node('a'), node('b', 'http://127.0.0.1:7001')]);
    await nodes.remove('a');
    await nodes.remove('never was');
    assert.deepEqual(await nodes.list(), [node('b', 'http://127.0.0.1:7001')]);
  });

  promise('a one-time token is taken once', async ({ nodes }) => {
    await nodes.putToken('hash', 'grant', 1000);
    const taken = await Promise.all(Array.from({ length: 50 }, () => nodes.takeToken('hash', 0)));
    assert.deepEqual(
      taken.filter((grant) => grant !== undefined),
      ['grant'],
    );
    assert.equal(await nodes.takeToken('hash', 0), undefined);
  });

  promise('an unknown or expired token grants nothing', async ({ nodes }) => {
    await nodes.putToken('early', 'grant', 1000);
    await nodes.putToken('late', 'grant', 1000);
    assert.equal(await nodes.takeToken('never was', 0), undefined);
    assert.equal(await nodes.takeToken('early', 999), 'grant');
    assert.equal(await nodes.takeToken('late', 1000), undefined);
    assert.equal(await nodes.takeToken('late', 0), undefined);
  });

  promise(
    'next() counts each sequence by one from 1, and never repeats under 100 concurrent callers',
    async ({ nodes }) => {
      const numbers = await Promise.all(Array.from({ length: 100 }, () => nodes.next('snapshot')));
      assert.deepEqual(
        [...numbers].sort((a, b) => a - b),
        Array.from({ length: 100 }, (_, at) => at + 1),
      );
      assert.equal(await nodes.next('roster'), 1);
    },
  );

  promise('next() never repeats, also after reopen', async (stores, again) => {
    assert.equal(await stores.nodes.next('snapshot'), 1);
    assert.equal(await stores.nodes.next('snapshot'), 2);
    const { nodes } = await again();
    assert.equal(await nodes.next('snapshot'), 3);
  });

  promise('nodes and tokens are there after reopen, and a burnt token stays burnt', async (stores, again) => {
    await stores.nodes.put(node('a'));
    await stores.nodes.putToken('used', 'grant', 1000);
    await stores.nodes.putToken('unused', 'grant', 1000);
    await stores.nodes.takeToken('used', 0);
    const { nodes } = await again();
    assert.deepEqual(await nodes.list(), [node('a')]);
    assert.equal(await nodes.takeToken('used', 0), undefined);
    assert.equal(await nodes.takeToken('unused', 0), 'grant');
  });

  promise('hostile strings in nodes, tokens and sequence names come back unchanged', async ({ nodes }) => {
    for (const text of HOSTILE) {
      await nodes.put(node(text, text));
      assert.deepEqual(await nodes.list(), [node(text, text)]);
      await nodes.remove(text);
      await nodes.putToken(text, text, 10);
      assert.equal(await nodes.takeToken(text, 0), text);
      assert.equal(await nodes.next(text), 1);
    }
  });
};
