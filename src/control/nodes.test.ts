import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CallEvent,
  Fault,
  type Heartbeat,
  type InstanceEntry,
  type NodeEntry,
  type Principal,
} from '../contract/index.ts';
import { AssertionSigner, controlKeyIdOf, newNodeKey, nodePrincipal } from '../identity/index.ts';
import { Canceller } from '../kernel/index.ts';
import { faultOf } from './fixture.ts';
import { DOMAIN, event, HubBench, SIDECAR, snapshot } from './linkfixture.ts';
import type { NodeReport } from './nodeview.ts';

const beat = (more: Partial<Heartbeat> = {}): Heartbeat => ({
  snapshotSeq: 0,
  rosterSeq: 0,
  killsSeq: 0,
  instances: [],
  ...more,
});
const report = (name: string, more: object = {}) =>
  ({
    id: '9000',
    kind: 'agent',
    name,
    version: '1',
    labels: {},
    state: 'ready',
    ...more,
  }) as Heartbeat['instances'][number];
const agent = (id: string): Principal => ({ kind: 'agent', tenant: 'default', id, roles: [] });
const started = async (): Promise<HubBench> => {
  const bench = new HubBench();
  bench.keeper.start([]);
  bench.publish(snapshot(1));
  await bench.pass(0);
  return bench;
};

test('a token makes one node of the granted kind, and the reply names the key that the token pinned', async () => {
  const bench = await started();
  const { token } = await bench.hub.issueJoinToken(SIDECAR);
  const key = newNodeKey();
  const request = {
    token,
    publicKey: key.publicKey,
    url: 'http://127.0.0.1:7801',
    proof: key.sign(`join\n${token}`).toString('base64'),
  };
  const reply = await bench.hub.join(request);
  assert.match(reply.node.id, /^sidecar-seller-[0-9a-f]{4}$/);
  assert.deepEqual(
    { ...reply.node, id: '' },
    { ...SIDECAR, id: '', publicKey: key.publicKey, url: 'http://127.0.0.1:7801' },
  );
  assert.equal(controlKeyIdOf(token), bench.publisher.keyId);
  assert.equal(reply.controlKey, bench.publisher.publicKey);
  assert.equal((await faultOf(bench.hub.join(request))).code, 'unauthenticated');
  await bench.pass(100);
  assert.deepEqual(bench.rosters.at(-1)!.nodes, [reply.node]);
  assert.deepEqual(await bench.stores.nodes.list(), [reply.node]);
});

test('what is visibly wrong does not cost the token', async () => {
  const bench = await started();
  const { token } = await bench.hub.issueJoinToken(SIDECAR);
  const key = newNodeKey();
  const good = {
    token,
    publicKey: key.publicKey,
    url: 'http://127.0.0.1:7801',
    proof: key.sign(`join\n${token}`).toString('base64'),
  };
  assert.equal((await faultOf(bench.hub.join({ ...good, url: 'file:///x' }))).code, 'bad_request');
  assert.equal((await faultOf(bench.hub.join({ ...good, publicKey: 'bm8=' }))).code, 'bad_request');
  assert.equal((await faultOf(bench.hub.join({ ...good, more: 1 }))).code, 'bad_request');
  assert.equal(
    (await faultOf(bench.hub.join({ ...good, proof: newNodeKey().sign(`join\n${token}`).toString('base64') }))).code,
    'unauthenticated',
  );
  await bench.hub.join(good);
});

test('a node that joins again with its key keeps its id; a key that has another place is refused', async () => {
  const bench = await started();
  const { node, key } = await bench.join();
  assert.equal((await bench.join(SIDECAR, key)).node.id, node.id);
  assert.equal((await faultOf(bench.join(DOMAIN, key))).code, 'conflict');
});

test('nodes that join at the same moment get ids of their own', async () => {
  const bench = await started();
  const joined = await Promise.all(Array.from({ length: 50 }, () => bench.join()));
  assert.equal(new Set(joined.map(({ node }) => node.id)).size, 50);
  assert.equal((await bench.stores.nodes.list()).length, 50);
});

