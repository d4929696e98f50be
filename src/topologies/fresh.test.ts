import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type RoutePlan } from '../contract/index.ts';
import { compose, loopback, loopbackCall, rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import { fresh } from './fresh.ts';

const MINUTE = 60_000;
const EFFECTS = ['read', 'write', 'spend', 'irreversible'] as const;

const outcome = async (
  effect: RoutePlan['operation']['effect'],
  ageMs: number,
  killsAgeMs = ageMs,
): Promise<string> => {
  const planOf = () => ({ operation: { name: 'x', effect, idempotent: false } }) as RoutePlan;
  const handler = compose(fresh({ planOf, ageMs: () => ageMs, killsAgeMs: () => killsAgeMs }))(loopback().handler);
  const { scope } = rootScope(new VirtualWorld(1), silentSpan('s'));
  return handler(loopbackCall({}), scope).then(
    () => 'sent',
    (thrown) => Fault.from(thrown).code,
  );
};

test('the longer the hub is away, the less may happen without it', async () => {
  const cases: readonly (readonly [number, readonly string[]])[] = [
    [0, ['sent', 'sent', 'sent', 'sent']],
    [MINUTE, ['sent', 'sent', 'sent', 'sent']],
    [MINUTE + 1, ['sent', 'stale', 'stale', 'stale']],
    [12 * 60 * MINUTE, ['sent', 'stale', 'stale', 'stale']],
    [13 * 60 * MINUTE, ['stale', 'stale', 'stale', 'stale']],
    [Number.POSITIVE_INFINITY, ['stale', 'stale', 'stale', 'stale']],
  ];
  for (const [ageMs, expected] of cases) {
    assert.deepEqual(
      await Promise.all(EFFECTS.map((effect) => outcome(effect, ageMs))),
      expected,
      `${ageMs / MINUTE} min`,
    );
  }
});

test('a hub that is heard but speaks of orders that have not come stops writes, and reads go on', async () => {
  const outcomes = await Promise.all(EFFECTS.map((effect) => outcome(effect, 0, MINUTE + 1)));
  assert.deepEqual(outcomes, ['sent', 'stale', 'stale', 'stale']);
});
