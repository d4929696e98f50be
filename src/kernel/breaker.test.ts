import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type FaultCode } from '../contract/index.ts';
import { Breaker, guard, REFUSED, type Verdict } from './breaker.ts';
import { loopback, loopbackCall, loopbackReply, type Script } from './loopback.ts';
import { seeded } from './prng.ts';
import { trial } from './trial.ts';

const LONGEST_REST_MS = 300_000;
const breakerOf = (chance = 0.5) => {
  const transitions: string[] = [];
  const breaker = new Breaker({
    endpoint: 'orders@a:1',
    random: () => chance,
    onTransition: (_endpoint, from, to, nowMs) => transitions.push(`${from} > ${to} at ${nowMs}`),
  });
  return { breaker, transitions };
};
const settle = (breaker: Breaker, verdict: Verdict, nowMs: number): void =>
  breaker.settle(breaker.enter(nowMs), verdict, nowMs);
const repeat = (times: number, run: (nth: number) => void): void => {
  for (let nth = 0; nth < times; nth += 1) run(nth);
};
const opened = () => {
  const all = breakerOf();
  repeat(5, () => settle(all.breaker, 'unreachable', 0));
  assert.equal(all.breaker.state(0), 'open');
  return all;
};

const openings: readonly { name: string; verdicts: readonly Verdict[]; everyMs: number; open: boolean }[] = [
  { name: '19 failures are too few', verdicts: Array(19).fill('failure'), everyMs: 1, open: false },
  { name: '20 failures open it', verdicts: Array(20).fill('failure'), everyMs: 1, open: true },
  {
    name: 'half of 20 opens it',
    verdicts: [...Array(10).fill('success'), ...Array(10).fill('failure')],
    everyMs: 1,
    open: true,
  },
  {
    name: 'less than half does not',
    verdicts: [...Array(11).fill('success'), ...Array(10).fill('failure')],
    everyMs: 1,
    open: false,
  },
  { name: '20 failures over more than 10 s do not', verdicts: Array(40).fill('failure'), everyMs: 600, open: false },
  { name: '4 unreachable in a row do not', verdicts: Array(4).fill('unreachable'), everyMs: 60_000, open: false },
  {
    name: '5 unreachable in a row open it, at any pace',
    verdicts: Array(5).fill('unreachable'),
    everyMs: 60_000,
    open: true,
  },
  {
    name: 'a success between makes a new row',
    verdicts: ['unreachable', 'unreachable', 'unreachable', 'unreachable', 'success', 'unreachable'],
    everyMs: 11_000,
    open: false,
  },
  { name: 'what is not its fault never counts', verdicts: Array(100).fill('nothing'), everyMs: 1, open: false },
];
for (const { name, verdicts, everyMs, open } of openings) {
  test(`${name} (C1)`, () => {
    const { breaker } = breakerOf();
    let nowMs = 0;
    for (const verdict of verdicts) {
      nowMs += everyMs;
      settle(breaker, verdict, nowMs);
    }
    assert.equal(breaker.state(nowMs), open ? 'open' : 'closed');
  });
}

test('the window of typed buckets says what a plain list of results says', () => {
  const step = fc.record({
    afterMs: fc.oneof(
      { weight: 20, arbitrary: fc.nat(600) },
      { weight: 1, arbitrary: fc.integer({ min: 5000, max: 15_000 }) },
    ),
    failed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { breaker } = breakerOf();
      const results: { readonly second: number; readonly failed: boolean }[] = [];
      let nowMs = 0;
      for (const { afterMs, failed } of steps) {
        nowMs += afterMs;
        settle(breaker, failed ? 'failure' : 'success', nowMs);
        const second = Math.floor(nowMs / 1000);
        results.push({ second, failed });
        const recent = results.filter((result) => result.second > second - 10);
        const failures = recent.filter((result) => result.failed).length;
        const expected = failed && recent.length >= 20 && failures * 2 >= recent.length;
        assert.equal(breaker.state(nowMs), expected ? 'open' : 'closed');
        if (expected) return;
      }
    }),
  );
});