test('join tokens are for sidecars and domain hubs only', async () => {
  const bench = await started();
  for (const grant of [{ ...SIDECAR, role: 'hub' }, { ...DOMAIN, domain: '' }, { ...SIDECAR, agent: '../x' }, null]) {
    assert.equal((await faultOf(bench.hub.issueJoinToken(grant))).code, 'bad_request');
  }
});

test('a token is for an agent and a domain that are declared, and its node belongs where the agent does', async () => {
  const bench = await started();
  const refused = async (grant: object): Promise<string> => (await faultOf(bench.hub.issueJoinToken(grant))).message;
  assert.match(await refused({ ...SIDECAR, agent: 'seler' }), /there is no agent `seler`, did you mean `seller`\?/);
  assert.match(await refused({ ...DOMAIN, domain: 'salse' }), /there is no domain `salse`, did you mean `sales`\?/);
  assert.match(await refused({ ...SIDECAR, tenant: 'other' }), /there is no (domain|agent)/);
  assert.match(await refused({ ...DOMAIN, domain: 'entirely-different' }), /apply it first/);
  const { node } = await bench.join({ ...SIDECAR, domain: '' });
  assert.equal(node.domain, SIDECAR.domain);
});

test('a node proves itself with an assertion to this hub, and nobody else does', async () => {
  const bench = await started();
  const { node, key } = await bench.join();
  const signer = new AssertionSigner(node.id, key, bench.world.clock);
  assert.deepEqual(bench.hub.authenticate(signer.assert(nodePrincipal(node), 'hub')), node);
  const refused = (token: string): void =>
    assert.throws(() => bench.hub.authenticate(token), { code: 'unauthenticated' });
  refused(signer.assert(nodePrincipal(node), 'other-hub'));
  refused(signer.assert({ kind: 'agent', tenant: 'default', id: 'seller', domain: 'sales', roles: [] }, 'hub'));
  refused('x.y');
  await bench.hub.remove(null, node.id);
  refused(signer.assert(nodePrincipal(node), 'hub'));
});

test('a sidecar stands in front of its own agent only, at its own address', async () => {
  const bench = await started();
  const { node } = await bench.join();
  const reply = await bench.hub.heartbeat(
    node,
    beat({ instances: [report('seller'), report('closer'), report('seller', { kind: 'tool' })] }),
  );
  assert.deepEqual(reply.ignored, ['agent/closer', 'tool/seller']);
  assert.deepEqual(bench.hub.find({ tenant: 'default' }), [
    {
      id: `seller@${node.id}:9000`,
      tenant: 'default',
      kind: 'agent',
      name: 'seller',
      url: node.url,
      protocol: 'airspace',
      node: node.id,
      version: '1',
      labels: {},
      state: 'ready',
    },
  ]);
});

test('a node that was started again shows it in the roster', async () => {
  const bench = await started();
  const { node } = await bench.join();
  const epochs: (string | undefined)[] = [];
  for (const epoch of ['a', 'a', 'b']) {
    await bench.hub.heartbeat(node, beat({ instances: [report('seller')], epoch: epoch.repeat(32) }));
    await bench.pass(100);
    epochs.push(bench.rosters.at(-1)?.instances[0]?.epoch);
  }
  assert.deepEqual(epochs, ['a'.repeat(32), 'a'.repeat(32), 'b'.repeat(32)]);
});

test('a domain hub stands in front of what was declared in its domain and below', async () => {
  const bench = await started();
  const { node } = await bench.join(DOMAIN);
  const instances = [
    report('seller'),
    report('closer'),
    report('crm', { kind: 'tool' }),
    report('banker'),
    report('unknown'),
  ];
  const reply = await bench.hub.heartbeat(node, beat({ instances }));
  assert.deepEqual(reply.ignored, ['agent/banker', 'agent/unknown']);
});

test('a node that moved says where it is, and everybody learns it', async () => {
  const bench = await started();
  const { node } = await bench.join();
  await bench.hub.heartbeat(node, beat({ url: 'http://127.0.0.1:9999', instances: [report('seller')] }));
  await bench.pass(100);
  assert.equal(bench.rosters.at(-1)!.nodes[0]!.url, 'http://127.0.0.1:9999');
  assert.equal(bench.rosters.at(-1)!.instances[0]!.url, 'http://127.0.0.1:9999');
  assert.equal((await bench.stores.nodes.list())[0]!.url, 'http://127.0.0.1:9999');
});

