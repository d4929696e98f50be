import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEASE_PLANTS } from './plants.ts';
import { runLeases } from './run.ts';

test('twenty seeds of leases keep every promise', async () => {
  for (let seed = 1; seed <= 20; seed += 1) assert.deepEqual((await runLeases(seed)).violations, [], `seed ${seed}`);
});

test('the same seed tells the same story, another seed another one', async () => {
  const [first, again, other] = [await runLeases(7), await runLeases(7), await runLeases(8)];
  assert.deepEqual(first, again);
  assert.notEqual(first.books, other.books);
});

test('a story has calls that ran and calls that were refused, or it would prove nothing', async () => {
  let ran = 0;
  let refused = 0;
  for (let seed = 1; seed <= 5; seed += 1) {
    const result = await runLeases(seed);
    ran += result.ran;
    refused += result.refused;
  }
  assert.ok(ran > 500 && refused > 100, `${ran} ran, ${refused} were refused`);
});

/** The promise that each defect breaks, as the checker names it. */
const BROKEN: Readonly<Record<string, string>> = {
  'lease-not-reserved': 'B2',
  'lease-expiry-releases': 'B2',
  'admission-after-ttl': 'B3',
  'report-twice': 'B4',
  'late-report-on-top': 'B4',
  'renewal-returns-in-flight': 'B2',
};

for (const [name, machinery] of Object.entries(LEASE_PLANTS)) {
  test(`the planted defect ${name} is found within 100 seeds, as ${BROKEN[name]}`, async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const { violations } = await runLeases(seed, machinery);
      if (violations.some((violation) => violation.startsWith(`${BROKEN[name]}:`))) return;
    }
    assert.fail('not found');
  });
}
