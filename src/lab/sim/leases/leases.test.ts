import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEASE_PLANTS } from './machinery.ts';
import { run } from './run.ts';

test('three hundred seeds of leases stay within the limit, and cover what was charged', async () => {
  for (let seed = 1; seed <= 300; seed += 1) assert.deepEqual((await run(seed)).violations, [], `seed ${seed}`);
});

for (const [name, machinery] of Object.entries(LEASE_PLANTS))
  test(`the planted defect ${name} is found within 100 seeds`, async () => {
    for (let seed = 1; seed <= 100; seed += 1) if ((await run(seed, machinery)).violations.length > 0) return;
    assert.fail('not found');
  });