const wrongBeats: readonly unknown[] = [
  null,
  {},
  beat({ snapshotSeq: -1 }),
  { ...beat(), more: 1 },
  beat({ instances: [report('seller', { url: 'http://169.254.169.254' })] }),
  beat({ instances: [report('seller', { state: 'silent' })] }),
  beat({ instances: [report('seller', { id: '../../x' })] }),
  beat({ instances: [report('seller', { labels: { 'A B': 'x' } })] }),
  beat({ url: 'http://user:secret@h/' }),
];
test('a heartbeat that is none is refused and changes nothing', async () => {
  const bench = await started();
  const { node } = await bench.join();
  for (const wrong of wrongBeats) assert.equal((await faultOf(bench.hub.heartbeat(node, wrong))).code, 'bad_request');
  assert.equal(bench.hub.list(null)[0]!.state, 'joined');
});

test('operators see what each node runs and refused, of their own tenant', async () => {
  const bench = await started();
  const { node } = await bench.join();
  const refused = { kind: 'snapshot', seq: 2, reason: 'policy too new' } as const;
  await bench.hub.heartbeat(
    node,
    beat({ snapshotSeq: 1, rosterSeq: 1, killsSeq: 2, refused, capabilities: ['seller/ask'], lostEvents: 3 }),
  );
  const [view] = bench.hub.list('default');
  assert.deepEqual(view, {
    node,
    state: 'alive',
    heardAtMs: bench.world.clock.wallMs(),
    snapshotSeq: 1,
    rosterSeq: 1,
    killsSeq: 2,
    killsAtMs: bench.world.clock.wallMs(),
    refused: 'snapshot 2: policy too new',
    capabilities: ['seller/ask'],
    lostEvents: 3,
    certificate: null,
    exports: null,
    sumsRefused: null,
  });
  assert.deepEqual(bench.hub.list('acme'), []);
  await bench.pass(10_000);
  assert.equal(bench.hub.list(null)[0]!.state, 'silent');
  await bench.pass(11 * 60_000);
  assert.equal(bench.hub.list(null)[0]!.state, 'silent', 'its instances are forgotten, and it is not');
  assert.deepEqual(bench.keeper.instances(), []);
  assert.deepEqual(bench.hub.reports(), []);
});

test('a hub tells others only of nodes that it hears itself: what one said before it went elsewhere is old', async () => {
  const bench = await started();
  const { node } = await bench.join();
  await bench.hub.heartbeat(node, beat({ killsSeq: 1, instances: [report('seller')] }));
  const told = bench.hub.reports();
  assert.deepEqual(
    told.map(({ killsSeq }) => killsSeq),
    [1],
  );
  const instances = bench.keeper.own();
  await bench.pass(10_000);
  const hear = (there: readonly InstanceEntry[], nodes: readonly NodeReport[]): void => {
    bench.keeper.hearPeer('other', there);
    bench.hub.hearPeer('other', nodes);
  };
  hear(instances, told);
  assert.deepEqual(bench.hub.reports(), []);
  assert.equal(bench.hub.list(null)[0]!.state, 'alive');
  hear([], []);
  assert.equal(bench.hub.list(null)[0]!.state, 'silent', 'the other hub is gone, and here it was not heard since');
});

test('a removed node is told nothing more and is gone from the roster', async () => {
  const bench = await started();
  const { node } = await bench.join();
  const reader = bench.hub
    .documents(node, { snapshotSeq: 0, rosterSeq: 99, killsSeq: 0 }, new Canceller())
    [Symbol.asyncIterator]();
  assert.equal((await reader.next()).value.kind, 'snapshot');
  assert.equal((await faultOf(bench.hub.remove('acme', node.id))).code, 'not_found');
  await bench.hub.remove('default', node.id);
  const waiting = assert.rejects(reader.next(), { code: 'unauthenticated' });
  bench.publish(snapshot(2));
  await waiting;
  assert.equal((await faultOf(bench.hub.heartbeat(node, beat()))).code, 'unauthenticated');
  assert.equal((await faultOf(bench.hub.remove(null, node.id))).code, 'not_found');
  assert.deepEqual(await bench.stores.nodes.list(), []);
});