test('what happened more than 10 s ago is forgotten, however long nothing was heard', () => {
  for (let jumpS = 10; jumpS <= 40; jumpS += 1) {
    const { breaker } = breakerOf();
    repeat(19, () => settle(breaker, 'failure', 500));
    settle(breaker, 'failure', 500 + jumpS * 1000);
    assert.equal(breaker.state(500 + jumpS * 1000), 'closed');
  }
});

test('it rests 5 s, twice as long after each failed return, at most 5 min (C2)', () => {
  const { breaker } = opened();
  let nowMs = 0;
  const rests: number[] = [];
  repeat(9, () => {
    const restMs = breaker.retryAfterMs(nowMs);
    rests.push(restMs / 1000);
    assert.equal(breaker.enter(nowMs + restMs - 1), REFUSED);
    nowMs += restMs;
    settle(breaker, 'failure', nowMs);
  });
  assert.deepEqual(rests, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
});

test('the rest is spread by 20 %, so that nodes do not return in step (C2)', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
      const { breaker } = breakerOf(chance);
      repeat(5, () => settle(breaker, 'unreachable', 0));
      const restMs = breaker.retryAfterMs(0);
      assert.ok(restMs >= 4000 && restMs <= 6000);
    }),
  );
});

test('half open lets three in at once and refuses the others at once (C3)', () => {
  const { breaker } = opened();
  const tickets = [0, 1, 2, 3, 4].map(() => breaker.enter(5000));
  assert.deepEqual(
    tickets.map((ticket) => ticket !== REFUSED),
    [true, true, true, false, false],
  );
  breaker.settle(tickets[0]!, 'nothing', 5001);
  assert.notEqual(breaker.enter(5001), REFUSED);
  assert.equal(breaker.enter(5001), REFUSED);
});

test('three successes close it, one failure opens it again (C3)', () => {
  const good = opened();
  repeat(3, () => settle(good.breaker, 'success', 5000));
  assert.deepEqual(good.transitions, ['closed > open at 0', 'open > half_open at 5000', 'half_open > closed at 5000']);
  const bad = opened();
  settle(bad.breaker, 'success', 5000);
  settle(bad.breaker, 'failure', 5000);
  assert.equal(bad.breaker.state(5000), 'open');
});

test('who closed starts again with the shortest rest (C2)', () => {
  const { breaker } = opened();
  settle(breaker, 'failure', 5000);
  repeat(3, () => settle(breaker, 'success', 15_000));
  assert.equal(breaker.state(15_000), 'closed');
  repeat(5, () => settle(breaker, 'unreachable', 15_000));
  assert.equal(breaker.retryAfterMs(15_000), 5000);
});

test('results of calls that began in an earlier state say nothing (C4)', () => {
  const { breaker } = breakerOf();
  const early = [0, 1, 2, 3].map(() => breaker.enter(0));
  repeat(5, () => settle(breaker, 'unreachable', 0));
  for (const ticket of early) breaker.settle(ticket, 'success', 5000);
  assert.equal(breaker.state(5000), 'half_open');
  breaker.settle(early[0]!, 'failure', 5000);
  assert.equal(breaker.state(5000), 'half_open');
});

test('probes that never come back do not keep it half open (C5)', () => {
  const { breaker } = opened();
  repeat(3, () => breaker.enter(5000));
  assert.equal(breaker.accepts(5000 + LONGEST_REST_MS - 1), false);
  assert.equal(breaker.state(5000 + LONGEST_REST_MS), 'open');
});

test('from any state, a healthy endpoint is back within the longest rest and three probes (C5)', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 20_000 }),
    verdict: fc.constantFrom<Verdict | 'lost'>('success', 'failure', 'unreachable', 'nothing', 'lost'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer(), (steps, seed) => {
      const breaker = new Breaker({ endpoint: 'e', random: seeded(seed) });
      let nowMs = 0;
      for (const { afterMs, verdict } of steps) {
        nowMs += afterMs;
        const ticket = breaker.enter(nowMs);
        if (ticket !== REFUSED && verdict !== 'lost') breaker.settle(ticket, verdict, nowMs);
      }
      // Once for probes that were lost, once for the rest that follows.
      nowMs += LONGEST_REST_MS;
      breaker.state(nowMs);
      nowMs += LONGEST_REST_MS;
      repeat(3, () => settle(breaker, 'success', nowMs));
      assert.equal(breaker.state(nowMs), 'closed');
    }),
  );
});

