/** Promises about calls that are steps of a run: the fence lets one of them begin, and the run hears of each in the same transaction. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { RunEvent, Stores } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { account, reservation } from './money.ts';
import {
  appending,
  beginStep,
  ended,
  endStep,
  head,
  historyOf,
  intending,
  intent,
  stepBegin,
  stepEnd,
} from './run-samples.ts';
import { approval, auditEntry, begin, end, hexId, record, reply } from './samples.ts';

const lastOf = async ({ plans }: Stores, run: number): Promise<RunEvent | undefined> =>
  (await plans.events('default', hexId(run), 0, 10_000)).at(-1);

const DIGEST = createHash('sha256').update('{"seat":"4A"}').digest('hex');

export const planStepChecks = (promise: StoreCheck): void => {
  promise('a step begins once, and its run hears of it at that moment', async (stores, again) => {
    await intending(stores, 1, intent('find', 100));
    const begun = await Promise.all(Array.from({ length: 10 }, () => beginStep(stores, 1, 'find', 100)));
    assert.deepEqual(begun.map(({ kind }) => kind).toSorted(), ['begun', ...Array(9).fill('superseded')]);
    const { plans, calls } = await again();
    const dispatched = { kind: 'dispatched', step: 'find', call: hexId(100), seq: 3, atMs: 20 };
    assert.deepEqual(await plans.events('default', hexId(1), 2, 9), [dispatched]);
    const kept = await calls.get('default', hexId(100));
    assert.deepEqual([kept?.step, kept?.state], [{ run: hexId(1), step: 'find' }, 'dispatched']);
    assert.equal(kept?.idempotencyKey, `${hexId(1)}/find`);
  });

  promise('a call that no intent names any more begins nothing and writes nothing', async (stores) => {
    const { calls, plans, ledger, audit } = stores;
    const org = account('org', 10);
    const run = await intending(stores, 1, intent('find', 100), intent('book', 200), intent('pay', 300));
    await plans.append(appending(run, [intent('find', 101), ended('book', 200)]));
    const before = await historyOf(stores, 1);
    for (const step of [
      stepBegin(1, 'find', 100),
      stepBegin(1, 'book', 200),
      stepBegin(1, 'none', 300),
      stepBegin(2, 'pay', 300),
      { ...stepBegin(1, 'pay', 300), tenant: 'theirs' },
    ]) {
      const whole = begin({
        record: record(300, { state: 'dispatched' }),
        reservation: reservation('r', [org, 1]),
        audit: [auditEntry('x')],
        step,
      });
      assert.deepEqual(await calls.begin(whole), { kind: 'superseded' });
    }
    assert.deepEqual(await historyOf(stores, 1), before);
    assert.deepEqual([await calls.open(), await audit.heads()], [[], []]);
    assert.deepEqual(await ledger.entries({ tenant: 'default', limit: 9 }), []);
    assert.equal((await beginStep(stores, 1, 'find', 101)).kind, 'begun');
  });

  promise('nothing of a run that is over begins', async (stores) => {
    const run = await intending(stores, 1, intent('find', 100));
    const facts = [{ kind: 'finished', state: 'cancelled', output: null, message: '' }] as const;
    await stores.plans.append(appending(run, facts, { state: 'cancelled' }));
    assert.equal((await beginStep(stores, 1, 'find', 100)).kind, 'superseded');
  });

  promise('a step that money or people refuse has not begun, and may begin later', async (stores) => {
    await intending(stores, 1, intent('find', 100));
    const org = account('org', 1);
    const step = stepBegin(1, 'find', 100);
    const short = begin({ record: record(100), reservation: reservation('r', [org, 2]), step });
    assert.equal((await stores.calls.begin(short)).kind, 'overdrawn');
    const grant = { tenant: 'default', approval: hexId(7), digest: 'd'.repeat(64) };
    assert.equal((await stores.calls.begin(begin({ record: record(100), grant, step }))).kind, 'no_grant');
    assert.deepEqual(await historyOf(stores, 1), ['started', 'intent find']);
    assert.equal((await beginStep(stores, 1, 'find', 100)).kind, 'begun');
  });

  promise('an approved call begins as the step that it was kept for, or not at all', async (stores) => {
    const { calls, plans, approvals } = stores;
    const run = await intending(stores, 1, intent('find', 100), intent('book', 200));
    for (const [at, step] of (['find', 'book'] as const).entries()) {
      await approvals.put(approval(7 + at, { state: 'approved' }));
      await calls.accept(record(100 * (at + 1), { detached: true, step: { run: hexId(1), step } }));
    }
    const dispatch = (call: number, step: string, approved: number) =>
      begin({
        dispatch: { id: hexId(call), policyVersion: 'p' },
        grant: { tenant: 'default', approval: hexId(approved), digest: 'd'.repeat(64) },
        step: stepBegin(1, step, call),
      });
    assert.deepEqual(await calls.begin(dispatch(100, 'find', 7)), { kind: 'begun' });
    assert.deepEqual(await lastOf(stores, 1), {
      ...{ kind: 'dispatched', step: 'find', call: hexId(100), seq: 4, atMs: 100 },
    });
    const now = (await plans.get('default', run.id))!;
    await plans.append(appending(now, [ended('book', 200, { outcome: 'cancelled' })]));
    assert.deepEqual(await calls.begin(dispatch(200, 'book', 8)), { kind: 'superseded' });
    assert.equal((await approvals.get('default', hexId(8)))?.state, 'approved');
    assert.equal((await calls.get('default', hexId(200)))?.state, 'accepted');
    await calls.end(
      end(hexId(200), {
        outcome: { state: 'done', reply: null },
        step: stepEnd(1, 'book', 200, { outcome: 'failed' }),
      }),
    );
    assert.equal((await calls.get('default', hexId(200)))?.state, 'done');
    assert.equal((await historyOf(stores, 1)).at(-1), 'ended book');
    assert.equal((await historyOf(stores, 1)).length, 5);
  });

  promise('an end is in the history with its result, and the run is due at once', async (stores, again) => {
    const run = await intending(stores, 1, intent('find', 100, ['agent/flights', 'data-pii']));
    await beginStep(stores, 1, 'find', 100);
    await stores.plans.release(run);
    assert.deepEqual(await endStep(stores, 1, 'find', 100), { concluded: true, overdrawn: [] });
    const { plans, calls } = await again();
    const { reply: _, run: __, ...said } = stepEnd(1, 'find', 100);
    const event = await lastOf({ ...stores, plans }, 1);
    assert.ok(event?.kind === 'ended' && event.result !== null);
    assert.deepEqual(event, {
      ...{ ...said, kind: 'ended', seq: 4, atMs: 30 },
      result: {
        ...{ contentType: 'application/json', bytes: 13, digest: DIGEST, json: '{"seat":"4A"}' },
        taint: ['agent/flights', 'data-pii'],
      },
    });
    const now = await plans.get('default', hexId(1));
    assert.deepEqual([now?.dueMs, now?.costMicros, now?.seq], [30, 7, 4]);
    assert.equal((await calls.get('default', hexId(100)))?.state, 'done');
    assert.equal((await plans.claim({ holder: 'hub', nowMs: 30, leaseMs: 9, limit: 9 })).length, 1);
  });

  promise('results that are large or no JSON are kept beside the history, byte for byte', async (stores, again) => {
    const text = (value: string) => new TextEncoder().encode(value);
    const results = [
      { contentType: 'application/json', body: text(`"${'x'.repeat(64 * 1024 - 2)}"`), isInline: true },
      { contentType: 'application/json', body: text(`"${'x'.repeat(64 * 1024 - 1)}"`), isInline: false },
      { contentType: 'application/problem+json; charset=utf-8', body: text('{"a":"\\u0000 ü"}'), isInline: true },
      { contentType: 'application/json', body: text('{"a":'), isInline: false },
      { contentType: 'application/json', body: Uint8Array.from([0x22, 0xff, 0x22]), isInline: false },
      { contentType: 'text/plain', body: text('{}'), isInline: false },
      {
        contentType: 'application/octet-stream',
        body: Uint8Array.from({ length: 256 }, (_, at) => at),
        isInline: false,
      },
      { contentType: 'application/json', body: new Uint8Array(0), isInline: false },
    ];
    await intending(stores, 1, ...results.map((_, at) => intent(`s${at}`, 100 + at)));
    for (const [at, { isInline: _, ...result }] of results.entries()) {
      await beginStep(stores, 1, `s${at}`, 100 + at);
      await endStep(stores, 1, `s${at}`, 100 + at, { reply: result });
    }
    const { plans } = await again();
    const ends = (await plans.events('default', hexId(1), 0, 99)).flatMap((event) =>
      event.kind === 'ended' ? event.result! : [],
    );
    for (const [at, { contentType, body, isInline }] of results.entries()) {
      const { digest, bytes, json } = ends[at]!;
      assert.equal(bytes, body.byteLength);
      assert.equal(json, isInline ? new TextDecoder().decode(body) : undefined, `${at}`);
      const blob = await plans.blob('default', hexId(1), digest);
      assert.deepEqual(blob, isInline ? undefined : { digest, contentType, body });
    }
  });

  promise('a call that is ended twice, or whose place is taken, adds nothing', async (stores) => {
    const { plans } = stores;
    const run = await intending(stores, 1, intent('find', 100));
    await beginStep(stores, 1, 'find', 100);
    await endStep(stores, 1, 'find', 100);
    const before = await plans.events('default', run.id, 0, 9);
    assert.equal((await endStep(stores, 1, 'find', 100, { outcome: 'failed' })).concluded, false);
    assert.deepEqual(await plans.events('default', run.id, 0, 9), before);
    await plans.append(appending((await plans.get('default', run.id))!, [intent('find', 101)]));
    await endStep(stores, 1, 'find', 100, { outcome: 'failed' });
    assert.equal((await historyOf(stores, 1)).at(-1), 'intent find');
    assert.equal((await plans.get('default', run.id))?.costMicros, 7);
  });

  promise('a step that never ran is free for the next attempt, under the same key', async (stores) => {
    const { plans, calls } = stores;
    const run = await intending(stores, 1, intent('find', 100));
    await beginStep(stores, 1, 'find', 100);
    const never = { outcome: 'failed', executed: 'no', code: 'unreachable', retryable: true, reply: null } as const;
    await endStep(stores, 1, 'find', 100, never, 'forgotten');
    assert.equal(await calls.get('default', hexId(100)), undefined);
    assert.deepEqual((await lastOf(stores, 1))?.kind, 'ended');
    for (const [call, outcome] of [
      [101, 'failed'],
      [102, 'unknown'],
    ] as const) {
      await plans.append(appending((await plans.get('default', run.id))!, [intent('find', call)]));
      assert.equal((await beginStep(stores, 1, 'find', call)).kind, 'begun', 'a try before it is not in its way');
      await endStep(stores, 1, 'find', call, { outcome, reply: null }, outcome === 'failed' ? 'done' : 'unknown');
    }
    await plans.append(appending((await plans.get('default', run.id))!, [intent('find', 103)]));
    assert.equal((await beginStep(stores, 1, 'find', 103)).kind, 'begun');
    assert.deepEqual(
      (await calls.unresolved('default', 9)).map(({ id }) => id),
      [hexId(102)],
    );
  });

  promise('what was taken back before it is known to have begun ends the step too', async (stores) => {
    await intending(stores, 1, intent('find', 100));
    const never = { outcome: 'failed', executed: 'no', code: 'storage', reply: null } as const;
    await endStep(stores, 1, 'find', 100, never, 'forgotten');
    assert.deepEqual(await historyOf(stores, 1), ['started', 'intent find', 'ended find']);
    assert.equal((await beginStep(stores, 1, 'find', 100)).kind, 'superseded');
  });

  promise('no intent replaces a call that is under way (P3)', async (stores) => {
    const { plans, calls } = stores;
    const run = await intending(stores, 1, intent('find', 100));
    await beginStep(stores, 1, 'find', 100);
    assert.deepEqual(await plans.append(appending(run, [intent('find', 101)])), { kind: 'behind' });
    const now = (await plans.get('default', run.id))!;
    await refused(plans.append(appending(now, [intent('find', 101)])), 'conflict', 'find', hexId(100), run.id);
    assert.equal((await plans.get('default', run.id))?.seq, now.seq);
    const givenUp = ended('find', 100, { outcome: 'unknown', executed: 'unknown' });
    assert.equal((await plans.append(appending(now, [givenUp, intent('find', 101)]))).kind, 'appended');
    assert.equal((await calls.get('default', hexId(100)))?.state, 'unknown');
    assert.equal((await beginStep(stores, 1, 'find', 101)).kind, 'begun');
    await endStep(stores, 1, 'find', 100);
    const late = await lastOf(stores, 1);
    assert.deepEqual(late?.kind === 'ended' && late.call, hexId(100), 'what it cost counts');
    assert.equal((await plans.get('default', run.id))?.costMicros, 7);
    await endStep(stores, 1, 'find', 101);
    assert.equal((await plans.get('default', run.id))?.costMicros, 14, 'and the other attempt is what the step is');
    assert.equal((await calls.get('default', hexId(100)))?.state, 'done', 'and still the call says what became of it');
  });

  promise('a call that its run gave up, and that comes back, says what became of it', async (stores, again) => {
    const { plans } = stores;
    const steps = ['find', 'book', 'pay', 'mail'] as const;
    await intending(stores, 1, ...steps.map((step, at) => intent(step, 100 + at)));
    for (const [at, step] of steps.entries()) await beginStep(stores, 1, step, 100 + at);
    const unknown = { outcome: 'unknown', executed: 'unknown' } as const;
    const now = (await plans.get('default', hexId(1)))!;
    await plans.append(
      appending(
        now,
        steps.map((step, at) => ended(step, 100 + at, unknown)),
        { state: 'held' },
      ),
    );
    assert.equal((await stores.calls.unresolved('default', 9)).length, 4);
    assert.deepEqual(await stores.calls.open(), []);
    assert.equal((await endStep(stores, 1, 'find', 100)).concluded, true);
    await endStep(stores, 1, 'book', 101, { outcome: 'failed', executed: 'no', reply: null }, 'forgotten');
    await endStep(stores, 1, 'pay', 102, { ...unknown, reply: null }, 'unknown');
    const history = await historyOf(stores, 1);
    assert.deepEqual(history.slice(-2), ['ended find', 'ended book']);
    assert.deepEqual((await plans.get('default', hexId(1)))?.dueMs, 30);
    const { calls } = await again();
    const states = await Promise.all([100, 101, 102, 103].map((id) => calls.get('default', hexId(id))));
    assert.deepEqual(
      states.map((kept) => kept?.state),
      ['done', undefined, 'unknown', 'unknown'],
    );
  });

  promise('what became of an unknown step is in the history with the verdict, once', async (stores) => {
    const { plans, calls } = stores;
    await intending(stores, 1, intent('find', 100), intent('book', 101));
    for (const [at, step] of ['find', 'book'].entries()) {
      await beginStep(stores, 1, step, 100 + at);
      await endStep(stores, 1, step, 100 + at, { outcome: 'unknown', executed: 'unknown', reply: null }, 'unknown');
    }
    const verdictOf = (call: number, step: string, verdict: 'executed' | 'not_executed') =>
      calls.resolve({
        ...{ tenant: 'default', id: hexId(call), verdict, reply: reply(), audit: [], atMs: 50 },
        step: stepEnd(1, step, call),
      });
    assert.deepEqual(
      [await verdictOf(100, 'find', 'executed'), await verdictOf(100, 'find', 'executed')],
      [true, false],
    );
    const resolved = await lastOf(stores, 1);
    assert.ok(resolved?.kind === 'resolved' && resolved.result?.json === '{"seat":"4A"}');
    assert.deepEqual(
      [resolved.verdict, resolved.call, resolved.result.taint],
      ['executed', hexId(100), ['agent/flights']],
    );
    assert.equal((await plans.get('default', hexId(1)))?.dueMs, 50);
    assert.equal(await verdictOf(101, 'book', 'not_executed'), true);
    const free = await lastOf(stores, 1);
    assert.ok(free?.kind === 'resolved' && free.result === null);
    assert.equal((await historyOf(stores, 1)).filter((fact) => fact.startsWith('resolved')).length, 2);
    const now = (await plans.get('default', hexId(1)))!;
    assert.equal((await plans.append(appending(now, [intent('book', 102)]))).kind, 'appended');
    assert.equal((await beginStep(stores, 1, 'book', 102)).kind, 'begun');
  });

  promise('a call that is sent again to find out ends its step for the second time', async (stores) => {
    await intending(stores, 1, intent('find', 100));
    await beginStep(stores, 1, 'find', 100);
    const unknown = { outcome: 'unknown', executed: 'unknown', reply: null } as const;
    await endStep(stores, 1, 'find', 100, unknown, 'unknown');
    assert.equal(await stores.calls.reopen('default', hexId(100)), true);
    await endStep(stores, 1, 'find', 100, unknown, 'unknown');
    assert.equal((await historyOf(stores, 1)).length, 4, 'what is unknown still is no news');
    assert.equal(await stores.calls.reopen('default', hexId(100)), true);
    await endStep(stores, 1, 'find', 100);
    const last = await lastOf(stores, 1);
    assert.deepEqual(last?.kind === 'ended' && last.outcome, 'ok');
    assert.equal((await stores.calls.get('default', hexId(100)))?.state, 'done');
  });

  promise('an end that comes when the run is over is noted, and wakes nobody', async (stores) => {
    const { plans } = stores;
    const run = await intending(stores, 1, intent('find', 100));
    await beginStep(stores, 1, 'find', 100);
    const facts = [{ kind: 'finished', state: 'cancelled', output: null, message: '' }] as const;
    await plans.append(appending((await plans.get('default', run.id))!, facts, { state: 'cancelled', atMs: 25 }));
    await endStep(stores, 1, 'find', 100);
    assert.deepEqual(await lastOf(stores, 1).then((event) => event?.kind), 'ended');
    const over = await plans.get('default', run.id);
    assert.deepEqual([over?.state, over?.dueMs, over?.endedAtMs, over?.costMicros], ['cancelled', null, 25, 7]);
    assert.deepEqual(await plans.claim({ holder: 'hub', nowMs: 9_999, leaseMs: 9, limit: 9 }), []);
    assert.equal((await stores.calls.get('default', hexId(100)))?.state, 'done');
  });

  promise('an end that names a run or a step that is not there is an end like any other', async (stores) => {
    await stores.plans.start(head(1), [], 1);
    await stores.calls.accept(record(100, { state: 'dispatched' }));
    assert.equal((await endStep(stores, 1, 'none', 100)).concluded, true);
    assert.deepEqual(await historyOf(stores, 1), ['started']);
  });
};
