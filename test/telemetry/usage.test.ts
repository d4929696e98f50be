/** What a hub counts of real calls, as programs and people are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line } from '../../src/cli/testing/line.ts';
import type { UsageView } from '../../src/contract/index.ts';
import { type Scene, startScene } from './scene.ts';

const call = async ({ url, keys }: Scene, path: string): Promise<number> => {
  const response = await fetch(`${url}/v1/agents/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keys.concierge}` },
    body: '{}',
  });
  await response.text();
  return response.status;
};

test('calls are counted by who called what, at once, and what is kept of them is said', async () => {
  await using scene = await startScene();
  for (const status of [200, 200, 200]) assert.equal(await call(scene, 'orders/where'), status);
  assert.equal(await call(scene, 'nobody/where'), 404);
  const response = await scene.ask('/v1/usage?by=caller,target,operation&sort=calls');
  const { items, total, isCut, without, step } = (await response.json()) as UsageView;
  assert.deepEqual(
    items.map(({ caller, target, operation, calls, attempts }) => [caller, target, operation, calls, attempts]),
    [
      ['agent/concierge', 'agent/orders', 'where', 3, 3],
      ['agent/concierge', 'unknown', '', 1, 0],
    ],
  );
  assert.deepEqual([total.calls, total.errors, isCut, without, step], [4, 0, false, [], 'minute']);
  const [first] = items;
  assert.ok(first!.tookMs > 0 && first!.waitedMs >= 0 && first!.waitedMs <= first!.tookMs && first!.p99Ms !== null);
  const one = (await (await scene.ask('/v1/usage?by=time&target=agent/orders')).json()) as UsageView;
  assert.equal(one.total.calls, 3);
  assert.ok(one.items.every(({ startMs, caller }) => startMs !== undefined && caller === undefined));

  const { stdout } = await line(['status', '--url', scene.url, '--key', scene.adminKey]);
  assert.match(stdout, /^traces +\d+ calls.*, \d+B of 10GiB; .* on the disk/m);
  const metrics = await (await scene.ask('/metrics')).text();
  assert.match(metrics, /^airspace_telemetry_limit_bytes 10737418240$/m);
  assert.match(metrics, /^airspace_telemetry_removed_total\{reason="sample"\} 0$/m);
});
