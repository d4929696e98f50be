/** Promises about releases of policy. */
import assert from 'node:assert/strict';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { HOSTILE, release } from './samples.ts';

export const releaseChecks = (promise: StoreCheck): void => {
  promise('a release is read back as it was put, and only in its own tenant', async ({ releases }) => {
    await releases.put(release('a'));
    assert.deepEqual(await releases.get('default', 'a'), release('a'));
    assert.equal(await releases.get('other', 'a'), undefined);
    await releases.put(release('a', { tenant: 'other', percent: 5 }));
    assert.deepEqual(await releases.get('default', 'a'), release('a'));
  });

  promise('releases are listed by their last change, newest first, of one tenant or of all', async ({ releases }) => {
    for (const id of ['a', 'b', 'c']) await releases.put(release(id));
    await releases.put(release('x', { tenant: 'other' }));
    await releases.put(release('a', { version: 2, state: 'shadow' }));
    const ids = async (tenant: string | null, limit = 10) => (await releases.list(tenant, limit)).map(({ id }) => id);
    assert.deepEqual(await ids('default'), ['a', 'c', 'b']);
    assert.deepEqual(await ids(null), ['a', 'x', 'c', 'b']);
    assert.deepEqual(await ids(null, 2), ['a', 'x']);
    assert.equal((await releases.list('default', 1))[0]?.state, 'shadow');
  });

  promise('what nodes may be running is found in every tenant, and nothing else', async ({ releases }) => {
    const states = ['staged', 'shadow', 'canary', 'active', 'halted', 'retired'] as const;
    for (const state of states) await releases.put(release(state, { state, tenant: `tenant of ${state}` }));
    const found = await releases.inForce();
    assert.deepEqual(found.map(({ state }) => state).sort(), ['active', 'canary', 'shadow']);
    await releases.put(release('canary', { tenant: 'tenant of canary', version: 2, state: 'halted' }));
    assert.equal((await releases.inForce()).length, 2);
  });

  promise('of many who change one release at once, one goes through and the others hear it', async ({ releases }) => {
    await releases.put(release('a'));
    await refused(releases.put(release('a')), 'conflict', 'a');
    await refused(releases.put(release('b', { version: 2 })), 'conflict', 'b');
    const tries = Array.from({ length: 20 }, (_, at) => releases.put(release('a', { version: 2, percent: at })));
    const settled = await Promise.allSettled(tries);
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await releases.get('default', 'a'))?.version, 2);
  });

  promise('releases are there after reopen, in the same order', async (stores, again) => {
    for (const id of ['a', 'b']) await stores.releases.put(release(id));
    await stores.releases.put(release('a', { version: 2, state: 'halted' }));
    const { releases } = await again();
    assert.deepEqual(await releases.list(null, 10), [release('a', { version: 2, state: 'halted' }), release('b')]);
  });

  promise('hostile strings in releases come back unchanged', async ({ releases }) => {
    for (const text of HOSTILE) {
      await releases.put(release(text, { tenant: text, approvedBy: text }));
      assert.deepEqual(await releases.get(text, text), release(text, { tenant: text, approvedBy: text }));
    }
  });
};
