import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InstanceEntry, NodeEntry, Roster, Snapshot } from '../contract/index.ts';
import { sidecarOutCandidates, sightOf } from './candidates.ts';
import { viaOf } from './plan.ts';
import { instance, node, principal, routeEntry, snapshot, target } from './scene.ts';
import { SUBSET_SIZE } from './subset.ts';
import { rosterViews } from './view.ts';

const HUB = { id: 'hub', url: 'http://hub.test' };
const TENANTS = ['acme', 'other'] as const;
const NAMES = ['a', 'b', 'c', 'd'] as const;
const domains = TENANTS.flatMap((tenant) => [
  { tenant, name: 'north', parent: '', delegated: false },
  { tenant, name: 'fjord', parent: 'north', delegated: false },
]);

const tenant = fc.constantFrom(...TENANTS);
const name = fc.constantFrom(...NAMES);
const domain = fc.constantFrom('', 'north', 'fjord');
const worlds = fc.record({
  domainOf: fc.array(domain, { minLength: 8, maxLength: 8 }),
  routes: fc.array(
    fc.record({
      tenant,
      toName: fc.constantFrom('*', ...NAMES),
      toDomain: domain,
      fromAgents: fc.array(name, { maxLength: 2 }),
      fromDomains: fc.array(fc.constantFrom('north', 'fjord'), { maxLength: 1 }),
      via: fc.constantFrom('hub' as const, 'mesh' as const),
    }),
    { maxLength: 6 },
  ),
  sidecars: fc.array(fc.record({ tenant, agent: name }), { maxLength: 12 }),
});

type WorldOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

const built = ({ domainOf, routes, sidecars }: WorldOf<typeof worlds>) => {
  const targets = TENANTS.flatMap((one, t) =>
    NAMES.map((own, n) => target({ tenant: one, name: own, domain: domainOf[t * 4 + n]! })),
  );
  const config: Snapshot = snapshot({
    targets,
    domains,
    routes: routes.map((route, at) => routeEntry({ ...route, name: `route-${at}` })),
  });
  const nodes: NodeEntry[] = sidecars.map((one, at) => {
    const home = targets.find((each) => each.tenant === one.tenant && each.name === one.agent)!.domain;
    return node({ id: `n${at}`, ...one, domain: home, url: `http://n${at}.test` });
  });
  const instances: InstanceEntry[] = nodes.map(({ id, tenant: whose, agent, url }) =>
    instance({ id, tenant: whose, name: agent, url, protocol: 'airspace', node: id }),
  );
  const direct = TENANTS.map((whose) => instance({ id: `direct-${whose}`, tenant: whose, name: 'a' }));
  return { config, roster: { seq: 1, nodes, instances: [...instances, ...direct] } satisfies Roster };
};

test('a sidecar finds in its view everybody whom it would find in the whole, and nobody of another tenant', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const { config, roster } = built(world);
      const [viewOf, via] = [rosterViews(config), viaOf(config)];
      for (const self of roster.nodes) {
        const view = { seq: 1, ...viewOf(self, roster) };
        const [whole, cut] = [roster, view].map((one) => sidecarOutCandidates(sightOf(config, one), HUB));
        const caller = principal({
          tenant: self.tenant,
          id: self.agent,
          ...(self.domain ? { domain: self.domain } : {}),
        });
        for (const one of config.targets.filter((each) => each.tenant === self.tenant)) {
          const wanted = { target: one, via: via(caller, one) };
          assert.deepEqual(cut!(wanted), whole!(wanted));
        }
        assert.ok([...view.nodes, ...view.instances].every((one) => one.tenant === self.tenant));
        assert.deepEqual(
          view.nodes.map(({ id }) => id),
          roster.nodes.filter((one) => one.tenant === self.tenant).map(({ id }) => id),
        );
      }
    }),
    { numRuns: 60 },
  );
});

const mesh = routeEntry({ name: 'mesh', via: 'mesh' });
const pool = (count: number, state: InstanceEntry['state'] = 'ready') =>
  Array.from({ length: count }, (_, at) =>
    instance({ id: `p${at}`, url: `http://p${at}.test`, protocol: 'airspace', node: `node-p${at}`, state }),
  );
const sidecar = (agent: string, at = 0) => node({ id: `node-${agent}${at}`, agent });

test('who cannot call anybody directly gets no instance, and the same content is one object for all who get it', () => {
  const roster: Roster = { seq: 1, nodes: [sidecar('x'), sidecar('y')], instances: pool(3) };
  const far = rosterViews(snapshot());
  assert.deepEqual(far(roster.nodes[0]!, roster).instances, []);
  const near = rosterViews(snapshot({ routes: [mesh] }));
  assert.equal(near(roster.nodes[0]!, roster).instances.length, 3);
  assert.equal(near(roster.nodes[0]!, roster), near(roster.nodes[1]!, roster));
});

test('of a large pool each caller gets a subset of its own, and who falls silent is replaced', () => {
  const callers = Array.from({ length: 40 }, (_, at) => sidecar('caller', at));
  const viewOf = rosterViews(snapshot({ routes: [mesh] }));
  const all = pool(80);
  const roster: Roster = { seq: 1, nodes: callers, instances: all };
  const first = viewOf(callers[0]!, roster);
  assert.equal(first.view?.for, callers[0]!.id);
  assert.ok(first.instances.length >= SUBSET_SIZE && first.instances.length < 40);
  assert.equal(new Set(callers.flatMap((one) => viewOf(one, roster).instances.map(({ id }) => id))).size, 80);
  const lost = first.instances[0]!.id;
  const later = viewOf(callers[0]!, {
    ...roster,
    instances: all.map((one) => (one.id === lost ? { ...one, state: 'silent' as const } : one)),
  });
  assert.ok(later.instances.every(({ state }) => state === 'ready'));
  const added = later.instances.filter(({ id }) => !first.instances.some((one) => one.id === id));
  assert.ok(added.length >= 1 && added.length <= 2);
});

test('when most of a pool is silent, nobody is left out for that', () => {
  const roster: Roster = { seq: 1, nodes: [sidecar('caller')], instances: [...pool(60, 'silent'), ...pool(10)] };
  const { instances } = rosterViews(snapshot({ routes: [mesh] }))(roster.nodes[0]!, roster);
  assert.ok(instances.filter(({ state }) => state === 'silent').length >= 10);
});

test('between new routes and their roster a call goes through the hub, and to nobody when the roster is the right one', () => {
  const roster: Roster = {
    seq: 1,
    nodes: [sidecar('x')],
    instances: pool(1).map((one) => ({ ...one, node: 'node-x0' })),
  };
  const before = snapshot();
  const after = snapshot({ routes: [mesh] });
  const view = { seq: 1, ...rosterViews(before)(roster.nodes[0]!, roster) };
  const wanted = { target: target(), via: 'mesh' } as const;
  assert.deepEqual(
    sidecarOutCandidates(sightOf(after, view), HUB)(wanted).map(({ node: to }) => to),
    ['hub'],
  );
  const right = { seq: 2, ...rosterViews(after)(roster.nodes[0]!, { ...roster, instances: [] }) };
  assert.deepEqual(sidecarOutCandidates(sightOf(after, right), HUB)(wanted), []);
});
