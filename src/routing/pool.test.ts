/** The promises of a pool: who is never picked, how many may be out, and what the refused caller hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type InstanceState } from '../contract/index.ts';
import { Breaker, REFUSED, seeded } from '../kernel/index.ts';
import { observeLatency } from './balance.ts';
import { alwaysClosed, type BreakerLike } from './breakers.ts';
import { obstacleOf } from './eligible.ts';
import { Lease } from './lease.ts';
import { MAX_EJECTED_SHARE } from './outlier.ts';
import { Pool } from './pool.ts';
import { candidate, candidates, target } from './scene.ts';

const refusing: BreakerLike = {
  ...alwaysClosed,
  accepts: () => false,
  enter: () => REFUSED,
  state: () => 'open',
  retryAfterMs: () => 4000,
};

const booking = target();
const poolOf = (members = candidates(4), breakerFor = (_: string): BreakerLike => alwaysClosed, wanted = booking) => {
  const pool = new Pool({ target: wanted, via: 'hub' }, breakerFor, 0);
  pool.adopt(wanted, members, 0);
  return pool;
};

const take = (pool: Pool, nowMs: number, random = seeded(1), avoid: readonly string[] = []) =>
  pool.take(avoid, nowMs, random);

const refusal = (work: () => unknown): Fault => {
  try {
    work();
  } catch (thrown) {
    return Fault.from(thrown);
  }
  throw new Error('nothing was refused');
};

const sharesOf = (pool: Pool, nowMs: number, picks = 4000) => {
  const random = seeded(5);
  const counts = new Map<string, number>();
  for (let i = 0; i < picks; i++) {
    const lease = take(pool, nowMs, random);
    const { id } = lease.record.candidate;
    counts.set(id, (counts.get(id) ?? 0) + 1 / picks);
    lease.end('success', 10, nowMs);
  }
  return counts;
};

interface History {
  readonly states: readonly InstanceState[];
  readonly weights: readonly number[];
  readonly open: readonly boolean[];
  readonly events: readonly { readonly failed: boolean; readonly afterMs: number }[];
  readonly seed: number;
}

const history = fc.record<History>({
  states: fc.array(fc.constantFrom<InstanceState>('ready', 'ready', 'ready', 'silent', 'draining', 'starting'), {
    minLength: 1,
    maxLength: 12,
  }),
  weights: fc.array(fc.constantFrom(0, 1, 100, 100, 100), { minLength: 12, maxLength: 12 }),
  open: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  events: fc.array(
    fc.record({ failed: fc.constantFrom(true, true, true, false), afterMs: fc.constantFrom(0, 1, 100, 5000, 40_000) }),
    {
      maxLength: 120,
    },
  ),
  seed: fc.integer(),
});

test('nobody ineligible is ever picked, unless in panic, and never one that must not be; at most half are out', () => {
  fc.assert(
    fc.property(history, ({ states, weights, open, events, seed }) => {
      const members = states.map((state, at) => candidate(`e${at}`, { state, weight: weights[at] ?? 1 }));
      const shut = new Set(members.filter((_, at) => open[at] === true && at % 3 === 0).map(({ id }) => id));
      const pool = poolOf(members, (id) => (shut.has(id) ? refusing : alwaysClosed));
      const random = seeded(seed);
      let nowMs = 0;
      for (const { failed, afterMs } of events) {
        nowMs += afterMs;
        let lease: ReturnType<typeof take>;
        try {
          lease = take(pool, nowMs, random);
        } catch (thrown) {
          assert.equal(Fault.from(thrown).code, 'unavailable');
          continue;
        }
        const obstacle = obstacleOf(lease.record, nowMs);
        assert.ok(obstacle === undefined || lease.panic, `picked one that is ${obstacle}`);
        assert.ok(!['starting', 'draining', 'weightless', 'breaker'].includes(obstacle ?? ''), `picked: ${obstacle}`);
        lease.end(failed ? 'failure' : 'success', failed ? 2000 : 10, nowMs);
        const hosts = pool.table.present.filter(
          (record) => record.candidate.weight > 0 && !['draining', 'starting'].includes(record.candidate.state),
        );
        const out = hosts.filter((record) => nowMs < record.ejectedUntilMs).length;
        assert.ok(out <= hosts.length * MAX_EJECTED_SHARE, `${out} of ${hosts.length} are ejected`);
      }
    }),
  );
});

test('in-flight never goes astray', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('take', 'end'), { maxLength: 200 }), (steps) => {
      const pool = poolOf();
      const open: ReturnType<typeof take>[] = [];
      for (const step of steps) {
        if (step === 'take') open.push(take(pool, 0));
        else open.pop()?.end('nothing', undefined, 0);
      }
      assert.equal(
        pool.table.present.reduce((sum, record) => sum + record.inFlight, 0),
        open.length,
      );
    }),
  );
});

test('equal endpoints get equal shares', () => {
  for (const share of sharesOf(poolOf(), 0).values()) assert.ok(Math.abs(share - 0.25) < 0.03, `${share}`);
});

test('weights are shares', () => {
  const pool = poolOf([candidate('old', { weight: 90 }), candidate('new', { weight: 10 })]);
  const share = sharesOf(pool, 0).get('new') ?? 0;
  assert.ok(share > 0.05 && share < 0.15, `${share}`);
});

test('a newcomer starts at a tenth of its share and has all of it after 30 s (H5)', () => {
  const pool = poolOf(candidates(4));
  pool.adopt(booking, [...candidates(4), candidate('newcomer')], 1000);
  const shareAt = (nowMs: number) => sharesOf(pool, nowMs).get('newcomer') ?? 0;
  const [cold, half, warm] = [shareAt(1001), shareAt(16_000), shareAt(32_000)];
  assert.ok(cold < 0.06, `cold: ${cold}`);
  assert.ok(half > 0.07 && half < 0.18, `half: ${half}`);
  assert.ok(Math.abs(warm - 0.2) < 0.04, `warm: ${warm}`);
});

test('an endpoint already tried is used only when there is no other (R5)', () => {
  const pool = poolOf(candidates(3));
  for (let seed = 0; seed < 50; seed++) {
    const random = seeded(seed);
    assert.equal(take(pool, 0, random, ['e0', 'e2']).record.candidate.id, 'e1');
    assert.ok(take(pool, 0, random, ['e0', 'e1', 'e2']));
  }
});

test('five failures in a row eject for 30 s, then 60 s; good spells are forgiven (H1)', () => {
  const pool = poolOf(candidates(2));
  const [first] = pool.table.present;
  assert.ok(first);
  const failOnce = (nowMs: number) => {
    pool.table.present[0]!.inFlight++;
    first.inFlight--;
    pool.learn(first, 'failure', nowMs);
  };
  for (let i = 0; i < 4; i++) failOnce(0);
  assert.equal(obstacleOf(first, 0), undefined);
  failOnce(0);
  assert.equal(obstacleOf(first, 29_999), 'ejected');
  assert.equal(obstacleOf(first, 30_000), undefined);
  for (let i = 0; i < 5; i++) failOnce(30_000);
  assert.equal(obstacleOf(first, 89_999), 'ejected');
  for (const nowMs of [91_000, 121_000, 152_000]) pool.learn(first, 'success', nowMs);
  assert.equal(first.ejections, 0);
  for (let i = 0; i < 5; i++) failOnce(160_000);
  assert.equal(first.ejectedUntilMs, 190_000);
});

test('however many fail, at most half of a pool is out, and never the only one (H1)', () => {
  for (const [count, most] of [
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [9, 4],
  ] as const) {
    const pool = poolOf(candidates(count));
    for (const record of pool.table.present) for (let i = 0; i < 20; i++) pool.learn(record, 'failure', 0);
    const out = pool.table.present.filter((record) => obstacleOf(record, 0) === 'ejected').length;
    assert.equal(out, most, `of ${count}`);
  }
});

test('an ejection never lasts longer than 300 s', () => {
  const pool = poolOf(candidates(2));
  const first = pool.table.present[0]!;
  let nowMs = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 5; i++) pool.learn(first, 'failure', nowMs);
    assert.ok(first.ejectedUntilMs - nowMs <= 300_000);
    nowMs = first.ejectedUntilMs;
  }
  assert.equal(first.ejections, 20);
});

test('one of many with a far lower success rate is ejected though it never fails five times in a row (H1)', () => {
  const pool = poolOf(candidates(6));
  const [bad, ...good] = pool.table.present;
  assert.ok(bad);
  for (let i = 0; i < 150; i++) {
    pool.learn(bad, i % 2 === 0 ? 'failure' : 'success', 1);
    for (const record of good) pool.learn(record, 'success', 1);
  }
  pool.learn(good[0]!, 'success', 10_001);
  assert.equal(obstacleOf(bad, 10_001), 'ejected');
  for (const record of good) assert.equal(obstacleOf(record, 10_001), undefined);
});

test('with less than half eligible all are used, and it shows (H3)', () => {
  const silent = (id: string) => candidate(id, { state: 'silent' });
  const half = poolOf([candidate('a'), candidate('b'), silent('c'), silent('d')]);
  assert.equal(take(half, 0).panic, false);
  const less = poolOf([candidate('a'), silent('b'), silent('c'), candidate('d', { state: 'draining' })]);
  assert.deepEqual([...sharesOf(less, 0).keys()].sort(), ['a', 'b', 'c']);
  assert.equal(take(less, 0).panic, true);
});

test('an open breaker stays shut even in panic', () => {
  const fault = refusal(() =>
    take(
      poolOf(candidates(2), () => refusing),
      0,
    ),
  );
  assert.equal(fault.code, 'unavailable');
  assert.ok((fault.retryAfterMs ?? 0) >= 4000 && (fault.retryAfterMs ?? 0) <= 4800);
});

test('a breaker that changes its mind between look and call is asked no more', () => {
  const lying: BreakerLike = { ...refusing, accepts: () => true };
  const pool = poolOf(candidates(2), (id) => (id === 'e0' ? lying : alwaysClosed));
  for (let seed = 0; seed < 20; seed++) {
    try {
      assert.equal(take(pool, 0, seeded(seed)).record.candidate.id, 'e1');
    } catch (thrown) {
      assert.equal(Fault.from(thrown).code, 'unavailable');
    }
  }
});

test('when nobody can take the call, the fault names each endpoint with its reason', () => {
  const members = [
    candidate('a', { state: 'starting' }),
    candidate('b', { state: 'draining' }),
    candidate('c', { weight: 0 }),
  ];
  const fault = refusal(() => take(poolOf(members), 0));
  assert.equal(fault.code, 'unavailable');
  assert.equal(
    fault.message,
    'no endpoint of agent `booking` can take the call: `a` is still starting; `b` is draining; `c` has weight 0',
  );
  assert.match(refusal(() => take(poolOf([]), 0)).message, /^agent `booking` has no endpoint here: add one/);
});

test('no endpoint gets more calls at once than its target allows (L1)', () => {
  const pool = poolOf(candidates(3), () => alwaysClosed, target({ concurrency: 2 }));
  const random = seeded(1);
  const leases = Array.from({ length: 6 }, () => take(pool, 0, random));
  for (const record of pool.table.present) assert.equal(record.inFlight, 2);
  const fault = refusal(() => take(pool, 0, random));
  assert.equal(fault.code, 'overloaded');
  assert.match(fault.message, /`e0` has 2 calls in flight/);
  leases[0]?.end('success', 10, 0);
  assert.equal(take(pool, 0, random).record, leases[0]?.record);
});

test('what was learnt stays when snapshots come and go, also over a short absence', () => {
  const pool = poolOf(candidates(2));
  const first = pool.table.present[0]!;
  for (let i = 0; i < 5; i++) pool.learn(first, 'failure', 0);
  pool.adopt(booking, [candidate('e1')], 1000);
  assert.equal(pool.table.get('e0'), undefined);
  pool.adopt(booking, candidates(3), 2000);
  assert.equal(pool.table.get('e0'), first);
  assert.equal(obstacleOf(first, 2000), 'ejected');
  pool.adopt(booking, [candidate('e1')], 3000);
  pool.adopt(booking, [candidate('e1')], 700_000);
  pool.adopt(booking, candidates(2), 700_001);
  assert.notEqual(pool.table.get('e0'), first);
});

test('a node that was started again is a new endpoint: no breaker rests and nothing is held against it', () => {
  const random = seeded(3);
  const behind = (epoch: string) => [candidate('e0', { node: 'n', epoch })];
  const pool = poolOf(behind('1'), (endpoint) => new Breaker({ endpoint, random }));
  const [first, second] = [take(pool, 0), take(pool, 0)];
  for (let n = 0; n < 5; n++) take(pool, 0).end('unreachable', 10, 0);
  first.end('unreachable', 10, 0);
  pool.adopt(booking, behind('1'), 100);
  assert.equal(refusal(() => take(pool, 100)).code, 'unavailable', 'the same run is still resting');

  pool.adopt(booking, behind('2'), 200);
  second.end('unreachable', 10, 200);
  const { record } = take(pool, 200);
  assert.notEqual(record, first.record);
  assert.deepEqual([record.failures, record.inFlight, record.breaker.state(200)], [0, 1, 'closed']);
});

test('a drain outlives a restart of the node behind it', () => {
  const pool = poolOf([candidate('e0', { epoch: '1' })]);
  pool.table.present[0]!.draining = true;
  pool.adopt(booking, [candidate('e0', { epoch: '2' })], 100);
  assert.equal(obstacleOf(pool.table.present[0]!, 100), 'draining');
});

test('who returns from an ejection starts slowly and without its bad memory', () => {
  const pool = poolOf(candidates(2));
  const first = pool.table.present[0]!;
  observeLatency(first, 2000, 0);
  for (let i = 0; i < 5; i++) pool.learn(first, 'failure', 0);
  pool.refresh(1);
  assert.equal(first.measuredAtMs, 0);
  pool.refresh(30_001);
  assert.deepEqual([first.warmFromMs, first.measuredAtMs], [30_001, -1]);
});

test('a pool that shrinks around its ejected ones takes the first of them back', () => {
  const pool = poolOf(candidates(4));
  const [first, second] = [pool.table.present[0]!, pool.table.present[1]!];
  for (let i = 0; i < 5; i++) pool.learn(first, 'failure', 0);
  for (let i = 0; i < 5; i++) pool.learn(second, 'failure', 10);
  assert.deepEqual([obstacleOf(first, 20), obstacleOf(second, 20)], ['ejected', 'ejected']);
  pool.adopt(booking, candidates(3), 20);
  assert.deepEqual([obstacleOf(first, 20), obstacleOf(second, 20)], [undefined, 'ejected']);
});

test('calls go around an open breaker, and come back slowly when it closes', () => {
  const random = seeded(3);
  const pool = poolOf(candidates(2), (endpoint) => new Breaker({ endpoint, random }));
  const sick = pool.table.present[0]!;
  for (let i = 0; i < 5; i++) sick.breaker.settle(sick.breaker.enter(0), 'unreachable', 0);
  pool.touch();
  const answered = (nowMs: number) => {
    const lease = take(pool, nowMs, random);
    lease.end('success', 10, nowMs);
    return lease.record;
  };
  for (let nowMs = 0; nowMs < 1000; nowMs += 10) assert.notEqual(answered(nowMs), sick);
  assert.match(pool.reasons(1000)[0] ?? '', /`e0` has failed too often, its breaker is open/);
  for (let nowMs = 6001; sick.breaker.state(nowMs) !== 'closed'; nowMs += 10) {
    assert.ok(nowMs < 10_000, 'a healthy endpoint stays outside');
    answered(nowMs);
  }
  assert.ok(sick.warmFromMs > 6000);
});

test('a stream that is cancelled as it begins is settled once', () => {
  const heard: string[] = [];
  const breaker: BreakerLike = { ...alwaysClosed, settle: (_, verdict) => void heard.push(verdict) };
  const pool = poolOf(candidates(1), () => breaker);
  const lease = new Lease(pool.table.present[0]!, false, 0, pool);
  lease.end('nothing', undefined, 0);
  lease.began('success', 10, 0);
  assert.deepEqual(heard, ['nothing']);
});
