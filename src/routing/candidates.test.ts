/** What each place sees, and that no announcement counts that its node may not make. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceEntry, NodeEntry } from '../contract/index.ts';
import {
  besideOwn,
  domainCandidates,
  endpointId,
  hubCandidates,
  sidecarInCandidates,
  sidecarOutCandidates,
  sightOf,
} from './candidates.ts';
import { instance, node, target } from './scene.ts';

const domains = [
  { tenant: 'acme', name: 'travel', parent: '', delegated: true },
  { tenant: 'acme', name: 'flights', parent: 'travel', delegated: false },
  { tenant: 'acme', name: 'crew', parent: 'travel', delegated: true },
  { tenant: 'acme', name: 'office', parent: '', delegated: false },
];

const nodes: readonly NodeEntry[] = [
  node({ id: 'side-booking', role: 'sidecar', agent: 'booking', url: 'http://10.0.0.1:7000' }),
  node({ id: 'side-other', role: 'sidecar', agent: 'pricing' }),
  node({ id: 'side-tool', role: 'sidecar', tool: 'booking' }),
  node({ id: 'hub-travel', role: 'domain', domain: 'travel', url: 'http://10.0.0.2:7000' }),
  node({ id: 'hub-crew', role: 'domain', domain: 'crew', url: 'http://10.0.0.3:7000' }),
  node({ id: 'hub-rival', role: 'domain', domain: 'travel', tenant: 'rival' }),
];

const direct = instance({ id: 'd', url: 'http://10.1.0.1:9000' });
const behindSidecar = instance({ id: 's', url: 'http://10.0.0.1:7000', protocol: 'airspace', node: 'side-booking' });
const behindOther = instance({ id: 'o', url: 'http://10.0.0.9:7000', protocol: 'airspace', node: 'side-other' });
const atTravel = instance({ id: 't', url: 'http://10.0.0.2:7000', protocol: 'airspace', node: 'hub-travel' });
const atCrew = instance({ id: 'c', url: 'http://10.0.0.3:7000', protocol: 'airspace', node: 'hub-crew' });
const atRival = instance({ id: 'r', url: 'http://10.0.0.4:7000', protocol: 'airspace', node: 'hub-rival' });
const everything = [direct, behindSidecar, behindOther, atTravel, atCrew, atRival];

const fixed = { url: 'http://10.2.0.1:8000', version: '7', weight: 30, labels: { zone: 'a' } };
const seen = (instances: readonly InstanceEntry[] = everything) =>
  sightOf({ domains, targets: [], routes: [] }, { nodes, instances });
const ids = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);

const parent = { id: 'root', url: 'http://10.9.0.1:7000' };
const wanted = (domain: string, via: 'hub' | 'mesh' = 'hub') => ({
  target: target({ domain, endpoints: [fixed] }),
  via,
});

test('a root hub reaches its own targets directly and through their sidecars, whoever else offers himself', () => {
  for (const domain of ['', 'office']) {
    const found = hubCandidates(seen())(wanted(domain));
    assert.deepEqual(ids(found).sort(), ['booking@10.0.0.1:7000', 'booking@10.1.0.1:9000', 'booking@10.2.0.1:8000']);
  }
});

test('a root hub reaches a delegated domain only through its hubs, and not through those below', () => {
  for (const domain of ['travel', 'flights', 'crew']) {
    const found = hubCandidates(seen())(wanted(domain));
    assert.deepEqual(ids(found), ['booking@10.0.0.2:7000']);
    assert.equal(found[0]?.protocol, 'airspace');
    assert.equal(found[0]?.node, 'hub-travel');
  }
});

test('a domain hub serves its own domain, hands on what it delegated, and sends the rest to its parent', () => {
  const of = domainCandidates(seen(), { tenant: 'acme', domain: 'travel' }, parent);
  assert.deepEqual(ids(of(wanted('travel'))).sort(), [
    'booking@10.0.0.1:7000',
    'booking@10.1.0.1:9000',
    'booking@10.2.0.1:8000',
  ]);
  assert.equal(of(wanted('flights')).length, 3);
  assert.deepEqual(ids(of(wanted('crew'))), ['booking@10.0.0.3:7000']);
  for (const domain of ['', 'office']) assert.deepEqual(ids(of(wanted(domain))), ['booking@10.9.0.1:7000']);
  assert.equal(of({ ...wanted('travel'), target: target({ tenant: 'rival', domain: 'travel' }) })[0]?.node, 'root');
});

test('a sidecar goes straight to other sidecars of the target, or to the hub', () => {
  const of = sidecarOutCandidates(seen(), parent);
  assert.deepEqual(ids(of(wanted('', 'mesh'))), ['booking@10.0.0.1:7000']);
  assert.deepEqual(ids(of(wanted('', 'hub'))), ['booking@10.9.0.1:7000']);
});

test('a sidecar does not go to itself: its own agent is called directly, and the other ones as before', () => {
  const of = sidecarOutCandidates(seen(), parent);
  const [beside] = of(wanted('', 'mesh'));
  const own = besideOwn({ node: beside!.node, url: 'http://127.0.0.1:9000' }, of)(wanted('', 'mesh'));
  assert.deepEqual(
    own.map(({ id, url, protocol, node }) => [id, url, protocol, node]),
    [['booking@10.0.0.1:7000', 'http://127.0.0.1:9000', 'direct', '']],
  );
  assert.deepEqual(
    besideOwn({ node: 'another', url: 'http://127.0.0.1:9000' }, of)(wanted('', 'mesh')),
    of(wanted('', 'mesh')),
  );
});

test('a sidecar lets calls in to its own agent only', () => {
  const of = sidecarInCandidates({ tenant: 'acme', agent: 'booking', url: 'http://127.0.0.1:9000', version: '3' });
  assert.deepEqual(ids(of(wanted(''))), ['booking@127.0.0.1:9000']);
  for (const foreign of [target({ name: 'pricing' }), target({ tenant: 'rival' }), target({ kind: 'tool' })]) {
    assert.deepEqual(of({ target: foreign, via: 'hub' }), []);
  }
});

test('the sidecar of a tool answers for the tool, and not for an agent of the same name', () => {
  const of = sidecarInCandidates({ tenant: 'acme', agent: '', tool: 'booking', url: 'stdio://booking', version: '3' });
  assert.deepEqual(ids(of({ target: target({ kind: 'tool' }), via: 'hub' })), ['booking@booking']);
  assert.deepEqual(of(wanted('')), []);
  assert.deepEqual(of({ target: target({ kind: 'tool', name: '' }), via: 'hub' }), []);
  const place = { protocol: 'airspace', node: 'side-tool', url: 'http://10.0.0.8:7000' } as const;
  const announced = seen([instance({ ...place, kind: 'tool' }), instance(place)]);
  const tool = { target: target({ kind: 'tool' }), via: 'hub' } as const;
  assert.deepEqual(ids(hubCandidates(announced)(tool)), ['booking@10.0.0.8:7000']);
  assert.deepEqual(ids(hubCandidates(announced)(wanted(''))), ['booking@10.2.0.1:8000']);
});

test('one address is one candidate: the weight of the file, the state and version of the heartbeat', () => {
  const beat = instance({ url: fixed.url, version: '8', state: 'draining' });
  const left = instance({ url: fixed.url, version: '6', state: 'silent' });
  const [found, ...more] = hubCandidates(seen([beat, left]))(wanted(''));
  assert.equal(more.length, 0);
  assert.deepEqual([found?.weight, found?.version, found?.state, found?.labels], [30, '8', 'draining', { zone: 'a' }]);
  const ready = instance({ url: fixed.url, version: '9' });
  for (const rows of [
    [left, ready],
    [ready, left],
  ]) {
    assert.equal(hubCandidates(seen(rows))(wanted(''))[0]?.version, '9');
  }
});

test('an instance with a useless address spoils nothing', () => {
  const bad = ['', 'nonsense', 'file:///etc/passwd', 'http://'].map((url) => instance({ url }));
  assert.deepEqual(ids(hubCandidates(seen([...bad, direct]))(wanted(''))), [
    'booking@10.2.0.1:8000',
    'booking@10.1.0.1:9000',
  ]);
});

test('an endpoint id keeps the path, so that two agents may share a server', () => {
  assert.equal(endpointId('a', 'http://h:80/x'), 'a@h/x');
  assert.equal(endpointId('a', 'http://h:8080/'), 'a@h:8080');
});

test('parents that go in a circle end', () => {
  const circle = [
    { tenant: 'acme', name: 'x', parent: 'y', delegated: false },
    { tenant: 'acme', name: 'y', parent: 'x', delegated: false },
  ];
  const sight = sightOf({ domains: circle, targets: [], routes: [] }, { nodes, instances: [direct] });
  assert.equal(hubCandidates(sight)({ target: target({ domain: 'x' }), via: 'hub' }).length, 1);
});
