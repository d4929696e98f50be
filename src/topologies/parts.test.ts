import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Detour, Fault, type FaultCode, type RoutePlan } from '../contract/index.ts';
import { loopbackCall, RetryBudgets } from '../kernel/index.ts';
import { repeating } from './parts.ts';

test('nobody waits for a place that is away when another provider is left, and for one that is busy as ever', () => {
  const planOf = () => ({ target: { kind: 'tool' } }) as unknown as RoutePlan;
  const { patienceMs } = repeating({ planOf, budgets: new RetryBudgets() });
  const patience = (code: FaultCode, detour?: Detour) =>
    patienceMs?.(loopbackCall(detour === undefined ? {} : { detour }), new Fault(code, 'x', { retryAfterMs: 5_000 }));
  const left = { asked: 0, more: true };
  assert.deepEqual([patience('unavailable', left), patience('unreachable', left)], [0, 0]);
  for (const other of [undefined, { asked: 1, more: false }])
    assert.equal(patience('unavailable', other), Number.POSITIVE_INFINITY);
  for (const busy of ['overloaded', 'refused'] as const) assert.equal(patience(busy, left), Number.POSITIVE_INFINITY);
});
