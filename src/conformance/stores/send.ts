/** Promises about the two transactions around a call: all that must be true before it is sent, or nothing of it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AuditEntry, AuditFilter, Begin, Stores } from '../../contract/index.ts';
import { auditText, GENESIS } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { account, reservation } from './money.ts';
import { approval, auditEntry, begin, end, HOSTILE, hexId, record, reply } from './samples.ts';

/** What a refused beginning may have changed: nothing. */
const traceOf = async ({ ledger, audit, approvals, calls }: Stores): Promise<unknown> => [
  (await ledger.accounts({ tenant: 'default' })).filter(({ reserved, spent }) => reserved + spent > 0),
  await ledger.entries({ tenant: 'default', limit: 99 }),
  await audit.heads(),
  await approvals.list({ tenant: 'default', limit: 99 }),
  await calls.open(),
];

export const sendChecks = (promise: StoreCheck): void => {
  const org = account('org', 10);
  const use = { tenant: 'default', approval: hexId(7), digest: 'd'.repeat(64) };
  const whole = (id: number): Begin =>
    begin({
      record: record(id, { state: 'dispatched' }),
      reservation: reservation(hexId(id), [org, 10]),
      grant: use,
      audit: [auditEntry('call.sent')],
    });

  promise('a beginning writes intent, reservation and audit, and burns the grant', async (stores) => {
    await stores.approvals.put(approval(7, { state: 'approved', expiresAtMs: 1_000 }));
    assert.deepEqual(await stores.calls.begin(whole(1)), { kind: 'begun' });
    assert.equal((await stores.calls.get('default', hexId(1)))?.state, 'dispatched');
    assert.equal((await stores.ledger.account('default', org.id))?.reserved, 10);
    assert.equal((await stores.approvals.get('default', hexId(7)))?.state, 'consumed');
    assert.deepEqual(
      (await stores.audit.read('default', 1, 9)).map(({ kind }) => kind),
      ['call.sent'],
    );
  });

  promise('a beginning that is refused for one thing has done nothing of the others', async (stores) => {
    await stores.approvals.put(approval(7, { state: 'approved', expiresAtMs: 1_000 }));
    await stores.ledger.reserve(reservation('other', [org, 1]), 1);
    const before = await traceOf(stores);
    assert.equal((await stores.calls.begin(whole(1))).kind, 'overdrawn');
    assert.deepEqual(await traceOf(stores), before);
    assert.equal(
      (await stores.calls.begin({ ...whole(2), grant: { ...use, digest: 'e'.repeat(64) } })).kind,
      'no_grant',
    );
    assert.deepEqual(await traceOf(stores), before);
    await refused(
      stores.calls.begin({ ...whole(3), record: null, dispatch: { id: hexId(3), policyVersion: 'p' } }),
      'not_found',
    );
    assert.deepEqual(await traceOf(stores), before);
    await stores.calls.accept(record(4, { idempotencyKey: 'k', state: 'dispatched' }));
    const held = await traceOf(stores);
    const again = begin({ record: record(5, { idempotencyKey: 'k' }), reservation: reservation('x', [org, 1]) });
    assert.equal((await stores.calls.begin(again)).kind, 'taken');
    assert.deepEqual(await traceOf(stores), held);
  });

  promise('a grant is burned once, by however many at the same time', async (stores) => {
    await stores.approvals.put(approval(7, { state: 'approved', expiresAtMs: 1_000 }));
    const begun = await Promise.all(
      Array.from({ length: 50 }, (_, at) => stores.calls.begin(begin({ record: record(at), grant: use }))),
    );
    assert.equal(begun.filter(({ kind }) => kind === 'begun').length, 1);
    assert.equal((await stores.calls.open()).length, 1);
  });

  promise("what is not approved, over, or somebody else's lets nothing go", async (stores) => {
    await stores.approvals.put(approval(7, { state: 'approved', expiresAtMs: 1_000 }));
    for (const grant of [
      { ...use, approval: hexId(8) },
      { ...use, tenant: 'theirs' },
      { ...use, digest: '' },
    ])
      assert.equal((await stores.calls.begin(begin({ grant }))).kind, 'no_grant');
    assert.equal((await stores.calls.begin(begin({ grant: use, atMs: 1_000 }))).kind, 'no_grant');
    for (const [at, state] of (['pending', 'denied', 'expired', 'cancelled', 'consumed'] as const).entries()) {
      await stores.approvals.put(approval(20 + at, { state }));
      const grant = { ...use, approval: hexId(20 + at) };
      assert.equal((await stores.calls.begin(begin({ grant }))).kind, 'no_grant', state);
    }
  });

  promise('an end writes outcome, settlement and audit, once', async (stores) => {
    await stores.calls.begin(
      begin({ record: record(1, { state: 'dispatched' }), reservation: reservation(hexId(1), [org, 10]) }),
    );
    const ending = end(hexId(1), {
      outcome: { state: 'done', reply: reply() },
      amounts: { micros: 4 },
      audit: [auditEntry('call.ended')],
    });
    assert.deepEqual(await stores.calls.end(ending), { concluded: true, overdrawn: [] });
    assert.equal((await stores.calls.end({ ...ending, amounts: { micros: 9 } })).concluded, false);
    assert.equal((await stores.calls.get('default', hexId(1)))?.state, 'done');
    const state = await stores.ledger.account('default', org.id);
    assert.deepEqual([state?.spent, state?.reserved], [4, 0]);
    await refused(stores.calls.end(end(hexId(9), { outcome: { state: 'done', reply: null } })), 'not_found');
  });

  promise('a call that never ran is forgotten, and its money is free again', async (stores) => {
    const keyed = record(1, { idempotencyKey: 'k', state: 'dispatched' });
    await stores.calls.begin(begin({ record: keyed, reservation: reservation(hexId(1), [org, 10]) }));
    await stores.calls.end(end(hexId(1), { outcome: { state: 'forgotten', reply: null }, amounts: { micros: 0 } }));
    assert.equal(await stores.calls.get('default', hexId(1)), undefined);
    const again = begin({ record: record(2, { idempotencyKey: 'k' }), reservation: reservation(hexId(2), [org, 10]) });
    assert.equal((await stores.calls.begin(again)).kind, 'begun');
  });

  promise('an accepted call is dispatched once, with all that belongs to it', async (stores) => {
    await stores.calls.accept(record(1));
    const dispatch = begin({
      dispatch: { id: hexId(1), policyVersion: 'newer' },
      reservation: reservation(hexId(1), [org, 10]),
    });
    assert.equal((await stores.calls.begin(dispatch)).kind, 'begun');
    await refused(stores.calls.begin(dispatch), 'conflict', 'dispatched');
    assert.equal((await stores.calls.get('default', hexId(1)))?.policyVersion, 'newer');
  });
};

