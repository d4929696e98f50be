import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerWheel } from './wheel.ts';

test('over any history, every timer that is not cancelled fires once, never early, at most a tick after the next look', () => {
  const command = fc.record({
    afterMs: fc.integer({ min: 0, max: 200 }),
    delayMs: fc.integer({ min: -5, max: 700 }),
    cancelAfterMs: fc.option(fc.nat(700), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), fc.nat(100_000), (commands, startMs) => {
      const wheel = new TimerWheel(startMs, 8, 16);
      const expected = new Map<number, { readonly dueMs: number; readonly cancel: () => void; cancelled: boolean }>();
      const cancels: { readonly atMs: number; readonly id: number }[] = [];
      let nowMs = startMs;
      const fired: number[] = [];
      const passTo = (untilMs: number): void => {
        while (nowMs < untilMs) {
          nowMs = Math.min(untilMs, nowMs + 5);
          for (const { atMs, id } of cancels) {
            const timer = expected.get(id)!;
            if (atMs > nowMs || timer.cancelled || fired.includes(id)) continue;
            timer.cancel();
            timer.cancelled = true;
          }
          wheel.advance(nowMs);
        }
      };
      for (const [id, { afterMs, delayMs, cancelAfterMs }] of commands.entries()) {
        passTo(nowMs + afterMs);
        const dueMs = nowMs + Math.max(0, delayMs);
        const timer = wheel.add(nowMs, delayMs, () => {
          assert.ok(nowMs >= dueMs, `fired ${dueMs - nowMs} ms early`);
          assert.ok(nowMs <= dueMs + 8 + 5 + 3, `fired ${nowMs - dueMs} ms late`);
          fired.push(id);
        });
        expected.set(id, { dueMs, cancel: () => timer.cancel(), cancelled: false });
        if (cancelAfterMs !== undefined) cancels.push({ atMs: nowMs + cancelAfterMs, id });
      }
      passTo(nowMs + 2000);
      assert.equal(wheel.size, 0);
      assert.deepEqual(
        [...fired].sort((a, b) => a - b),
        [...expected].flatMap(([id, { cancelled }]) => (cancelled ? [] : [id])),
      );
    }),
  );
});

test('a timer that another one of the same tick cancels does not fire', () => {
  const wheel = new TimerWheel(0, 8);
  let fired = 0;
  wheel.add(0, 5, () => {
    second.cancel();
    second.cancel();
  });
  const second = wheel.add(0, 5, () => {
    fired += 1;
  });
  wheel.advance(100);
  assert.deepEqual([fired, wheel.size], [0, 0]);
});

test('a timer that sets itself again fires again, in a later tick', () => {
  const wheel = new TimerWheel(0, 8);
  const atMs: number[] = [];
  let nowMs = 0;
  const again = (): void => {
    atMs.push(nowMs);
    if (atMs.length < 3) wheel.add(nowMs, 0, again);
  };
  wheel.add(0, 0, again);
  for (nowMs = 8; nowMs <= 40; nowMs += 8) wheel.advance(nowMs);
  assert.deepEqual(atMs, [8, 16, 24]);
});

test('one timer that throws does not keep the others from firing', () => {
  const wheel = new TimerWheel(0, 8);
  let fired = 0;
  wheel.add(0, 1, () => {
    throw new Error('broken timer');
  });
  wheel.add(0, 1, () => {
    fired += 1;
  });
  assert.throws(() => wheel.advance(100), /broken timer/);
  assert.deepEqual([fired, wheel.size], [1, 0]);
});

test('a wheel that slept for hours is exact at once', () => {
  const wheel = new TimerWheel(0, 8);
  let fired = false;
  const nowMs = 10_000_000;
  wheel.add(nowMs, 10, () => {
    fired = true;
  });
  wheel.advance(nowMs + 9);
  assert.equal(fired, false);
  wheel.advance(nowMs + 18);
  assert.equal(fired, true);
});

test('a delay without an end is a mistake, not a timer that fires at once', () => {
  const wheel = new TimerWheel(0, 8);
  for (const delayMs of [Number.POSITIVE_INFINITY, Number.NaN])
    assert.throws(() => wheel.add(0, delayMs, () => {}), RangeError);
});
