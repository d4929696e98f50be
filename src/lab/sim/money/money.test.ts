import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANTS } from './plants.ts';
import { run } from './run.ts';

test('three hundred seeds keep every promise about money, people and records', async () => {
  for (let seed = 1; seed <= 300; seed += 1) assert.deepEqual((await run(seed)).violations, [], `seed ${seed}`);
});

test('the same seed tells the same story, another seed another one', async () => {
  const [first, again, other] = [await run(7), await run(7), await run(8)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first.history, other.history);
});

test('a story has refusals, approvals, lost acknowledgements and unknown ends, or it would prove nothing', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed += 1)
    for (const { operation, outcome, executed } of (await run(seed)).history) {
      seen.add(`${outcome} ${executed}`);
      if (operation === 'transfer') seen.add(`transfer ${outcome}`);
    }
  for (const outcome of [
    ...['ok yes', 'failed yes', 'denied no', 'budget_exhausted no', 'storage no', 'storage unknown', 'timeout unknown'],
    ...['upstream_broken unknown', 'idempotency_mismatch no', 'idempotency_in_flight no', 'accepted unknown'],
    ...['transfer ok', 'transfer approval_required'],
  ])
    assert.ok(seen.has(outcome), `never saw \`${outcome}\``);
});

/** One for each kind of promise; `npm run simulate -- --plant NAME` shows any of them. */
for (const name of ['ledger-check-then-add', 'grant-not-burned', 'key-freed-on-unknown', 'unknown-told-as-no'])
  test(`the planted defect ${name} is found within 200 seeds, as ${PLANTS[name]!.breaks}`, async () => {
    const { breaks, machinery } = PLANTS[name]!;
    for (let seed = 1; seed <= 200; seed += 1)
      if ((await run(seed, machinery)).violations.some((violation) => violation.startsWith(`${breaks}:`))) return;
    assert.fail('not found');
  });
