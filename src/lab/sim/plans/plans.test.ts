import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANTS } from './plants.ts';
import { run } from './run.ts';

test('forty seeds keep every promise', async () => {
  for (let seed = 1; seed <= 40; seed += 1) assert.deepEqual((await run(seed)).violations, [], `seed ${seed}`);
});

test('the same seed tells the same story, another seed another one', async () => {
  const [first, again, other] = [await run(7), await run(7), await run(8)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first.history, other.history);
});

test('runs end in every way, or it would prove nothing', async () => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 30; seed += 1) for (const line of (await run(seed)).history) ends.add(line.split(' ')[0]!);
  for (const end of ['done', 'failed', 'compensated', 'cancelled', 'stuck'])
    assert.ok(ends.has(end), `never saw \`${end}\``);
});

for (const [name, { breaks, machinery }] of Object.entries(PLANTS)) {
  test(`the planted defect ${name} is found within 150 seeds, as ${breaks}`, async () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const { violations } = await run(seed, machinery);
      if (violations.some((violation) => violation.startsWith(`${breaks}:`))) return;
    }
    assert.fail('not found');
  });
}