const stored = async (bench: HubBench): Promise<readonly CallEvent[]> => bench.stores.traces.recent({ limit: 1000 });
const EPOCH = 'e'.repeat(32);

test('a batch of events is stored once, however often and however simultaneously it comes', async () => {
  const bench = await started();
  const { node } = await bench.join();
  const batch = { epoch: EPOCH, from: 1, events: [event(1), event(2)] };
  const answers = await Promise.all([1, 2, 3].map(() => bench.hub.events(node, batch)));
  assert.deepEqual(answers, [{ stored: true }, { stored: false }, { stored: false }]);
  assert.deepEqual(await bench.hub.events(node, { ...batch, from: 3, events: [event(3)] }), { stored: true });
  assert.deepEqual(await bench.hub.events(node, { epoch: 'f'.repeat(32), from: 1, events: [event(4)] }), {
    stored: true,
  });
  assert.equal((await stored(bench)).length, 4);
});

test('a batch that could not be stored is stored when it comes again', async () => {
  const bench = await started();
  const { node } = await bench.join();
  const { take } = bench.stores.traces;
  bench.stores.traces.take = async () => {
    throw new Fault('storage', 'disk full');
  };
  const batch = { epoch: EPOCH, from: 1, events: [event(1)] };
  assert.equal((await faultOf(bench.hub.events(node, batch))).code, 'storage');
  bench.stores.traces.take = take.bind(bench.stores.traces);
  assert.deepEqual(await bench.hub.events(node, batch), { stored: true });
});

test('a node reports calls of its own tenant, under its own name', async () => {
  const bench = await started();
  const { node } = await bench.join();
  await bench.hub.events(node, {
    epoch: EPOCH,
    from: 1,
    events: [event(1, { node: 'hub' }), event(2, { tenant: 'acme' })],
  });
  assert.deepEqual(
    (await stored(bench)).map((one) => [one.span, one.node, one.tenant]),
    [[event(1).span, node.id, 'default']],
  );
  for (const wrong of [event(1, { span: 'x' }), { ...event(1), more: 1 }, event(1, { durationMs: Number.NaN })]) {
    assert.equal(
      (await faultOf(bench.hub.events(node, { epoch: EPOCH, from: 2, events: [wrong] }))).code,
      'bad_request',
    );
  }
});

test('an agent announces itself and nobody else, and its ids begin with its name', async () => {
  const bench = await started();
  const url = 'http://127.0.0.1:9000';
  await bench.hub.announce(agent('seller'), { id: 'seller@127.0.0.1:9000', url });
  await bench.hub.announce(agent('closer'), { id: 'seller@127.0.0.1:9000', url, kind: 'agent', name: 'closer' });
  const ids = bench.hub.find({ tenant: 'default' }).map(({ id, name, protocol }) => [id, name, protocol]);
  assert.deepEqual(ids, [
    ['closer@seller@127.0.0.1:9000', 'closer', 'direct'],
    ['seller@127.0.0.1:9000', 'seller', 'direct'],
  ]);
  for (const lie of [{ name: 'closer' }, { kind: 'tool' }]) {
    assert.equal((await faultOf(bench.hub.announce(agent('seller'), { id: 'x', url, ...lie }))).code, 'denied');
  }
  assert.equal(
    (await faultOf(bench.hub.announce({ ...agent('seller'), kind: 'user' }, { id: 'x', url }))).code,
    'denied',
  );
  await bench.hub.withdraw(agent('closer'), 'seller@127.0.0.1:9000');
  assert.deepEqual(
    bench.hub.find({ tenant: 'default' }).map(({ name }) => name),
    ['seller'],
  );
});