export const auditChecks = (promise: StoreCheck): void => {
  promise('each record has the hash of the one before, without gaps, for each tenant', async (stores, again) => {
    const entries: AuditEntry[] = HOSTILE.map((text) =>
      auditEntry(text, { actor: text, object: text, details: { [text]: text, n: 1, list: [text] } }),
    );
    await Promise.all([...entries, auditEntry('x', { tenant: 'theirs' })].map((entry) => stores.audit.append([entry])));
    await stores.audit.append(entries);
    const { audit } = await again();
    const records = await audit.read('default', 1, 100);
    assert.equal(records.length, 2 * HOSTILE.length);
    let prev = GENESIS;
    for (const [at, { seq, hash, prev: said, ...entry }] of records.entries()) {
      assert.deepEqual([seq, said], [at + 1, prev]);
      assert.equal(
        hash,
        createHash('sha256')
          .update(auditText(entry, seq, prev))
          .digest('hex'),
      );
      assert.deepEqual(entry, entries[at % entries.length]);
      prev = hash;
    }
    assert.deepEqual((await audit.heads()).map(({ tenant, seq }) => [tenant, seq]).sort(), [
      ['default', records.length],
      ['theirs', 1],
    ]);
    assert.equal((await audit.heads()).find(({ tenant }) => tenant === 'default')?.hash, prev);
  });

  promise("records are found by what they say, newest first, and never another tenant's", async ({ audit }) => {
    for (let n = 1; n <= 5; n++)
      await audit.append([auditEntry('k', { atMs: n, actor: `user/${n % 2}`, callId: hexId(n) })]);
    await audit.append([auditEntry('k', { tenant: 'theirs' })]);
    const found = await audit.search({ tenant: 'default', kind: 'k', actor: 'user/1', limit: 2 });
    assert.deepEqual(
      found.map(({ atMs }) => atMs),
      [5, 3],
    );
    assert.deepEqual(
      (await audit.search({ tenant: 'default', sinceMs: 4, limit: 9 })).map(({ atMs }) => atMs),
      [5, 4],
    );
    assert.deepEqual((await audit.search({ tenant: 'default', callId: hexId(2), limit: 9 })).length, 1);
    const seqs = async (filter: Omit<AuditFilter, 'tenant' | 'limit'>): Promise<readonly number[]> =>
      (await audit.search({ tenant: 'default', limit: 9, ...filter })).map(({ seq }) => seq);
    assert.deepEqual(await seqs({ beforeSeq: 4 }), [3, 2, 1]);
    assert.deepEqual(await seqs({ beforeSeq: 5, fromSeq: 3 }), [4, 3]);
    assert.deepEqual(await seqs({ untilMs: 3, sinceMs: 2 }), [2]);
    assert.deepEqual(await seqs({ actor: 'user/*', kind: 'k*', fromSeq: 4 }), [5, 4]);
    assert.deepEqual(await seqs({ actor: 'user/' }), [], 'without the star it is the whole of it');
    assert.deepEqual(await seqs({ beforeSeq: 1 }), []);
    assert.deepEqual(
      (await audit.read('default', 4, 9)).map(({ seq }) => seq),
      [4, 5],
    );
  });
};

