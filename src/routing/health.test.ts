/** How active checks are paced, and how little they may decide. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualWorld } from '../kernel/index.ts';
import { alwaysClosed } from './breakers.ts';
import { obstacleOf } from './eligible.ts';
import { EndpointTable } from './endpoints.ts';
import { Fleet } from './fleet.ts';
import { HealthRunner, nextCheckMs, noteCheck, type Probe } from './health.ts';
import { candidate, candidates, target } from './scene.ts';

const recordOf = () => {
  const table = new EndpointTable(() => alwaysClosed);
  table.adopt(candidates(1), 0);
  return table.present[0]!;
};

const VERDICTS: readonly (readonly [string, boolean])[] = [
  ['', true],
  ['--', true],
  ['--+--', true],
  ['---', false],
  ['---+', false],
  ['---+-+', false],
  ['---++', true],
  ['---++--', true],
];

for (const [checks, expected] of VERDICTS) {
  test(`checks "${checks}" leave an endpoint ${expected ? 'in' : 'out'} (H2: 3 bad, 2 good)`, () => {
    const record = recordOf();
    for (const check of checks) noteCheck(record, check === '+');
    assert.equal(record.reachable, expected);
  });
}

test('a check comes after the interval, give or take 20 %', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
      const atMs = nextCheckMs(1000, 10_000, () => chance);
      assert.ok(atMs >= 9000 && atMs < 13_000.001);
    }),
  );
});

test('a passing check lifts no ejection: real calls know better', () => {
  const record = recordOf();
  record.ejectedUntilMs = 30_000;
  for (let i = 0; i < 10; i++) noteCheck(record, true);
  assert.equal(obstacleOf(record, 1000), 'ejected');
});

const running = (probe: Probe, members = candidates(2)) => {
  const world = new VirtualWorld(1);
  const { clock } = world;
  const fleet = new Fleet(() => alwaysClosed);
  const checked = target({ health: { path: '/well', intervalMs: 10_000, timeoutMs: 500 } });
  fleet.swap([checked, target({ name: 'unchecked' })], () => members);
  const runner = new HealthRunner(fleet, probe, world);
  runner.start();
  return {
    advance: (byMs: number) => world.run(clock.nowMs() + byMs),
    runner,
    records: () => fleet.pool({ target: checked, via: 'hub' }, clock.nowMs()).table.present,
  };
};

test('each endpoint is asked about six times a minute, by its path and timeout', async () => {
  const asked: string[] = [];
  const { advance, runner } = running(async (endpoint, path, timeoutMs) => {
    asked.push(`${endpoint.id} ${path} ${timeoutMs}`);
    return true;
  });
  await advance(600_000);
  runner.stop();
  for (const id of ['e0', 'e1']) {
    const times = asked.filter((line) => line === `${id} /well 500`).length;
    assert.ok(times >= 50 && times <= 75, `${times}`);
  }
  const before = asked.length;
  await advance(60_000);
  assert.equal(asked.length, before);
});

test('an endpoint that fails its checks, or breaks the probe, is out and comes back', async () => {
  let well = true;
  const { advance, runner, records } = running(async (endpoint) => {
    if (!well && endpoint.id === 'e0') throw new Error('connection refused');
    return true;
  });
  await advance(20_000);
  assert.deepEqual(
    records().map((record) => record.reachable),
    [true, true],
  );
  well = false;
  await advance(45_000);
  assert.deepEqual(
    records().map((record) => record.reachable),
    [false, true],
  );
  well = true;
  await advance(35_000);
  runner.stop();
  assert.deepEqual(
    records().map((record) => record.reachable),
    [true, true],
  );
});

test('a probe that never answers is not asked again, and other nodes are not asked at all', async () => {
  const asked: string[] = [];
  const never: Probe = (endpoint) => {
    asked.push(endpoint.id);
    return new Promise(() => {});
  };
  const { advance, runner } = running(never, [candidate('a'), candidate('b', { protocol: 'airspace', node: 'n' })]);
  await advance(120_000);
  runner.stop();
  assert.deepEqual(asked, ['a']);
});
