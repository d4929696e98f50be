import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SUBSET_SIZE, subsetOf, subsets } from './subset.ts';

const named = (kind: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${kind}-${at}`);
const usersOf = (used: ReadonlyMap<string, ReadonlySet<string>>, endpoint: string): number =>
  [...used.values()].filter((mine) => mine.has(endpoint)).length;
const without = (all: readonly string[], at: number): string[] => all.toSpliced(at, 1);

const pools = fc.record({
  callers: fc.integer({ min: 1, max: 120 }),
  endpoints: fc.integer({ min: 51, max: 300 }),
  gone: fc.nat(50),
});

test('no endpoint is left to nobody, and no caller has fewer than its twenty', () => {
  fc.assert(
    fc.property(pools, ({ callers, endpoints }) => {
      const used = subsets(named('caller', callers), named('pool@node', endpoints));
      for (const mine of used.values()) assert.ok(mine.size >= SUBSET_SIZE);
      const everyone = new Set([...used.values()].flatMap((mine) => [...mine]));
      assert.equal(everyone.size, endpoints);
    }),
    { numRuns: 30 },
  );
});

test('a caller has few more than twenty where there are many callers', () => {
  const used = subsets(named('caller', 200), named('pool@node', 1_000));
  const sizes = [...used.values()].map((mine) => mine.size);
  assert.ok(Math.max(...sizes) <= 1.5 * SUBSET_SIZE, `${Math.max(...sizes)} endpoints for one caller`);
});

test('every endpoint is used by about as many callers', () => {
  const endpoints = named('pool@sidecar-pool', 100);
  const used = subsets(named('sidecar-caller', 500), endpoints);
  const counts = endpoints.map((endpoint) => usersOf(used, endpoint));
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  assert.ok(mean >= 100 && mean < 105);
  // Chance: a hundred each, give or take nine; four times that is beyond it.
  assert.ok(Math.min(...counts) > 64 && Math.max(...counts) < 136, `${Math.min(...counts)} to ${Math.max(...counts)}`);
});

test('when one endpoint leaves, only its callers choose another, and each of them one', () => {
  fc.assert(
    fc.property(pools, ({ callers, endpoints, gone }) => {
      const names = named('caller', callers);
      const all = named('pool@node', endpoints);
      const lost = all[gone]!;
      const before = names.map((caller) => subsetOf(caller, all));
      const after = names.map((caller) => subsetOf(caller, without(all, gone)));
      before.forEach((mine, at) => {
        const added = [...after[at]!].filter((one) => !mine.has(one));
        const dropped = [...mine].filter((one) => !after[at]!.has(one));
        assert.deepEqual(dropped, mine.has(lost) ? [lost] : []);
        assert.equal(added.length, dropped.length);
      });
    }),
    { numRuns: 30 },
  );
});

test('with the share of endpoints besides, a departure moves hardly more than what it must', () => {
  const callers = named('caller', 200);
  const all = named('pool@node', 400);
  const before = subsets(callers, all);
  const after = subsets(callers, without(all, 7));
  const moved = callers.reduce(
    (sum, caller) => sum + [...after.get(caller)!].filter((one) => !before.get(caller)!.has(one)).length,
    0,
  );
  assert.ok(
    moved <= 3 * usersOf(before, all[7]!),
    `${moved} pairs are new after ${usersOf(before, all[7]!)} were lost`,
  );
});

test('the order in which endpoints and callers come does not matter', () => {
  const all = named('pool', 120);
  const callers = named('caller', 9);
  const [one, other] = [subsets(callers, all), subsets(callers.toReversed(), all.toReversed())];
  for (const caller of callers) assert.deepEqual([...one.get(caller)!].sort(), [...other.get(caller)!].sort());
});
