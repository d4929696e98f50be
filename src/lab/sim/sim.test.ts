import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANTS } from './plants.ts';
import { run } from './run.ts';

test('fifty seeds keep every promise', async () => {
  for (let seed = 1; seed <= 50; seed += 1) assert.deepEqual((await run(seed)).violations, [], `seed ${seed}`);
});

test('the same seed tells the same story, another seed another one', async () => {
  const [first, again, other] = [await run(7), await run(7), await run(8)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first.history, other.history);
});

test('a story has executions, failures and unknown ends, or it would prove nothing', async () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= 10; seed += 1)
    for (const { outcome, executed } of (await run(seed)).history) outcomes.add(`${outcome} ${executed}`);
  for (const seen of ['ok yes', 'failed yes', 'left yes', 'timeout unknown', 'expired no', 'upstream_broken unknown'])
    assert.ok(outcomes.has(seen), `never saw \`${seen}\``);
});

/** The promise that each defect breaks, as the checker names it. */
const BROKEN: Readonly<Record<string, string>> = {
  'retry-after-first-byte': 'I4',
  'retry-unknown': 'I4',
  'retry-at-every-tier': 'R1',
  'retry-without-budget': 'R2',
  'retry-forgets': 'I12',
  'breaker-wall-time': 'C5',
  'slot-freed-early': 'D5',
  'deadline-waits': 'D4',
  'listener-leak': 'I11',
};

for (const [name, machinery] of Object.entries(PLANTS)) {
  test(`the planted defect ${name} is found within 200 seeds, as ${BROKEN[name]}`, async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const { violations } = await run(seed, machinery);
      if (violations.some((violation) => violation.startsWith(`${BROKEN[name]}:`))) return;
    }
    assert.fail('not found');
  });
}
