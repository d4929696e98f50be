/** Promises about sealed secrets: what was acknowledged is there, whole, and a tenant's key changes with all of its secrets or not at all. */
import assert from 'node:assert/strict';
import type { StoreCheck } from './check.ts';
import { HOSTILE, sealedSecret } from './samples.ts';

export const secretChecks = (promise: StoreCheck): void => {
  promise('a secret is there after reopen, in its last version, and a removed one is not', async (stores, again) => {
    await stores.secrets.put(sealedSecret('kept'));
    await stores.secrets.put(sealedSecret('kept', { version: 2, sealed: 'YWdhaW4=' }));
    await stores.secrets.put(sealedSecret('removed'));
    assert.equal(await stores.secrets.remove('default', 'removed'), true);
    assert.equal(await stores.secrets.remove('default', 'removed'), false);
    const { secrets } = await again();
    assert.deepEqual(await secrets.list(), [sealedSecret('kept', { version: 2, sealed: 'YWdhaW4=' })]);
  });

  promise('two tenants may give their secrets the same name', async ({ secrets }) => {
    await secrets.put(sealedSecret('one'));
    await secrets.put(sealedSecret('one', { tenant: 'acme', by: 'user/bob' }));
    assert.equal(await secrets.remove('acme', 'one'), true);
    assert.deepEqual(await secrets.list(), [sealedSecret('one')]);
  });

  promise('the first key of a tenant stays, whoever else brings one at the same time', async ({ secrets }) => {
    const brought = Array.from({ length: 10 }, (_, at) => ({ tenant: 'default', wrapped: `key${at}` }));
    const held = await Promise.all(brought.map((key) => secrets.claimKey(key)));
    assert.equal(new Set(held.map(({ wrapped }) => wrapped)).size, 1);
    assert.deepEqual(await secrets.keys(), [held[0]]);
  });

  promise('a new key comes with all secrets', async (stores, again) => {
    await stores.secrets.claimKey({ tenant: 'default', wrapped: 'old' });
    for (const name of ['a', 'b']) await stores.secrets.put(sealedSecret(name));
    const anew = ['a', 'b'].map((name) => sealedSecret(name, { sealed: 'bmV3' }));
    await stores.secrets.rekey({ tenant: 'default', wrapped: 'new' }, anew);
    const { secrets } = await again();
    assert.deepEqual(await secrets.keys(), [{ tenant: 'default', wrapped: 'new' }]);
    assert.deepEqual(await secrets.list(), anew);
  });

  promise('hostile strings in secrets come back unchanged', async ({ secrets }) => {
    for (const text of HOSTILE) {
      const secret = sealedSecret('hostile', { sealed: text, by: text, origins: [text] });
      await secrets.put(secret);
      assert.deepEqual(await secrets.list(), [secret]);
    }
  });
};
