/** Promises about runs of plans: one owner, a history without gaps, and what people and clean-up may do to them. */
import assert from 'node:assert/strict';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { appending, beginStep, ended, endStep, head, historyOf, intending, intent } from './run-samples.ts';
import { auditEntry, HOSTILE, hexId } from './samples.ts';

const claim = { holder: 'hub', nowMs: 10, leaseMs: 100, limit: 99 } as const;

export const planChecks = (promise: StoreCheck): void => {
  promise('a run comes back as it was started, after reopen too', async (stores, again) => {
    const started = await stores.plans.start(head(1), [auditEntry('run.started')], 5);
    const { plans, audit } = await again();
    assert.deepEqual(await plans.get('default', hexId(1)), started);
    const summary = { state: 'running', seq: 1, epoch: 0, holder: '', leaseUntilMs: 0, dueMs: 5 } as const;
    assert.deepEqual(started, { ...head(1), ...summary, endedAtMs: null, costMicros: 0 });
    assert.deepEqual(await plans.events('default', hexId(1), 0, 9), [{ kind: 'started', seq: 1, atMs: 5 }]);
    assert.equal(await plans.get('theirs', hexId(1)), undefined);
    assert.equal((await audit.read('default', 1, 9)).length, 1);
  });

  promise('a start that is repeated changes nothing and answers what is there', async (stores) => {
    const { plans, audit } = stores;
    await intending(stores, 1, intent('find', 100));
    const known = await plans.get('default', hexId(1));
    assert.deepEqual(await plans.start(head(1, { plan: 'other' }), [auditEntry('run.started')], 99), known);
    assert.deepEqual(await historyOf(stores, 1), ['started', 'intent find']);
    assert.deepEqual(await audit.read('default', 1, 9), []);
    const many = await Promise.all(Array.from({ length: 20 }, () => plans.start(head(2), [auditEntry('x')], 5)));
    assert.equal(new Set(many.map(({ seq, epoch }) => `${seq} ${epoch}`)).size, 1);
    assert.equal((await audit.read('default', 1, 99)).length, 1);
    await plans.start(head(1, { tenant: 'theirs' }), [], 5);
    assert.deepEqual(await plans.get('default', hexId(1)), known);
  });

  promise('whatever texts a history and its results hold, they come back', async (stores) => {
    const { plans } = stores;
    for (const [at, text] of HOSTILE.entries()) {
      const odd = head(50 + at, { tenant: text, plan: text, definition: text, input: text, taint: [text] });
      await plans.start(odd, [], 1);
      const [run] = await plans.claim(claim);
      const facts = [
        { ...intent(text, 100 + at, [text]), seq: undefined },
        { kind: 'wished', by: text, wish: { wish: 'signal', name: text, body: text } },
      ] as const;
      const blob = { digest: 'e'.repeat(64), contentType: text, body: Uint8Array.from({ length: 256 }, (_, b) => b) };
      await plans.append(appending(run!, [intent(text, 100 + at, [text]), facts[1]], { blobs: [blob] }));
      const events = await plans.events(text, odd.id, 1, 9);
      assert.deepEqual(events, [
        { ...intent(text, 100 + at, [text]), seq: 2, atMs: 10 },
        { ...facts[1], seq: 3, atMs: 10 },
      ]);
      assert.deepEqual(await plans.blob(text, odd.id, blob.digest), blob);
      assert.equal(await plans.blob('default', odd.id, blob.digest), undefined);
      assert.deepEqual(
        (await plans.list({ tenant: text, plan: text, limit: 9 })).map(({ id }) => id),
        [odd.id],
      );
    }
  });

  promise('what is due is claimed, oldest first, each under a new epoch, and by one alone', async ({ plans }) => {
    for (const id of [1, 2, 3]) await plans.start(head(id), [], 10 - id);
    await plans.start(head(4), [], 11);
    const two = await plans.claim({ ...claim, limit: 2 });
    assert.deepEqual(
      two.map(({ id, epoch }) => [id, epoch]),
      [
        [hexId(3), 1],
        [hexId(2), 1],
      ],
    );
    assert.deepEqual(two[0], await plans.get('default', hexId(3)));
    assert.deepEqual([two[0]?.holder, two[0]?.leaseUntilMs], ['hub', 110]);
    assert.deepEqual(
      (await plans.claim(claim)).map(({ id }) => id),
      [hexId(1)],
    );
    assert.deepEqual(await plans.claim(claim), []);
    assert.deepEqual(
      (await plans.claim({ ...claim, nowMs: 11 })).map(({ id }) => id),
      [hexId(4)],
    );
  });

  promise('an owner that lets its lease run out loses the run, also when nothing is due (P2)', async (stores) => {
    const { plans } = stores;
    const run = await intending(stores, 1, intent('find', 100));
    assert.equal(run.dueMs, null);
    assert.deepEqual(await plans.claim({ ...claim, nowMs: 100 }), []);
    const [taken] = await plans.claim({ ...claim, holder: 'other', nowMs: 101 });
    assert.deepEqual([taken?.epoch, taken?.holder], [2, 'other']);
    assert.deepEqual(await plans.append(appending(run, [])), { kind: 'lost' });
    const runs = [{ tenant: 'default', id: run.id, epoch: run.epoch }];
    assert.deepEqual(await plans.renew({ holder: 'hub', untilMs: 900, runs }), []);
    await plans.release(runs[0]!);
    assert.equal((await plans.get('default', run.id))?.holder, 'other');
    assert.deepEqual(await plans.renew({ holder: 'other', untilMs: 900, runs: [{ ...runs[0]!, epoch: 2 }] }), [run.id]);
    assert.deepEqual(await plans.claim({ ...claim, nowMs: 899 }), []);
  });

  promise('what was given back is claimed when it is due, and its owner has no say any more', async (stores) => {
    const { plans } = stores;
    const run = await intending(stores, 1);
    assert.equal((await plans.append(appending(run, [], { dueMs: 50 }))).kind, 'appended');
    await plans.release(run);
    assert.deepEqual(await plans.append(appending(run, [])), { kind: 'lost' });
    assert.deepEqual(await plans.claim({ ...claim, nowMs: 49 }), []);
    assert.equal((await plans.claim({ ...claim, nowMs: 50 }))[0]?.epoch, 2);
  });

  promise('an append that has not seen the newest event writes nothing', async (stores) => {
    const { plans, audit } = stores;
    const run = await intending(stores, 1, intent('find', 100));
    await plans.wish('default', run.id, { wish: 'pause' }, 'user/ada', [], 15);
    const late = appending(run, [intent('find', 101)], {
      state: 'failed',
      audit: [auditEntry('x')],
      blobs: [{ digest: 'e'.repeat(64), contentType: '', body: new Uint8Array(1) }],
    });
    assert.deepEqual(await plans.append(late), { kind: 'behind' });
    assert.deepEqual(await historyOf(stores, 1), ['started', 'intent find', 'wished']);
    assert.deepEqual(await audit.read('default', 1, 9), []);
    assert.equal(await plans.blob('default', run.id, 'e'.repeat(64)), undefined);
    assert.equal((await beginStep(stores, 1, 'find', 100)).kind, 'begun');
    assert.deepEqual(await plans.append({ ...late, run: hexId(9) }), { kind: 'lost' });
  });

  promise("a run that is over is nobody's, and is not claimed", async (stores) => {
    const { plans } = stores;
    const run = await intending(stores, 1);
    const facts = [
      ended('find', 100, { costMicros: 3 }),
      { kind: 'finished', state: 'done', output: null, message: '' },
    ] as const;
    assert.deepEqual(await plans.append(appending(run, facts, { state: 'done', atMs: 40 })), {
      kind: 'appended',
      seq: 3,
    });
    const over = (await plans.get('default', run.id))!;
    const { state, endedAtMs, holder, dueMs, costMicros } = over;
    assert.deepEqual(
      { state, endedAtMs, holder, dueMs, costMicros },
      {
        ...{ state: 'done', endedAtMs: 40, holder: '', dueMs: null, costMicros: 3 },
      },
    );
    assert.deepEqual(await plans.append(appending(over, [])), { kind: 'lost' });
    assert.deepEqual(await plans.claim({ ...claim, nowMs: 1_000_000 }), []);
  });

  promise('a wish is heard whoever works on the run, and not when it is over', async (stores) => {
    const { plans } = stores;
    const run = await intending(stores, 1);
    assert.equal(await plans.wish('default', run.id, { wish: 'pause' }, 'user/ada', [auditEntry('run.paused')], 15), 2);
    assert.equal((await plans.get('default', run.id))?.dueMs, 15);
    await plans.release(run);
    const [taken] = await plans.claim({ ...claim, nowMs: 15 });
    const facts = [{ kind: 'finished', state: 'failed', output: null, message: '' }] as const;
    await plans.append(appending(taken!, facts, { state: 'failed' }));
    for (const wish of ['pause', 'resume', 'cancel'] as const)
      await refused(
        plans.wish('default', run.id, { wish }, 'user/ada', [auditEntry('x')], 20),
        'conflict',
        run.id,
        'failed',
      );
    await refused(plans.wish('theirs', run.id, { wish: 'pause' }, 'user/eve', [], 20), 'not_found', run.id);
    assert.deepEqual(await historyOf(stores, 1), ['started', 'wished', 'finished']);
    assert.equal(await plans.prune(11), 1);
  });

  promise('only what failed or is stuck is tried again, and then it is open once more', async (stores) => {
    const { plans } = stores;
    const run = await intending(stores, 1);
    const retry = { wish: 'retry', from: 'find' } as const;
    const finished = (state: 'failed' | 'done') => [{ kind: 'finished', state, output: null, message: '' }] as const;
    await refused(plans.wish('default', run.id, retry, 'user/ada', [], 20), 'conflict', run.id, 'running');
    await plans.append(appending(run, finished('failed'), { state: 'failed' }));
    await plans.wish('default', run.id, retry, 'user/ada', [], 20);
    assert.equal(await plans.prune(99), 0, 'somebody wants it');
    const [taken] = await plans.claim({ ...claim, nowMs: 20 });
    assert.equal(taken?.id, run.id);
    assert.equal((await plans.append(appending(taken!, [intent('find', 101)]))).kind, 'appended');
    assert.equal((await plans.get('default', run.id))?.endedAtMs, null);
    assert.equal((await beginStep(stores, 1, 'find', 101)).kind, 'begun');
    await endStep(stores, 1, 'find', 101);
    const seq = (await plans.get('default', run.id))!.seq;
    await plans.append(appending({ ...taken!, seq }, finished('done'), { state: 'done' }));
    await refused(plans.wish('default', run.id, retry, 'user/ada', [], 20), 'conflict', run.id, 'done');
  });

  promise('however many write to one history at once, it is numbered without gaps', async (stores, again) => {
    const run = await intending(stores, 1, ...Array.from({ length: 20 }, (_, at) => intent(`s${at}`, 100 + at)));
    const owner = async (): Promise<void> => {
      for (let written = 0; written < 10; ) {
        const now = (await stores.plans.get('default', run.id))!;
        const { kind } = await stores.plans.append(
          appending(now, [
            { kind: 'sleeping', step: 'x', untilMs: 1 },
            { kind: 'woken', step: 'x', result: null },
          ]),
        );
        assert.notEqual(kind, 'lost');
        if (kind === 'appended') written++;
      }
    };
    const call = async (at: number): Promise<void> => {
      assert.equal((await beginStep(stores, 1, `s${at}`, 100 + at)).kind, 'begun');
      await endStep(stores, 1, `s${at}`, 100 + at);
    };
    const wish = (n: number) =>
      stores.plans.wish('default', run.id, { wish: 'signal', name: `${n}`, body: '' }, 'user/ada', [], 15);
    await Promise.all([
      owner(),
      ...Array.from({ length: 20 }, (_, at) => call(at)),
      ...Array.from({ length: 20 }, (_, at) => wish(at)),
    ]);
    const { plans } = await again();
    const events = await plans.events('default', run.id, 0, 999);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      Array.from({ length: 1 + 20 + 20 + 40 + 20 }, (_, at) => at + 1),
    );
    const now = await plans.get('default', run.id);
    assert.deepEqual([now?.seq, now?.costMicros], [events.length, 20 * 7]);
    assert.deepEqual(await plans.events('default', run.id, 99, 1), [events[99]]);
  });

  promise('runs are listed newest first, by what they are, page by page', async (stores) => {
    const { plans } = stores;
    for (const id of [1, 2, 3]) await plans.start(head(id), [], 1);
    await plans.start(head(4, { startedAtMs: 3, plan: 'other' }), [], 1);
    await plans.start(head(5, { principal: { kind: 'agent', tenant: 'default', id: 'ada', roles: [] } }), [], 1);
    await plans.start(head(6, { tenant: 'theirs' }), [], 1);
    const ids = async (filter: object): Promise<readonly string[]> =>
      (await plans.list({ tenant: 'default', limit: 9, ...filter })).map(({ id }) => id);
    assert.deepEqual(await ids({}), [5, 4, 3, 2, 1].map(hexId));
    assert.deepEqual(await ids({ limit: 2 }), [5, 4].map(hexId));
    assert.deepEqual(await ids({ after: { startedAtMs: 3, id: hexId(4) } }), [3, 2, 1].map(hexId));
    assert.deepEqual(await ids({ plan: 'other' }), [hexId(4)]);
    assert.deepEqual(await ids({ state: 'held' }), []);
    assert.deepEqual(await ids({ principal: { kind: 'user', id: 'ada' } }), [4, 3, 2, 1].map(hexId));
    assert.deepEqual(await ids({ tenant: 'theirs' }), [hexId(6)]);
  });

  promise('what was over long ago goes, with all that belongs to it, and what is open never', async (stores) => {
    const { plans } = stores;
    for (const id of [1, 2, 3]) {
      const run = await intending(stores, id, intent('find', 100 + id));
      await beginStep(stores, id, 'find', 100 + id);
      await endStep(stores, id, 'find', 100 + id, { reply: { contentType: 'text/plain', body: new Uint8Array(9) } });
      const now = (await plans.get('default', run.id))!;
      const facts = [{ kind: 'finished', state: 'done', output: null, message: '' }] as const;
      if (id !== 3) await plans.append(appending(now, facts, { state: 'done', atMs: id * 100 }));
    }
    const [event] = (await plans.events('default', hexId(1), 3, 1)) as readonly {
      readonly result?: { digest: string };
    }[];
    assert.equal(await plans.prune(100), 0);
    assert.equal(await plans.prune(101), 1);
    assert.equal(await plans.get('default', hexId(1)), undefined);
    assert.deepEqual(await plans.events('default', hexId(1), 0, 9), []);
    assert.equal(await plans.blob('default', hexId(1), event!.result!.digest), undefined);
    assert.notEqual(await plans.blob('default', hexId(2), event!.result!.digest), undefined);
    assert.equal(await plans.prune(1_000_000), 1);
    assert.equal((await historyOf(stores, 3)).length, 4);
    await plans.start(head(1), [], 1);
    assert.equal(
      (await beginStep(stores, 1, 'find', 101)).kind,
      'superseded',
      'a new run knows nothing of the old one',
    );
  });
};
