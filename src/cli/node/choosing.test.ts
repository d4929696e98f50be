/** What a node knows about the places of providers before it chooses: heartbeats and breakers of the hubs that export them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceEntry, NodeEntry, Principal, Roster, Snapshot, TargetEntry } from '../../contract/index.ts';
import { Breaker, VirtualWorld } from '../../kernel/index.ts';
import { Halt } from '../../kill/index.ts';
import { compilePolicy, preparePolicy } from '../../policy/index.ts';
import { Fleet, hubCandidates, planner, Resting, sightOf } from '../../routing/index.ts';
import { choosing } from './choosing.ts';

const DOMAINS = ['north', 'south'] as const;
type Domain = (typeof DOMAINS)[number];

const TARGETS: readonly TargetEntry[] = DOMAINS.map((domain) => ({
  ...{ tenant: 't', kind: 'tool', name: `db-${domain}`, domain, labels: {}, endpoints: [], health: null },
  ...{ concurrency: 10, timeoutMs: null, exportedBy: `hub-${domain}` },
  operations: [
    { name: 'run', effect: 'read', idempotent: true, provides: [{ capability: 'query', version: '1.0.0' }] },
  ],
}));

const snapshotOf = async (): Promise<Snapshot> => {
  const domains = DOMAINS.map((name) => ({ tenant: 't', name, parent: '', delegated: true }));
  const text = '@id("all") @reason("a test") permit (principal, action, resource);';
  const policy = await compilePolicy([{ tenant: 't', level: 'org', policies: { text } }], {
    targets: TARGETS,
    domains,
    users: [],
  });
  return { seq: 1, revision: 1, createdAtMs: 0, targets: TARGETS, routes: [], domains, keys: [], policy };
};

const urlOf = (domain: Domain): string => `http://127.0.0.1:${DOMAINS.indexOf(domain) + 1}`;

const rosterOf = (silent: readonly Domain[]): Roster => ({
  seq: 1,
  nodes: DOMAINS.map((domain): NodeEntry => {
    const place = { tenant: 't', domain, agent: '', publicKey: '' };
    return { id: `hub-${domain}`, role: 'domain', ...place, url: urlOf(domain) };
  }),
  instances: DOMAINS.map((domain): InstanceEntry => {
    const of = { tenant: 't', kind: 'tool', name: `db-${domain}`, url: urlOf(domain), node: `hub-${domain}` } as const;
    const state = silent.includes(domain) ? 'silent' : 'ready';
    return { id: domain, ...of, protocol: 'airspace', version: '', labels: {}, state };
  }),
});

const ANN: Principal = { kind: 'user', tenant: 't', id: 'ann', roles: [] };

/** A root hub that nobody has asked for a capability yet. */
const root = async () => {
  const world = new VirtualWorld(1);
  const snapshot = await snapshotOf();
  const planOf = planner(snapshot);
  const fleet = new Fleet((endpoint) => new Breaker({ endpoint, random: world.random }), 'hub');
  const hear = (...silent: readonly Domain[]): void =>
    fleet.swap(TARGETS, hubCandidates(sightOf(snapshot, rosterOf(silent))));
  hear();
  const { choose } = choosing({
    ...{ snapshot, policy: preparePolicy(snapshot), planOf, fleet, clock: world.clock, domain: '' },
    ...{ halt: new Halt(), resting: new Resting() },
  });
  const pool = (domain: Domain) => fleet.pool({ target: TARGETS[DOMAINS.indexOf(domain)]!, via: 'hub' }, nowMs());
  const nowMs = () => world.clock.nowMs();
  const chosen = () => choose(ANN, { name: 'query', range: null }, world.clock.wallMs());
  return { hear, pool, nowMs, world, chosen };
};

test('a domain whose hub sends no heartbeat is not chosen, and is again when it does', async () => {
  const { hear, chosen } = await root();
  assert.equal(chosen().target.name, 'db-north');
  hear('north');
  assert.equal(chosen().target.name, 'db-south');
  assert.match(chosen().because, /well/);
  hear('north', 'south');
  assert.equal(chosen().target.name, 'db-north', 'who is ill is better than nobody');
  hear();
  assert.equal(chosen().target.name, 'db-north');
});

test('nor is one whose hub could not be reached so often that its breaker is open, until it has rested', async () => {
  const { pool, nowMs, world, chosen } = await root();
  for (let calls = 0; calls < 5; calls++) {
    assert.equal(chosen().target.name, 'db-north', `after ${calls}`);
    pool('north').take([], nowMs(), world.random).end('unreachable', undefined, nowMs());
  }
  assert.equal(chosen().target.name, 'db-south');
  await world.run(nowMs() + 6_001);
  assert.equal(chosen().target.name, 'db-north', 'although nobody has called it since');
});
