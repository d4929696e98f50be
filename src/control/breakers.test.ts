/** What a hub believes of breakers that nodes tell: whose they are, of what, for how long, and how much of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreakerReport, Heartbeat, NodeEntry } from '../contract/index.ts';
import { breakersTold } from './breakers.ts';
import { faultOf } from './fixture.ts';
import { DOMAIN, HubBench, snapshot } from './linkfixture.ts';

const report = (target: string, more: Partial<BreakerReport> = {}): BreakerReport => ({
  ...{ target, domain: 'sales', endpoint: `${target.replace('/', '-')}@127.0.0.1:1`, state: 'open' },
  changes: [{ atMs: 5, from: 'closed', to: 'open' }],
  ...more,
});
const beat = (...breakers: readonly BreakerReport[]): Heartbeat => ({
  ...{ snapshotSeq: 0, rosterSeq: 0, killsSeq: 0, instances: [] },
  ...(breakers.length === 0 ? {} : { breakers }),
});

const started = async () => {
  const bench = new HubBench();
  bench.keeper.start([]);
  bench.publish(snapshot(1));
  await bench.pass(0);
  const told = async (node: NodeEntry, ...breakers: readonly BreakerReport[]) => {
    await bench.hub.heartbeat(node, beat(...breakers));
    return seen();
  };
  const seen = () => bench.hub.breakers('default').map(({ node, target, domain }) => `${node} ${target} ${domain}`);
  return { bench, told, seen };
};

test('a sidecar tells of its own breakers, of any target that it may call, and of which domain that is it does not say', async () => {
  const { bench, told } = await started();
  const { node } = await bench.join();
  assert.deepEqual(await told(node, report('agent/banker', { domain: 'sales', node: 'somebody-else' })), [
    `${node.id} agent/banker finance`,
  ]);
  assert.deepEqual(
    await told(node, report('agent/nobody', { domain: 'sales' })),
    [],
    'what nobody declared is nothing',
  );
  assert.deepEqual(bench.hub.breakers('acme'), [], 'each tenant sees its own');
});

test('the hub of a domain tells of nodes below it by a path, and of private targets in its domain and below', async () => {
  const { bench, told } = await started();
  const { node } = await bench.join(DOMAIN);
  const told1 = await told(
    node,
    report('agent/seller'),
    report('agent/closer', { node: 'domain-eu/sidecar-closer' }),
    report('tool/private', { domain: 'sales-eu' }),
    report('tool/foreign', { domain: 'finance' }),
    report('agent/banker', { domain: 'sales' }),
  );
  assert.deepEqual(told1, [
    `${node.id} agent/seller sales`,
    `${node.id}/domain-eu/sidecar-closer agent/closer sales-eu`,
    `${node.id} tool/private sales-eu`,
    `${node.id} agent/banker finance`,
  ]);
});

test('what a silent node said is stale, is left out after ten minutes, and is gone with what it no longer says', async () => {
  const { bench, told, seen } = await started();
  const { node } = await bench.join();
  await told(node, report('agent/seller'));
  const stale = () => bench.hub.breakers('default').map(({ isStale }) => isStale === true);
  assert.deepEqual(stale(), [false]);
  await bench.pass(10_000);
  assert.deepEqual(stale(), [true]);
  await bench.pass(10 * 60_000);
  assert.deepEqual(stale(), []);
  assert.equal((await told(node, report('agent/seller'))).length, 1);
  assert.deepEqual(await told(node), []);
  await told(node, report('agent/seller'));
  await bench.hub.leave(node);
  assert.deepEqual(seen(), []);
});

test('a hub that has a parent hears of each change, and of nothing else', async () => {
  const { bench } = await started();
  let changes = 0;
  const hub = bench.hubWith({ breakersChanged: () => void changes++ });
  hub.use(snapshot(2));
  const { node } = await bench.join();
  for (const one of [beat(), beat(report('agent/seller')), beat(report('agent/seller')), beat()])
    await hub.heartbeat(node, one);
  assert.equal(changes, 2);
});

test('a node that another hub over the same store hears is known with its breakers, and to follow that one', async () => {
  const { bench, told, seen } = await started();
  const { node } = await bench.join();
  await told(node, report('agent/seller'));
  const reports = bench.hub.reports();
  assert.equal(bench.hub.followsOther(node.id), undefined);
  await bench.pass(11 * 60_000);
  assert.deepEqual([bench.hub.followsOther(node.id), seen()], [undefined, []], 'nobody hears it');
  bench.hub.hearPeer('hub/second', reports);
  assert.deepEqual([bench.hub.followsOther(node.id), seen().length], ['hub/second', 1]);
});

const held = { mode: 'open', reason: 'it lies', by: 'user/ada', atMs: 1, untilMs: 2 } as const;
const WRONG: Readonly<Record<string, object>> = {
  'a target without a kind': { target: 'seller' },
  'a target of an unknown kind': { target: 'robot/seller' },
  'a target with markup': { target: 'agent/<b>' },
  'a domain that is no name': { domain: 'a b' },
  'a long endpoint': { endpoint: 'x'.repeat(256) },
  'no endpoint': { endpoint: '' },
  'an unknown state': { state: 'ajar' },
  'too many changes': { changes: Array.from({ length: 6 }, () => ({ atMs: 1, from: 'open', to: 'closed' })) },
  'a change without a time': { changes: [{ atMs: -1, from: 'open', to: 'closed' }] },
  'a long reason': { held: { ...held, reason: 'x'.repeat(501) } },
  'a hold that is none': { held: { ...held, mode: 'reset' } },
  'a long path': { node: 'x'.repeat(256) },
  'what nobody knows': { more: 1 },
};
for (const [what, wrong] of Object.entries(WRONG))
  test(`a heartbeat is refused for ${what} in a breaker`, async () => {
    const { bench } = await started();
    const { node } = await bench.join();
    const fault = await faultOf(
      bench.hub.heartbeat(node, { ...beat(), breakers: [{ ...report('agent/seller'), ...wrong }] }),
    );
    assert.equal(fault.code, 'bad_request');
    assert.match(fault.message, /breakers\.0/);
  });

test('what a node has to tell is cut to what its hub takes, the most urgent first', async () => {
  const { bench, told } = await started();
  const { node } = await bench.join();
  const changes = Array.from({ length: 20 }, (_, at) => ({ atMs: 100 - at, from: 'open', to: 'closed' }));
  const many = Array.from({ length: 60 }, (_, at) =>
    report('agent/seller', { state: 'closed', changes, endpoint: `e${at}` }),
  );
  const cut = breakersTold([
    ...many,
    report('agent/seller', { endpoint: 'stale', isStale: true }),
    report('agent/seller', { endpoint: 'held', state: 'closed', changes: [], held: { ...held, atMs: 3 } }),
    report('agent/seller', { endpoint: 'x'.repeat(300) }),
  ]);
  assert.deepEqual([cut.length, cut[0]?.endpoint, cut[1]?.endpoint], [50, 'x'.repeat(255), 'held']);
  assert.ok(cut.every((one) => one.changes.length <= 5 && one.endpoint !== 'stale'));
  assert.equal((await told(node, ...cut)).length, 50);
});
