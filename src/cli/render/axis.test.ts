import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CallEvent } from '../../contract/index.ts';
import { event, step } from '../testing/events.ts';
import { axisOf, barOf, FOLDED } from './axis.ts';
import { plain } from './paint.ts';
import { waterfall } from './waterfall.ts';

const MINUTES = 200_000;

/** An agent whose refund is held, and goes on after minutes. */
const HELD: readonly CallEvent[] = [
  event({ durationMs: MINUTES + 100 }),
  event({
    callId: 'f0'.repeat(16),
    span: 'held',
    parentSpan: 'root',
    startedAtMs: 1_010,
    durationMs: 20,
    httpStatus: 202,
    steps: [step('hold', 1, 5, {})],
  }),
  event({ callId: 'f0'.repeat(16), span: 'on', parentSpan: 'root', startedAtMs: MINUTES + 1_030, durationMs: 40 }),
];

const drawn = (events: readonly CallEvent[], isEven = false): readonly string[] =>
  waterfall(events, { width: null, paint: plain, isEven }).split('\n');

/** From the first to the last cell that is not empty. */
const lengthOf = (line: string): number => /[█▏░]+/.exec(line)?.[0].length ?? 0;

test('minutes of waiting for people take four cells, and are told', () => {
  const lines = drawn(HELD);
  assert.match(lines[0]!, /3m20s$/, 'the head says how long it was');
  assert.match(lines[1]!, /█+░{4}█+$/, 'whoever waited waits here, too');
  assert.ok(lengthOf(lines[2]!) >= 4);
  assert.ok(lengthOf(lines[4]!) >= 8);
  assert.match(lines.at(-1)!, /^░ people were waited for, 3m20s: folded; --no-fold/);
});

test('unfolded, and where something ran meanwhile, a wait is as long as it was', () => {
  for (const lines of [
    drawn(HELD, true),
    drawn([...HELD, event({ callId: 'd0'.repeat(16), span: 'busy', startedAtMs: 50_000, durationMs: 10_000 })]),
  ]) {
    assert.ok(!lines.join('\n').includes(FOLDED));
    assert.equal(lengthOf(lines[2]!), 1, 'what ran for 20ms is a dot');
  }
});

test('a short wait is no fold', () => {
  const short = HELD.map((one) => (one.span === 'on' ? { ...one, startedAtMs: 2_900 } : { ...one, durationMs: 20 }));
  assert.ok(!drawn(short).join('\n').includes(FOLDED));
});

test('time never runs backwards on an axis, and every bar stays on it', () => {
  const interval = fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 10_000 })).map(([fromMs, longMs]) => ({
    fromMs,
    toMs: fromMs + longMs,
  }));
  const apart = fc
    .uniqueArray(fc.nat(20), { minLength: 0, maxLength: 8 })
    .map((at) => at.toSorted((a, b) => a - b).map((one) => ({ fromMs: one * 1_000, toMs: one * 1_000 + 900 })));
  fc.assert(
    fc.property(apart, fc.array(interval, { minLength: 1 }), (waits, spans) => {
      const axis = axisOf({ fromMs: 0, toMs: 20_900 }, 28, waits);
      assert.ok(axis.folds.length <= 3);
      assert.ok(Math.abs(axis.x(20_900) - 28) < 1e-6, 'the whole fills the axis');
      let before = 0;
      for (let atMs = 0; atMs <= 20_900; atMs += 50) {
        assert.ok(axis.x(atMs) >= before - 1e-9);
        before = axis.x(atMs);
      }
      for (const span of spans) assert.match(barOf(span, axis), /^ *[█▏░]+ *$/);
      for (const span of spans) assert.equal(barOf(span, axis).length, 28);
    }),
    { numRuns: 200 },
  );
});