test('one agent cannot fill the roster', async () => {
  const bench = await started();
  const url = 'http://127.0.0.1:9000';
  for (let at = 0; at < 1000; at++) await bench.hub.announce(agent('seller'), { id: `i${at}`, url });
  assert.equal((await faultOf(bench.hub.announce(agent('seller'), { id: 'one-more', url }))).code, 'rate_limited');
  await bench.hub.announce(agent('seller'), { id: 'i5', url, state: 'draining' });
  await bench.hub.announce(agent('closer'), { id: 'i5', url });
});

test('discovery finds by kind, name, operation, labels and domain, in one tenant', async () => {
  const bench = await started();
  const { node } = await bench.join(DOMAIN);
  const instances = [report('seller', { labels: { tier: 'gold' } }), report('closer'), report('crm', { kind: 'tool' })];
  await bench.hub.heartbeat(node, beat({ instances }));
  await bench.hub.announce(agent('banker'), { id: 'b', url: 'http://127.0.0.1:9001' });
  const names = (query: object): string[] =>
    bench.hub
      .find({ tenant: 'default', ...query })
      .map(({ name }) => name)
      .sort();
  assert.deepEqual(names({}), ['banker', 'closer', 'crm', 'seller']);
  assert.deepEqual(names({ kind: 'tool' }), ['crm']);
  assert.deepEqual(names({ name: 'closer' }), ['closer']);
  assert.deepEqual(names({ labels: { tier: 'gold' } }), ['seller']);
  assert.deepEqual(names({ domain: 'sales' }), ['closer', 'crm', 'seller']);
  assert.deepEqual(names({ domain: 'sales-eu' }), ['closer']);
  assert.deepEqual(names({ operation: 'ask', domain: 'finance' }), ['banker']);
  assert.deepEqual(names({ operation: 'pay' }), []);
  assert.deepEqual(names({ tenant: 'acme' }), []);
});

test('a node that leaves in order takes its instances along at once', async () => {
  const bench = await started();
  const { node } = await bench.join();
  await bench.hub.heartbeat(node, beat({ instances: [report('seller')] }));
  await bench.hub.leave(node as NodeEntry);
  assert.deepEqual(bench.hub.find({ tenant: 'default' }), []);
  assert.equal(bench.hub.list(null)[0]!.state, 'joined');
});

test('members that another hub admitted, moved or removed are known once they are followed', async () => {
  const bench = await started();
  const { token } = await bench.hub.issueJoinToken(SIDECAR);
  const key = newNodeKey();
  const { node } = await bench.hub.join({
    token,
    publicKey: key.publicKey,
    url: 'http://127.0.0.1:7801',
    proof: key.sign(`join\n${token}`).toString('base64'),
  });
  const elsewhere: NodeEntry = { ...node, id: 'sidecar-seller-else', publicKey: newNodeKey().publicKey };
  await bench.stores.nodes.put(elsewhere);
  await bench.hub.follow();
  assert.deepEqual(bench.keeper.node(elsewhere.id), elsewhere);
  await bench.stores.nodes.put({ ...elsewhere, url: 'http://127.0.0.1:7802' });
  await bench.stores.nodes.remove(node.id);
  await bench.hub.follow();
  assert.equal(bench.keeper.node(elsewhere.id)?.url, 'http://127.0.0.1:7802');
  assert.equal(bench.keeper.node(node.id), undefined);
});

test('a node that comes with more than there is here is noticed, and one that has less is not', async () => {
  const bench = await started();
  const { token } = await bench.hub.issueJoinToken(SIDECAR);
  const key = newNodeKey();
  const { node } = await bench.hub.join({
    token,
    publicKey: key.publicKey,
    url: 'http://127.0.0.1:7801',
    proof: key.sign(`join\n${token}`).toString('base64'),
  });
  const signal = new Canceller();
  bench.hub.documents(node, { snapshotSeq: 1, rosterSeq: 0, killsSeq: 0 }, signal);
  assert.deepEqual(bench.ahead, []);
  bench.hub.documents(node, { snapshotSeq: 2, rosterSeq: 0, killsSeq: 9 }, signal);
  assert.deepEqual(bench.ahead, ['kills', 'snapshot']);
});