test('forced open refuses everything, forced closed lets everything pass, null starts clean (C6)', () => {
  const { breaker, transitions } = breakerOf();
  breaker.force('open', 0);
  assert.equal(breaker.enter(LONGEST_REST_MS * 10), REFUSED);
  breaker.force('closed', 1);
  repeat(100, () => settle(breaker, 'unreachable', 2));
  assert.equal(breaker.state(2), 'closed');
  breaker.force(null, 3);
  assert.equal(breaker.state(3), 'closed');
  repeat(5, () => settle(breaker, 'unreachable', 4));
  assert.equal(breaker.state(4), 'open');
  assert.deepEqual(transitions, ['closed > open at 0', 'open > closed at 1', 'closed > open at 4']);
});

/** Does the breaker open after 20 calls of 5 ms that end like this? */
const opens = async (script: Script): Promise<boolean> => {
  const { world, scope } = trial();
  const { breaker } = breakerOf();
  const target = loopback(async (call, inner, execute, nth) => {
    await new Promise<void>((resolve) => inner.clock.after(5, resolve));
    return script(call, inner, execute, nth);
  });
  const guarded = guard(breaker)(target.handler);
  const read = async (): Promise<void> => {
    const { body } = await guarded(loopbackCall(), scope);
    if (body.kind === 'stream') for await (const _chunk of body.chunks);
  };
  const calls = Array.from({ length: 20 }, () => read().catch(() => {}));
  await world.run();
  await Promise.all(calls);
  return breaker.state(world.clock.nowMs()) !== 'closed';
};
const throwing =
  (code: FaultCode): Script =>
  () => {
    throw new Fault(code, 'scripted');
  };
async function* breaks(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
  throw new Fault('upstream_broken', 'cut');
}
const verdicts: readonly { name: string; script: Script; open: boolean }[] = [
  { name: 'a connection that is refused', script: throwing('unreachable'), open: true },
  { name: 'a reply that breaks', script: throwing('upstream_broken'), open: true },
  { name: 'a 500 of the application', script: () => loopbackReply({ status: 500 }), open: true },
  {
    name: 'a stream that breaks in the middle',
    script: () => loopbackReply({ body: { kind: 'stream', chunks: breaks() } }),
    open: true,
  },
  { name: 'a 404', script: () => loopbackReply({ status: 404 }), open: false },
  { name: 'a 429', script: () => loopbackReply({ status: 429 }), open: false },
  { name: 'a caller that left', script: throwing('cancelled'), open: false },
  { name: 'our own overload', script: throwing('overloaded'), open: false },
  { name: 'a timeout of a caller that granted 5 ms', script: throwing('timeout'), open: false },
];
for (const { name, script, open } of verdicts) {
  test(`${name} ${open ? 'counts' : 'does not count'} against the endpoint (C1)`, async () => {
    assert.equal(await opens(script), open);
  });
}

test('a timeout after a fair time counts (C1)', async () => {
  const { world, scope } = trial();
  const { breaker } = breakerOf();
  const slow = guard(breaker)(async (_call, inner) => {
    await new Promise<void>((resolve) => inner.clock.after(1000, resolve));
    throw new Fault('timeout', 'late');
  });
  const calls = Array.from({ length: 5 }, () => slow(loopbackCall(), scope).catch(() => {}));
  await world.run();
  await Promise.all(calls);
  assert.equal(breaker.state(world.clock.nowMs()), 'open');
});

test('a resting endpoint is not called, and the caller learns when to come back (C2)', async () => {
  const { scope } = trial();
  const { breaker } = opened();
  const target = loopback();
  await assert.rejects(guard(breaker)(target.handler)(loopbackCall(), scope), {
    code: 'unavailable',
    executed: 'no',
    retryAfterMs: 5000,
  });
  assert.equal(target.ledger.length, 0);
});
