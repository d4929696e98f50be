/** A slice of the laboratory: a handful of nodes, the same protocol, and no clock that could be wrong on a busy machine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFleet } from './fleet.ts';
import { costOf } from './machine.ts';
import { killOrders, policyChanges, spreadOf, steadyCalls } from './measure.ts';

test('a small fleet hears of every change and every order, while calls and churn go on', async () => {
  const fleet = await startFleet({ agents: 12, real: 2, simulated: 4, crowds: 1, churnMs: 300, say: () => {} });
  try {
    const calls = steadyCalls(fleet, 20);
    const policy = await policyChanges(fleet, 2, 0);
    const kills = await killOrders(fleet, 2, 0);
    assert.deepEqual([policy.last.count, policy.each.count], [2, 12]);
    assert.deepEqual([kills.last.count, kills.each.count], [2, 12]);
    const { failed } = await calls.end();
    assert.equal(failed, 0);
    const [counters] = await fleet.counters();
    assert.ok(counters!.documents > 0);
    assert.ok(process.platform !== 'linux' || costOf(fleet.hub.pid).rssMiB > 0);
  } finally {
    await fleet.stop();
  }
});

test('a percentile is a figure that was measured', () => {
  const values = Array.from({ length: 200 }, (_, at) => at + 1);
  assert.deepEqual(spreadOf(values), { count: 200, p50: 100, p99: 198, max: 200 });
  assert.deepEqual(spreadOf([7]), { count: 1, p50: 7, p99: 7, max: 7 });
});
