import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seeded } from '../kernel/index.ts';
import { alwaysClosed } from './breakers.ts';
import { type Candidate, hubCandidates, sidecarOutCandidates, sightOf } from './candidates.ts';
import { sharesOf } from './near.ts';
import { Pool } from './pool.ts';
import { candidate, instance, node, snapshot, target } from './scene.ts';

const booking = target({ near: true });
const poolOf = (members: readonly Candidate[], wanted = booking): Pool => {
  const pool = new Pool({ target: wanted, via: 'mesh' }, () => alwaysClosed, 0);
  pool.adopt(wanted, members, 0);
  return pool;
};
const group = (distance: number, count: number, ill = 0): Candidate[] =>
  Array.from({ length: count }, (_, at) =>
    candidate(`d${distance}-${at}`, { distance: distance as 0 | 1 | 2 | 3, state: at < ill ? 'silent' : 'ready' }),
  );
/** Share of the picks by distance. */
const spread = (pool: Pool, picks = 4_000): Record<string, number> => {
  const random = seeded(3);
  const shares: Record<string, number> = {};
  for (let at = 0; at < picks; at++) {
    const lease = pool.take([], 60_000, random);
    const distance = String(lease.record.candidate.distance ?? 0);
    shares[distance] = (shares[distance] ?? 0) + 1 / picks;
    lease.end('success', 10, 60_000);
  }
  return shares;
};
const near = (value: number | undefined, wanted: number): void =>
  assert.ok(Math.abs((value ?? 0) - wanted) < 0.05, `${value} is not about ${wanted}`);

test('while seven of ten are well, the nearest take everything', () => {
  assert.deepEqual(Object.keys(spread(poolOf([...group(0, 10, 2), ...group(1, 10)]))), ['0']);
});

test('below that they hand on in proportion, to the next nearest', () => {
  const shares = spread(poolOf([...group(0, 10, 5), ...group(1, 10), ...group(3, 10)]));
  near(shares['0'], 0.7);
  near(shares['1'], 0.3);
  assert.equal(shares['3'], undefined);
});

test('when all of the nearest are gone, the next ones take over', () => {
  near(spread(poolOf([...group(0, 2, 2), ...group(2, 4)]))['2'], 1);
});

test('within a distance the load is even', () => {
  const pool = poolOf([...group(0, 5), ...group(1, 5)]);
  const random = seeded(9);
  const counts = new Map<string, number>();
  for (let at = 0; at < 5_000; at++) {
    const { record } = pool.take([], 60_000, random);
    counts.set(record.candidate.id, (counts.get(record.candidate.id) ?? 0) + 1);
  }
  assert.equal(counts.size, 5);
  for (const count of counts.values()) assert.ok(count > 900 && count < 1_100);
});

test('a second try goes to somebody else, also when that is far away; and who is full hands on', () => {
  const pool = poolOf([...group(0, 1), ...group(3, 1)], target({ near: true, concurrency: 1 }));
  const random = seeded(1);
  const first = pool.take([], 60_000, random);
  assert.equal(first.record.candidate.id, 'd0-0');
  assert.equal(pool.take([], 60_000, random).record.candidate.id, 'd3-0');
  first.end('failure', 10, 60_000);
  const wide = poolOf([...group(0, 1), ...group(3, 1)]);
  assert.equal(wide.take(['d0-0'], 60_000, random).record.candidate.id, 'd3-0');
  assert.equal(wide.take(['d0-0', 'd3-0'], 60_000, random).record.candidate.id, 'd0-0');
});

test('shares add up to one whenever anybody is well, and no tier takes more than it is trusted with while others can', () => {
  const tiers = fc.array(
    fc.integer({ min: 1, max: 20 }).chain((hosts) => fc.record({ hosts: fc.constant(hosts), eligible: fc.nat(hosts) })),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(tiers, (all) => {
      const shares = sharesOf(all);
      const sum = shares.reduce((total, share) => total + share, 0);
      assert.ok(Math.abs(sum - (all.some(({ eligible }) => eligible > 0) ? 1 : 0)) < 1e-9);
      all.forEach(({ eligible }, at) => {
        if (eligible === 0) assert.equal(shares[at], 0);
      });
    }),
  );
});

const domains = ['north', 'south'].map((name) => ({ tenant: 'acme', name, parent: '', delegated: false }));
const nodes = [
  node({ id: 'here', agent: 'booking', domain: 'north', url: 'http://10.0.0.1:1' }),
  node({ id: 'north', agent: 'booking', domain: 'north', url: 'http://10.0.0.2:1' }),
  node({ id: 'above', agent: 'booking', url: 'http://10.0.0.3:1' }),
  node({ id: 'south', agent: 'booking', domain: 'south', url: 'http://10.0.0.4:1' }),
];
const instances = nodes.map(({ id, url }) => instance({ id, node: id, url, protocol: 'airspace' }));
const seen = (wanted: typeof booking, more = instances) =>
  sidecarOutCandidates(
    sightOf(snapshot({ domains }), { nodes, instances: more }),
    { id: 'hub', url: 'http://hub' },
    { host: '10.0.0.1', domain: 'north' },
  )({ target: wanted, via: 'mesh' });

test('the own machine is nearest, then the own domain, then what is above it, then everybody else', () => {
  assert.deepEqual(
    seen(booking).map(({ node: id, distance }) => [id, distance]),
    [
      ['here', 0],
      ['north', 1],
      ['above', 2],
      ['south', 3],
    ],
  );
  assert.ok(seen(target()).every(({ distance }) => distance === undefined));
});

test('data that stay in one place go to no endpoint that does not say it is there', () => {
  const eu = target({ labels: { residency: 'eu' } });
  const labelled = instances.map((one, at) => ({ ...one, labels: at < 2 ? { residency: ['eu', 'us'][at]! } : {} }));
  assert.deepEqual(
    seen(eu, labelled).map(({ node: id }) => id),
    ['here'],
  );
  const pool = new Pool({ target: eu, via: 'mesh' }, () => alwaysClosed, 0);
  pool.adopt(eu, seen(eu), 0);
  assert.throws(() => pool.take([], 0, seeded(1)), /its data stay in `eu`/);
});

test('an agent that announces itself cannot say where data may go; the file can', () => {
  const direct = instance({ url: 'http://10.0.0.9:1', labels: { residency: 'eu' } });
  const sight = sightOf(snapshot({ domains }), { nodes: [], instances: [direct] });
  const eu = target({ labels: { residency: 'eu' } });
  assert.deepEqual(hubCandidates(sight)({ target: eu, via: 'hub' }), []);
  const endpoint = { url: 'http://10.0.0.9:1', version: '1', weight: 100, labels: { residency: 'eu' } };
  assert.equal(hubCandidates(sight)({ target: { ...eu, endpoints: [endpoint] }, via: 'hub' }).length, 1);
});
