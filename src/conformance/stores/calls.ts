/** Promises about the call journal: intents and outcomes that are written once and stay. */
import assert from 'node:assert/strict';
import type { Stores } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { allBytes, dispatch, forgotten, HOSTILE, hexId, record, reply } from './samples.ts';

const DAY_MS = 24 * 3600 * 1000;

const openIds = async (stores: Stores): Promise<readonly string[]> => (await stores.calls.open()).map(({ id }) => id);

export const callChecks = (promise: StoreCheck): void => {
  promise('an accepted call comes back as it was written', async (stores) => {
    const whole = record(1, {
      session: 'session-1',
      idempotencyKey: 'key-1',
      detached: true,
      idempotent: true,
      request: { contentType: 'application/json', body: allBytes(), timeoutMs: 5000, priority: 2 },
    });
    const empty = record(2, {
      principal: { kind: 'user', tenant: 'default', id: 'ada', roles: [] },
      request: { contentType: '', body: new Uint8Array(0), timeoutMs: 1, priority: 0 },
    });
    for (const each of [whole, empty]) {
      assert.deepEqual(await stores.calls.accept(each), { taken: null });
      assert.deepEqual(await stores.calls.get('default', each.id), each);
    }
    assert.equal(await stores.calls.get('default', hexId(3)), undefined);
  });

  promise('a call goes from accepted to dispatched to done, and keeps the policy that let it go', async (stores) => {
    const { id } = record(1);
    await stores.calls.accept(record(1));
    await stores.calls.begin(dispatch(1, 'sha256:newer'));
    assert.deepEqual(
      await stores.calls.get('default', id),
      record(1, { state: 'dispatched', policyVersion: 'sha256:newer' }),
    );
    assert.equal(await stores.calls.conclude(id, 'done', reply({ body: allBytes() }), 42), true);
    assert.deepEqual(
      await stores.calls.get('default', id),
      record(1, {
        state: 'done',
        policyVersion: 'sha256:newer',
        concludedAtMs: 42,
        reply: reply({ body: allBytes() }),
      }),
    );
  });

  promise('a call is dispatched once, and only from accepted', async (stores) => {
    await stores.calls.accept(record(1));
    await stores.calls.begin(dispatch(1));
    await refused(stores.calls.begin(dispatch(1)), 'conflict', hexId(1), 'dispatched', 'accepted');
    await stores.calls.conclude(hexId(1), 'unknown', null, 1);
    await refused(stores.calls.begin(dispatch(1)), 'conflict', 'unknown');
    await refused(stores.calls.begin(dispatch(9)), 'not_found', hexId(9));
    await refused(stores.calls.conclude(hexId(9), 'done', null, 1), 'not_found', hexId(9));
  });

  promise('of 20 concurrent dispatches of one call one goes through', async (stores) => {
    await stores.calls.accept(record(1));
    const attempts = Array.from({ length: 20 }, () => stores.calls.begin(dispatch(1)));
    const settled = await Promise.allSettled(attempts);
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  promise('a second conclusion is ignored', async (stores) => {
    await stores.calls.accept(record(1));
    const first = reply({ status: 201 });
    const conclusions = await Promise.all([
      stores.calls.conclude(hexId(1), 'done', first, 10),
      stores.calls.conclude(hexId(1), 'unknown', null, 11),
      stores.calls.conclude(hexId(1), 'cancelled', reply({ status: 500 }), 12),
    ]);
    assert.deepEqual(conclusions, [true, false, false]);
    assert.deepEqual(
      await stores.calls.get('default', hexId(1)),
      record(1, { state: 'done', concludedAtMs: 10, reply: first }),
    );
  });

  promise(
    'an idempotency key is taken once under 100 concurrent accepts, and all hear by whom (R6)',
    async (stores) => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, at) => stores.calls.accept(record(at, { idempotencyKey: 'same' }))),
      );
      const winners = answers.flatMap(({ taken }, at) => (taken === null ? [hexId(at)] : []));
      assert.equal(winners.length, 1);
      for (const { taken } of answers) if (taken !== null) assert.equal(taken.id, winners[0]);
      assert.deepEqual(await openIds(stores), winners);
    },
  );

  promise('an idempotency key belongs to one tenant, principal and target operation (R6)', async (stores) => {
    const key = { idempotencyKey: 'same' };
    const base = record(0);
    const others = [
      record(1, key),
      record(2, { ...key, tenant: 'other' }),
      record(3, { ...key, principal: { ...base.principal, id: 'another' } }),
      record(4, { ...key, principal: { ...base.principal, kind: 'user' } }),
      record(5, { ...key, target: { ...base.target, operation: 'cancel' } }),
      record(6, { ...key, target: { ...base.target, name: 'other' } }),
      record(7, { ...key, target: { ...base.target, kind: 'agent' } }),
      record(8, { idempotencyKey: 'Same' }),
      record(9, { idempotencyKey: '' }),
      record(10, { idempotencyKey: '' }),
    ];
    for (const each of others) assert.deepEqual(await stores.calls.accept(each), { taken: null }, each.id);
  });

  promise('a taken key answers the whole record with its reply', async (stores) => {
    const first = record(1, { idempotencyKey: 'k' });
    await stores.calls.accept(first);
    await stores.calls.conclude(first.id, 'done', reply({ body: allBytes() }), 5);
    const { taken } = await stores.calls.accept(record(2, { idempotencyKey: 'k', digest: 'e'.repeat(64) }));
    assert.deepEqual(taken, { ...first, state: 'done', concludedAtMs: 5, reply: reply({ body: allBytes() }) });
    assert.equal(await stores.calls.get('default', hexId(2)), undefined);
  });

  promise('the same call again takes the key of an unknown one where both may run twice', async (stores) => {
    const again = { idempotencyKey: 'k', idempotent: true };
    await stores.calls.accept(record(1, again));
    assert.equal((await stores.calls.accept(record(2, again))).taken?.id, hexId(1), 'it is open');
    await stores.calls.conclude(hexId(1), 'unknown', reply(), 5);
    assert.equal((await stores.calls.accept(record(3, { ...again, idempotent: false }))).taken?.id, hexId(1));
    assert.equal((await stores.calls.accept(record(4, { ...again, digest: 'e'.repeat(64) }))).taken?.id, hexId(1));
    assert.equal((await stores.calls.accept(record(5, again))).taken, null);
    assert.equal((await stores.calls.accept(record(6, again))).taken?.id, hexId(5));
    assert.equal((await stores.calls.get('default', hexId(1)))?.state, 'unknown');
  });

  promise('a key is free again 24 h after acceptance, unless its call is still open (R6)', async (stores) => {
    const first = record(1, { idempotencyKey: 'k', acceptedAtMs: 1_000 });
    await stores.calls.accept(first);
    const later = (id: number, ms: number) => record(id, { idempotencyKey: 'k', acceptedAtMs: 1_000 + ms });
    assert.equal((await stores.calls.accept(later(2, DAY_MS))).taken?.id, first.id);
    await stores.calls.conclude(first.id, 'done', reply(), 2_000);
    assert.equal((await stores.calls.accept(later(3, DAY_MS - 1))).taken?.id, first.id);
    assert.equal((await stores.calls.accept(later(4, DAY_MS))).taken, null);
    assert.equal((await stores.calls.accept(later(5, DAY_MS + 1))).taken?.id, hexId(4));
    assert.equal((await stores.calls.get('default', first.id))?.idempotencyKey, '');
  });

  promise(
    'a call id is a key of its own: the same call again hears of its record, another call is refused',
    async (stores) => {
      await stores.calls.accept(record(1, { session: 'first' }));
      assert.equal((await stores.calls.accept(record(1, { session: 'second' }))).taken?.session, 'first');
      await refused(stores.calls.accept(record(1, { tenant: 'other' })), 'conflict', hexId(1));
      const stranger = { ...record(1).principal, id: 'stranger' };
      await refused(stores.calls.accept(record(1, { principal: stranger })), 'conflict', hexId(1));
    },
  );

  promise('a released call is gone with its key, and a concluded one stays', async (stores) => {
    const first = record(1, { idempotencyKey: 'k', state: 'dispatched' });
    await stores.calls.accept(first);
    await stores.calls.end(forgotten(1));
    assert.deepEqual(await openIds(stores), []);
    assert.deepEqual(await stores.calls.accept(first), { taken: null });
    await stores.calls.conclude(first.id, 'done', reply(), 5);
    await stores.calls.end(forgotten(1));
    await stores.calls.end(forgotten(77));
    assert.equal((await stores.calls.accept(record(2, { idempotencyKey: 'k' }))).taken?.id, first.id);
  });

  promise('open calls are those without a conclusion, oldest first', async (stores) => {
    await stores.calls.accept(record(3, { acceptedAtMs: 10 }));
    await stores.calls.accept(record(1, { acceptedAtMs: 30, state: 'dispatched' }));
    await stores.calls.accept(record(2, { acceptedAtMs: 20 }));
    await stores.calls.accept(record(4, { acceptedAtMs: 5 }));
    await stores.calls.conclude(hexId(4), 'cancelled', null, 50);
    assert.deepEqual(await openIds(stores), [hexId(3), hexId(2), hexId(1)]);
  });

  promise('pruning removes what was concluded before the instant, and nothing that is open', async (stores) => {
    for (const id of [1, 2, 3]) await stores.calls.accept(record(id, { idempotencyKey: `k${id}` }));
    await stores.calls.conclude(hexId(1), 'done', reply(), 100);
    await stores.calls.conclude(hexId(2), 'done', reply(), 200);
    assert.equal(await stores.calls.prune(200), 1);
    assert.equal(await stores.calls.get('default', hexId(1)), undefined);
    assert.equal((await stores.calls.get('default', hexId(2)))?.state, 'done');
    assert.deepEqual(await openIds(stores), [hexId(3)]);
    assert.equal((await stores.calls.accept(record(4, { idempotencyKey: 'k1' }))).taken, null);
  });

  promise('a call of another tenant does not exist', async (stores) => {
    await stores.calls.accept(record(1));
    assert.equal(await stores.calls.get('other', hexId(1)), undefined);
    assert.equal(await stores.calls.get('', hexId(1)), undefined);
  });

  promise('hostile strings in calls, keys and replies come back unchanged', async (stores) => {
    for (const [at, text] of HOSTILE.entries()) {
      const whole = record(at, { session: text, idempotencyKey: text, policyVersion: text, digest: text });
      const answer = reply({ contentType: text, message: text, endpoint: text });
      assert.equal((await stores.calls.accept(whole)).taken, null);
      assert.equal((await stores.calls.accept({ ...whole, id: hexId(at + 500) })).taken?.id, whole.id);
      await stores.calls.conclude(whole.id, 'done', answer, 9);
      assert.deepEqual(await stores.calls.get('default', whole.id), {
        ...whole,
        state: 'done',
        concludedAtMs: 9,
        reply: answer,
      });
    }
  });

  promise('one refused command does not disturb those beside it', async (stores) => {
    const accepted = await Promise.allSettled([
      stores.calls.accept(record(1)),
      stores.calls.begin(dispatch(99)),
      stores.calls.accept(record(2)),
      stores.calls.conclude(hexId(98), 'done', null, 1),
      stores.calls.accept(record(3)),
    ]);
    assert.deepEqual(
      accepted.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await openIds(stores), [hexId(1), hexId(2), hexId(3)]);
  });

  promise('calls are there after reopen as they were acknowledged', async (stores, again) => {
    await Promise.all([1, 2, 3].map((id) => stores.calls.accept(record(id, { idempotencyKey: `k${id}` }))));
    await stores.calls.begin(dispatch(2, 'p2'));
    await stores.calls.conclude(hexId(3), 'done', reply(), 7);
    const before = await Promise.all([1, 2, 3].map((id) => stores.calls.get('default', hexId(id))));
    const { calls } = await again();
    assert.deepEqual(await Promise.all([1, 2, 3].map((id) => calls.get('default', hexId(id)))), before);
    assert.equal((await calls.accept(record(4, { idempotencyKey: 'k3' }))).taken?.id, hexId(3));
  });

  promise('unknown calls are listed, and what became of one is said once', async ({ calls }) => {
    for (const n of [1, 2, 3]) {
      await calls.accept(record(n, { idempotencyKey: `k${n}`, ...(n === 3 ? { tenant: 'theirs' } : {}) }));
      await calls.conclude(hexId(n), 'unknown', null, 10);
    }
    const ids = async (tenant: string | null) => (await calls.unresolved(tenant, 9)).map(({ id }) => id);
    assert.deepEqual(
      [await ids('default'), await ids(null)],
      [
        [hexId(1), hexId(2)],
        [hexId(1), hexId(2), hexId(3)],
      ],
    );
    const verdict = (n: number, what: 'executed' | 'not_executed') =>
      calls.resolve({ tenant: 'default', id: hexId(n), verdict: what, reply: reply(), audit: [], atMs: 20 });
    assert.equal(await verdict(3, 'executed'), false, 'of another tenant');
    const all = await Promise.all([verdict(1, 'executed'), verdict(1, 'not_executed'), verdict(1, 'executed')]);
    assert.deepEqual(all, [true, false, false]);
    assert.deepEqual((await calls.get('default', hexId(1)))?.reply, reply());
    assert.equal(await verdict(2, 'not_executed'), true);
    assert.deepEqual(await ids('default'), []);
    assert.equal((await calls.accept(record(8, { idempotencyKey: 'k1' }))).taken?.state, 'done');
    assert.equal((await calls.accept(record(9, { idempotencyKey: 'k2' }))).taken, null);
  });

  promise('an unknown call is reopened once, and is open again', async ({ calls }) => {
    await calls.accept(record(1));
    assert.equal(await calls.reopen('default', hexId(1)), false);
    await calls.conclude(hexId(1), 'unknown', reply(), 10);
    assert.equal(await calls.reopen('theirs', hexId(1)), false);
    const all = await Promise.all(Array.from({ length: 5 }, () => calls.reopen('default', hexId(1))));
    assert.equal(all.filter(Boolean).length, 1);
    assert.deepEqual(await calls.get('default', hexId(1)), record(1, { state: 'dispatched' }));
    assert.deepEqual(await openIds({ calls } as Stores), [hexId(1)]);
  });
};
