/** Promises about incidents: what fired is there after a restart, and nobody is told twice or never. */
import assert from 'node:assert/strict';
import type { StoreCheck } from './check.ts';
import { HOSTILE, incident } from './samples.ts';

export const incidentChecks = (promise: StoreCheck): void => {
  promise('incidents are listed newest first, whole, and only as many as asked for', async ({ incidents }) => {
    const [first, second, third] = ['a', 'b', 'c'].map((id, at) => incident(id, { openedAtMs: 10 * at + 0.5 }));
    for (const one of [second!, third!, first!]) await incidents.put(one);
    assert.deepEqual(await incidents.list({ tenant: 'default', isOpen: false, limit: 2 }), [third, second]);
  });

  promise('an incident that is put again is what it was put as last', async ({ incidents }) => {
    await incidents.put(incident('a'));
    const over = incident('a', { endedAtMs: 30, ended: 'it is well again' });
    await incidents.put(over);
    assert.deepEqual(await incidents.list({ tenant: 'default', isOpen: false, limit: 10 }), [over]);
    assert.deepEqual(await incidents.list({ tenant: 'default', isOpen: true, limit: 10 }), []);
  });

  promise('an incident is found by how its id begins, in its own tenant', async ({ incidents }) => {
    const [first, second, third] = ['aaaa1', 'aaaa2', 'aaab'].map((id) => incident(id));
    for (const one of [third!, second!, first!, incident('aaaa0', { tenant: 'other' })]) await incidents.put(one);
    assert.deepEqual(await incidents.named('default', 'aaaa2'), [second]);
    assert.deepEqual(await incidents.named('default', 'aaa'), [first, second], 'two say that there is more than one');
    assert.deepEqual(await incidents.named('default', 'aaaa0'), []);
    assert.deepEqual(await incidents.named('default', 'b'), []);
  });

  promise('who looks after an incident is kept with it, also over a reopen', async (stores, again) => {
    const acknowledged = { by: 'user/ada', atMs: 7, note: HOSTILE[0]! };
    const seen = incident('seen', { acknowledged, told: 'acknowledged' });
    await stores.incidents.put(incident('seen'));
    await stores.incidents.put(seen);
    const { incidents } = await again();
    assert.deepEqual(await incidents.unfinished('hub-1'), [seen]);
  });

  promise('what is open, or over and not told, is there for its own node after reopen', async (stores, again) => {
    const open = incident('open', { openedAtMs: 1 });
    const untold = incident('untold', { openedAtMs: 2, endedAtMs: 9, told: 'opened' });
    const told = incident('told', { openedAtMs: 3, endedAtMs: 9, told: 'ended' });
    const nowhere = incident('nowhere', { openedAtMs: 4, endedAtMs: 9, webhook: '' });
    const theirs = incident('theirs', { node: 'hub-2' });
    for (const one of [untold, told, nowhere, theirs, open]) await stores.incidents.put(one);
    const { incidents } = await again();
    assert.deepEqual(await incidents.unfinished('hub-1'), [open, untold]);
  });

  promise('incidents that are over are removed by their end, and open ones never', async ({ incidents }) => {
    await incidents.put(incident('old', { endedAtMs: 10 }));
    await incidents.put(incident('new', { endedAtMs: 20 }));
    await incidents.put(incident('open', { openedAtMs: 1 }));
    assert.equal(await incidents.prune(20), 1);
    const left = await incidents.list({ tenant: 'default', isOpen: false, limit: 10 });
    assert.deepEqual(left.map(({ id }) => id).sort(), ['new', 'open']);
  });

  promise(
    'a tenant does not see the incidents of another, and hostile strings come back unchanged',
    async ({ incidents }) => {
      for (const text of HOSTILE) {
        const one = incident(text, { tenant: text, alert: text, text, ended: text });
        await incidents.put(one);
        assert.deepEqual(await incidents.list({ tenant: text, isOpen: true, limit: 10 }), [one]);
      }
      assert.deepEqual(await incidents.list({ tenant: 'default', isOpen: false, limit: 10 }), []);
    },
  );
};
