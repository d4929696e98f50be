/** Promises of stores that several processes may have open at once: whoever comes second is told so, whichever door they come through. */
import assert from 'node:assert/strict';
import type { Stores, StoreTopic } from '../../contract/index.ts';
import { Fault, idOf } from '../../contract/index.ts';
import { refused } from './expect.ts';
import { appending, beginStep, endStep, head, intent } from './run-samples.ts';
import { dispatch, hexId, killOrder, node, record, release, reply, sealedSecret, user } from './samples.ts';

/** Runs one check on two openings of one new, empty store. */
export type OpenersCheck = (promise: string, check: (one: Stores, other: Stores) => Promise<void>) => void;

const many = (one: Stores, other: Stores, count: number): readonly Stores[] =>
  Array.from({ length: count }, (_, at) => (at % 2 === 0 ? one : other));

/** Again and again: two that meet seldom would keep any promise. */
const inRounds = async (one: Stores, other: Stores, round: (number: number) => Promise<void>): Promise<void> => {
  await Promise.all([one.nodes.next('warm'), other.nodes.next('warm')]);
  for (let number = 1; number <= 15; number++) await round(number);
};

const change = (name: string, more: { readonly ifRevision?: number } = {}) => ({
  puts: [user(name)],
  deletes: [],
  by: 'ada',
  reason: 'because',
  ...more,
});