export const approvalChecks = (promise: StoreCheck): void => {
  promise('an approval comes back as it was written, after reopen too', async (stores, again) => {
    const whole = approval(1, { body: Uint8Array.from({ length: 256 }, (_, at) => at) });
    await stores.approvals.put(whole);
    const { approvals } = await again();
    assert.deepEqual(await approvals.get('default', hexId(1)), whole);
    assert.equal(await approvals.get('theirs', hexId(1)), undefined);
    for (const [at, text] of HOSTILE.entries()) {
      const odd = approval(50 + at, { tenant: text, reason: text, contentType: text, rules: [text], behind: [text] });
      await approvals.put(odd);
      assert.deepEqual(await approvals.get(text, odd.id), odd);
    }
  });

  promise('of 20 who change one approval at the same time one is heard', async ({ approvals }) => {
    await approvals.put(approval(1));
    const changes = Array.from({ length: 20 }, (_, at) => approvals.put(approval(1, { version: 2, reason: `${at}` })));
    const settled = await Promise.allSettled(changes);
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    await refused(approvals.put(approval(1)), 'conflict', hexId(1));
  });

  promise(
    'the newest approval of a caller is found by its digest, and by the one before it was edited',
    async (stores) => {
      const { approvals } = stores;
      const one = approval(1);
      const [sent, edited] = [one.digest, 'e'.repeat(64)];
      const found = async (digest: string) => (await approvals.latest('default', one.principal, digest))?.id;
      await approvals.put(one);
      assert.deepEqual(await approvals.latest('default', one.principal, sent), one);
      assert.equal(await approvals.latest('default', { ...one.principal, id: 'other' }, sent), undefined);
      assert.equal(await approvals.latest('default', { ...one.principal, kind: 'user' }, sent), undefined);
      assert.equal(await approvals.latest('theirs', one.principal, sent), undefined);
      assert.equal(await found(edited), undefined);
      await approvals.put(approval(2, { createdAtMs: one.createdAtMs + 1, state: 'expired' }));
      assert.equal(await found(sent), hexId(2));
      const third = approval(3, { createdAtMs: one.createdAtMs + 2 });
      await approvals.put(third);
      await approvals.put({ ...third, digest: edited, askedDigest: sent, version: 2 });
      assert.deepEqual([await found(sent), await found(edited)], [hexId(3), hexId(3)]);
      await approvals.put(approval(4, { createdAtMs: one.createdAtMs + 3, digest: edited }));
      assert.deepEqual([await found(sent), await found(edited)], [hexId(3), hexId(4)]);
    },
  );

  promise('what waits is counted for one caller', async ({ approvals }) => {
    const { principal } = approval(1);
    for (const n of [1, 2, 3]) await approvals.put(approval(n));
    await approvals.put(approval(3, { state: 'denied', version: 2 }));
    await approvals.put(approval(4, { principal: { ...principal, id: 'other' } }));
    await approvals.put(approval(5, { tenant: 'theirs' }));
    assert.equal(await approvals.waiting('default', principal), 2);
    assert.equal(await approvals.waiting('default', { ...principal, id: 'other' }), 1);
    assert.equal(await approvals.waiting('default', { ...principal, id: 'nobody' }), 0);
  });

  promise('what was decided goes when its time is over and its call is gone, and what waits never', async (stores) => {
    const { approvals, calls } = stores;
    for (const [at, state] of (
      ['pending', 'approved', 'denied', 'expired', 'consumed', 'cancelled', 'denied', 'consumed'] as const
    ).entries())
      await approvals.put(approval(at, { state, expiresAtMs: at === 6 ? 200 : 100 }));
    await calls.accept(record(7));
    await calls.conclude(hexId(7), 'unknown', null, 1);
    const left = async () => (await approvals.list({ tenant: null, limit: 99 })).map(({ id }) => id).toSorted();
    assert.equal(await approvals.prune(100), 0);
    assert.equal(await approvals.prune(101), 4);
    assert.deepEqual(await left(), [hexId(0), hexId(1), hexId(6), hexId(7)]);
    await calls.resolve({
      ...{ tenant: 'default', id: hexId(7), verdict: 'executed', reply: null, audit: [], atMs: 1 },
    });
    assert.equal(await approvals.prune(101), 0, 'its call can still be asked about');
    await calls.prune(101);
    assert.equal(await approvals.prune(101), 1);
    assert.deepEqual(await left(), [hexId(0), hexId(1), hexId(6)]);
  });

  promise('a list says all of each approval but its bytes', async ({ approvals }) => {
    const { body: _, ...summary } = approval(1, { expiresAtMs: 10, rules: [...HOSTILE], askedDigest: 'e'.repeat(64) });
    await approvals.put({ ...summary, body: new Uint8Array(1_000) });
    for (const filter of [{}, { state: 'pending' }] as const)
      for (const tenant of ['default', null])
        assert.deepEqual(await approvals.list({ tenant, limit: 9, ...filter }), [summary]);
    assert.deepEqual(await approvals.due(10, 9), [summary]);
  });

  promise('approvals are listed newest first, by state, and when their time is over', async ({ approvals }) => {
    for (const n of [1, 2, 3]) await approvals.put(approval(n, { createdAtMs: n, expiresAtMs: 10 * n }));
    await approvals.put(approval(2, { state: 'denied', version: 2, createdAtMs: 2, expiresAtMs: 20 }));
    const ids = async (work: Promise<readonly { readonly id: string }[]>) => (await work).map(({ id }) => id);
    assert.deepEqual(await ids(approvals.list({ tenant: 'default', limit: 2 })), [hexId(3), hexId(2)]);
    assert.deepEqual(await ids(approvals.list({ tenant: null, state: 'pending', limit: 9 })), [hexId(3), hexId(1)]);
    assert.deepEqual(await ids(approvals.list({ tenant: null, state: 'denied', limit: 1 })), [hexId(2)]);
    assert.deepEqual(await ids(approvals.list({ tenant: 'theirs', limit: 9 })), []);
    assert.deepEqual(await ids(approvals.due(20, 9)), [hexId(1)]);
  });
};
