import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemWorld } from './system.ts';

test('ids are hex of the promised length and do not repeat', () => {
  const { ids } = systemWorld();
  const seen = new Set<string>();
  for (let nth = 0; nth < 2000; nth += 1) {
    for (const id of [ids.traceId(), ids.callId()]) {
      assert.match(id, /^[0-9a-f]{32}$/);
      seen.add(id);
    }
    const span = ids.spanId();
    assert.match(span, /^[0-9a-f]{16}$/);
    seen.add(span);
  }
  assert.equal(seen.size, 6000);
});

test('chance lies in [0, 1) and differs between worlds', () => {
  const [a, b] = [systemWorld(), systemWorld()];
  const drawn = Array.from({ length: 1000 }, () => a.random());
  assert.ok(drawn.every((value) => value >= 0 && value < 1));
  assert.notDeepEqual(
    drawn.slice(0, 8),
    Array.from({ length: 8 }, () => b.random()),
  );
});

test('a timer fires after its delay on the monotonic clock, and a cancelled one does not', async () => {
  const { clock } = systemWorld();
  const startMs = clock.nowMs();
  clock.after(1, () => assert.fail('cancelled')).cancel();
  // An unref'd tick does not keep a process alive, so the test itself must.
  const alive = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => clock.after(20, resolve));
  clearInterval(alive);
  assert.ok(clock.nowMs() - startMs >= 20);
});