export const openersChecks = (promise: OpenersCheck): void => {
  promise('two openers: what one has acknowledged the other reads', async (one, other) => {
    await one.resources.commit(change('ada'), 1);
    await one.calls.accept(record(1));
    await one.nodes.put(node('a'));
    await one.kills.put(killOrder('stop'));
    await one.releases.put(release('r'));
    assert.equal((await other.resources.list()).revision, 1);
    assert.deepEqual(await other.calls.get('default', hexId(1)), record(1));
    assert.deepEqual(await other.nodes.list(), [node('a')]);
    assert.deepEqual(await other.kills.list(null), [killOrder('stop')]);
    assert.deepEqual(await other.releases.get('default', 'r'), release('r'));
  });

  promise('two openers: a sequence never repeats, and counts by one', async (one, other) => {
    const numbers = await Promise.all(many(one, other, 100).map(({ nodes }) => nodes.next('snapshot')));
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: 100 }, (_, at) => at + 1),
    );
  });

  promise('two openers: an idempotency key is taken once, and all hear by whom (R6)', async (one, other) => {
    const answers = await Promise.all(
      many(one, other, 60).map(({ calls }, at) => calls.accept(record(at, { idempotencyKey: 'same' }))),
    );
    const winners = answers.flatMap(({ taken }, at) => (taken === null ? [hexId(at)] : []));
    assert.equal(winners.length, 1);
    for (const { taken } of answers) if (taken !== null) assert.equal(taken.id, winners[0]);
  });

  promise('two openers: a key that has run its time is taken by one of them (R6)', async (one, other) => {
    await inRounds(one, other, async (round) => {
      const idempotencyKey = `key ${round}`;
      const id = round * 100;
      await one.calls.accept(record(id, { idempotencyKey, acceptedAtMs: 0 }));
      await one.calls.conclude(hexId(id), 'done', reply(), 1);
      const answers = await Promise.all(
        many(one, other, 20).map(({ calls }, at) =>
          calls.accept(record(id + 1 + at, { idempotencyKey, acceptedAtMs: 25 * 3600 * 1000 })),
        ),
      );
      assert.equal(answers.filter(({ taken }) => taken === null).length, 1);
    });
  });

  promise('two openers: a one-time token is burnt once', async (one, other) => {
    await one.nodes.putToken('hash', 'grant', 1000);
    const taken = await Promise.all(many(one, other, 40).map(({ nodes }) => nodes.takeToken('hash', 0)));
    assert.deepEqual(
      taken.filter((grant) => grant !== undefined),
      ['grant'],
    );
  });

  promise('two openers: a call is dispatched once and concluded once', async (one, other) => {
    await one.calls.accept(record(1));
    const dispatched = await Promise.allSettled(many(one, other, 20).map(({ calls }) => calls.begin(dispatch(1))));
    assert.equal(dispatched.filter(({ status }) => status === 'fulfilled').length, 1);
    const concluded = await Promise.all(
      many(one, other, 20).map(({ calls }) => calls.conclude(hexId(1), 'done', reply(), 1)),
    );
    assert.equal(concluded.filter((mine) => mine).length, 1);
  });

  promise('two openers: commits are numbered one after the other, and none is lost', async (one, other) => {
    const revisions = await Promise.all(
      many(one, other, 30).map(({ resources }, at) => resources.commit(change(`user-${at}`), at)),
    );
    assert.deepEqual(
      revisions.map(({ revision }) => revision).toSorted((a, b) => a - b),
      Array.from({ length: 30 }, (_, at) => at + 1),
    );
    assert.equal((await other.resources.list()).resources.length, 30);
    assert.equal((await other.resources.version(idOf(user('user-7')), 1))?.version, 1);
  });

  promise('two openers: of many who looked at one revision one commits, and the others hear it', async (one, other) => {
    const settled = await Promise.allSettled(
      many(one, other, 20).map(({ resources }) => resources.commit(change('ada', { ifRevision: 0 }), 1)),
    );
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const each of settled)
      if (each.status === 'rejected') assert.ok(each.reason instanceof Fault && each.reason.code === 'conflict');
  });

  promise('two openers: of many who change one release at once one goes through', async (one, other) => {
    await inRounds(one, other, async (round) => {
      const settled = await Promise.allSettled(
        many(one, other, 6).map(({ releases }, at) => releases.put(release(`r${round}`, { percent: at }))),
      );
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    });
  });

  promise('two openers: an order to stop is given once and lifted once', async (one, other) => {
    await one.kills.put(killOrder('one'));
    await refused(other.kills.put(killOrder('one')), 'conflict', 'one');
    const lifted = await Promise.all(many(one, other, 20).map(({ kills }) => kills.lift('default', 'one')));
    assert.equal(lifted.filter((mine) => mine).length, 1);
  });

  promise(
    'two openers: each hears what the other has changed, and is told of nothing that calls do',
    async (one, other) => {
      const heard: StoreTopic[] = [];
      const all = Promise.withResolvers<void>();
      const expected: readonly StoreTopic[] = ['resources', 'kills', 'releases', 'nodes', 'secrets', 'peers'];
      const forget = other.shared!.watch((topic) => {
        heard.push(topic);
        if (expected.every((each) => heard.includes(each))) all.resolve();
      });
      await one.calls.accept(record(1));
      await one.nodes.next('snapshot');
      await one.resources.commit(change('ada'), 1);
      await one.kills.put(killOrder('stop'));
      await one.releases.put(release('r'));
      await one.nodes.put(node('a'));
      await one.secrets.put(sealedSecret('bank'));
      await one.shared!.putPeer({ id: 'one', beats: 1, body: '{}' });
      await all.promise;
      forget();
      assert.deepEqual(new Set(heard), new Set(expected));
      assert.deepEqual(await other.shared!.peers('other'), [{ id: 'one', beats: 1, body: '{}' }]);
      assert.deepEqual(await one.shared!.peers('one'), []);
    },
  );

  promise('two openers: each change of a secret or of the key of a tenant is told', async (one, other) => {
    const key = { tenant: 'default', wrapped: 'key' };
    let heard = Promise.withResolvers<void>();
    const forget = other.shared!.watch((topic) => {
      if (topic === 'secrets') heard.resolve();
    });
    for (const change of [
      () => one.secrets.claimKey(key),
      () => one.secrets.put(sealedSecret('bank')),
      () => one.secrets.rekey({ ...key, wrapped: 'other' }, [sealedSecret('bank', { version: 2 })]),
      () => one.secrets.remove('default', 'bank'),
    ]) {
      heard = Promise.withResolvers();
      await change();
      await heard.promise;
    }
    forget();
  });

  promise('two openers: a run that is due is claimed by one of them, and none is left lying', async (one, other) => {
    await inRounds(one, other, async (round) => {
      const ids = Array.from({ length: 12 }, (_, at) => round * 100 + at);
      await Promise.all(ids.map((id) => one.plans.start(head(id), [], round)));
      const claim = { nowMs: round, leaseMs: 1_000_000, limit: 3 } as const;
      const claimed = await Promise.all(
        many(one, other, 8).map(({ plans }, at) => plans.claim({ ...claim, holder: `hub-${at % 2}` })),
      );
      // Whoever meets another one goes on to the next, and may find fewer than there are: what is left is there the next time.
      const rest = await one.plans.claim({ ...claim, holder: 'hub-0', limit: 12 });
      assert.deepEqual([...claimed.flat(), ...rest].map(({ id }) => id).toSorted(), ids.map(hexId).toSorted());
      for (const run of claimed.flat()) assert.equal(run.epoch, 1);
    });
  });

  promise('two openers: whoever was slow has lost the run, however many try (P2)', async (one, other) => {
    await inRounds(one, other, async (round) => {
      const id = hexId(round);
      await one.plans.start(head(round), [], 1);
      const mine = (await one.plans.claim({ holder: 'one', nowMs: 1, leaseMs: 1, limit: 9 })).find(
        (run) => run.id === id,
      )!;
      const claim = () => other.plans.claim({ holder: 'other', nowMs: 2, leaseMs: 1_000_000, limit: 9 });
      const [appended, stolen] = await Promise.all([
        one.plans.append(appending(mine, [intent('find', round)])),
        claim(),
      ]);
      // What is being written to at that moment is passed over, and is there the next time.
      const theirs = [...stolen, ...(await claim())].find((run) => run.id === id)!;
      assert.deepEqual([theirs.epoch, theirs.seq], [2, appended.kind === 'appended' ? 2 : 1]);
      assert.deepEqual(await one.plans.append(appending({ ...mine, seq: theirs.seq }, [])), { kind: 'lost' });
      assert.equal((await other.plans.append(appending(theirs, [intent('find', 1_000 + round)]))).kind, 'appended');
    });
  });

  promise('two openers: of many who add to a history after one event, one is heard', async (one, other) => {
    await one.plans.start(head(1), [], 1);
    const [run] = await one.plans.claim({ holder: 'hub', nowMs: 1, leaseMs: 1_000, limit: 1 });
    for (let seq = 1; seq <= 15; seq++) {
      const append = appending({ ...run!, seq }, [{ kind: 'sleeping', step: 'x', untilMs: seq }]);
      const answers = await Promise.all(many(one, other, 6).map(({ plans }) => plans.append(append)));
      assert.deepEqual(answers.map(({ kind }) => kind).toSorted(), ['appended', ...Array(5).fill('behind')]);
    }
    const events = await other.plans.events('default', hexId(1), 0, 99);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      Array.from({ length: 16 }, (_, at) => at + 1),
    );
  });

  promise('two openers: a step begins once, or is replaced, and its history has no gaps', async (one, other) => {
    await one.plans.start(head(1), [], 1);
    const [run] = await one.plans.claim({ holder: 'hub', nowMs: 1, leaseMs: 1_000, limit: 1 });
    await inRounds(one, other, async (round) => {
      const step = `s${round}`;
      const seq = (await one.plans.get('default', hexId(1)))!.seq;
      await one.plans.append(appending({ ...run!, seq }, [intent(step, round)]));
      const [replaced, ...answers] = await Promise.all([
        one.plans.append(appending({ ...run!, seq: seq + 1 }, [intent(step, 100 + round)])),
        ...many(other, one, 4).map((stores) => beginStep(stores, 1, step, round)),
        other.plans.wish('default', hexId(1), { wish: 'signal', name: step, body: '' }, 'user/ada', [], 2),
      ]);
      const begun = answers.filter((answer) => typeof answer === 'object' && answer.kind === 'begun').length;
      assert.ok(
        begun <= 1 && (replaced!.kind === 'appended' ? begun === 0 : true),
        `${replaced!.kind}, ${begun} begun`,
      );
      if (begun === 1)
        assert.equal(
          (await Promise.all(many(one, other, 4).map((stores) => endStep(stores, 1, step, round)))).length,
          4,
        );
    });
    const events = await one.plans.events('default', hexId(1), 0, 999);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, at) => at + 1),
    );
    const ends = events.flatMap((event) => (event.kind === 'ended' ? event.call : []));
    const begins = events.flatMap((event) => (event.kind === 'dispatched' ? event.call : []));
    assert.deepEqual([new Set(ends).size, ends.toSorted()], [ends.length, begins.toSorted()]);
  });

  promise('two openers: what both must agree on is said by the first', async (one, other) => {
    assert.equal(await one.shared!.claim('key', 'mine'), 'mine');
    assert.equal(await other.shared!.claim('key', 'yours'), 'mine');
  });
};
