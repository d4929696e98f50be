/** Promises about orders to stop: none that was acknowledged may be forgotten, and none may come back once it was lifted. */
import assert from 'node:assert/strict';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { HOSTILE, killOrder } from './samples.ts';

export const killChecks = (promise: StoreCheck): void => {
  promise('orders to stop are listed by time, and whole', async ({ kills }) => {
    const [late, early] = [killOrder('late', { atMs: 20 }), killOrder('early', { atMs: 10, untilMs: 99.5 })];
    await kills.put(late);
    await kills.put(early);
    assert.deepEqual(await kills.list(null), [early, late]);
  });

  promise('an order to stop is there after reopen, and a lifted one is not', async (stores, again) => {
    await stores.kills.put(killOrder('kept'));
    await stores.kills.put(killOrder('lifted'));
    assert.equal(await stores.kills.lift('default', 'lifted'), true);
    const { kills } = await again();
    assert.deepEqual(await kills.list(null), [killOrder('kept')]);
  });

  promise('an order to stop is lifted once, by however many at the same time', async ({ kills }) => {
    await kills.put(killOrder('one'));
    const lifted = await Promise.all(Array.from({ length: 20 }, () => kills.lift('default', 'one')));
    assert.deepEqual(
      lifted.filter((mine) => mine),
      [true],
    );
    assert.equal(await kills.lift('default', 'never was'), false);
  });

  promise('an order to stop is never replaced by another with its id', async ({ kills }) => {
    await kills.put(killOrder('one'));
    await refused(kills.put(killOrder('one', { name: 'other', tenant: 'other' })), 'conflict', 'one');
    assert.deepEqual(await kills.list(null), [killOrder('one')]);
  });

  promise('a tenant neither sees nor lifts the orders of another', async ({ kills }) => {
    await kills.put(killOrder('theirs', { tenant: 'theirs' }));
    assert.deepEqual(await kills.list('ours'), []);
    assert.equal(await kills.lift('ours', 'theirs'), false);
    assert.deepEqual(await kills.list('theirs'), [killOrder('theirs', { tenant: 'theirs' })]);
  });

  promise('hostile strings in orders to stop come back unchanged', async ({ kills }) => {
    for (const text of HOSTILE) {
      const order = killOrder(text, { tenant: text, name: text, reason: text, by: text });
      await kills.put(order);
      assert.deepEqual(await kills.list(text), [order]);
      assert.equal(await kills.lift(text, text), true);
    }
  });
};
