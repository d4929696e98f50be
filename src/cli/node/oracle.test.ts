/** A decision that cedar-wasm takes differently is loud: in the log, in the metrics, in the counts of the status. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemWorld } from '../../kernel/index.ts';
import { decisionFor, preparePolicy } from '../../policy/index.ts';
import { compileWorld, requestOf } from '../../policy/testing.ts';
import { Logger, Metrics } from '../../telemetry/index.ts';
import { openOracle } from './oracle.ts';

test('a mismatch raises the alarm everywhere', async () => {
  const world = systemWorld();
  const metrics = new Metrics();
  const logger = new Logger({ node: 'hub', clock: world.clock, write: () => undefined });
  const oracle = openOracle(1, world, { metrics, logger });
  const snapshot = await compileWorld(
    { domains: [], users: [], targets: [{ kind: 'agent', name: 'a', operations: [{ name: 'run', effect: 'read' }] }] },
    { org: { policies: '@id("all") @reason("r") permit(principal, action, resource);' } },
  );
  const request = requestOf({ agent: 'a', call: 'agent/a/run' });
  const decision = decisionFor(preparePolicy(snapshot), request);
  const watch = oracle.watch(snapshot)!;
  assert.ok(watch(request, decision, 'right'));
  assert.ok(watch(request, { ...decision, effect: 'deny', code: 'FORBIDDEN' }, 'wrong'));
  await oracle.settled();
  assert.deepEqual(
    logger.recent(10).map(({ level, call_id, ours, oracle: cedars }) => [level, call_id, ours, cedars]),
    [['error', 'wrong', 'deny FORBIDDEN', 'allow OK']],
  );
  assert.match(
    await metrics.text(),
    /# TYPE airspace_policy_oracle_mismatch_total counter\nairspace_policy_oracle_mismatch_total 1\n/,
  );
  assert.match(await metrics.text(), /\nairspace_policy_oracle_checked_total 2\n/);
  await oracle.close();
});
