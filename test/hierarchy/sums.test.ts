/** Sums per minute over three levels of hubs: every call is counted once, whatever is cut or killed on the way, and nobody speaks for others. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type DomainSums, HEADERS, MINUTE_MS, NO_COUNTS, type NodeView } from '../../src/contract/index.ts';
import { HttpHubWire } from '../../src/control/index.ts';
import type { HubRefusal } from '../../src/doors/admin/index.ts';
import { AssertionSigner, nodePrincipal, openNodeKey } from '../../src/identity/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';
import { agent, bundle, call, keyOf, mintKey, OPEN, refusalOf, resource, Scene, until } from './scene.ts';
import { type Serving, serve } from './serving.ts';
import { wireTo } from './wire.ts';

const scene = new Scene();
after(() => scene[Symbol.asyncDispose]());

type Asked = Pick<Serving, 'ask'>;

const sumsAt = async (hub: Asked, domain: string): Promise<DomainSums | undefined> => {
  const { items } = (await hub.ask('/v1/sums')) as unknown as { items: readonly DomainSums[] };
  return items.find((one) => one.domain === domain);
};

const madeAt = async (hub: Asked, domain: string): Promise<number> => (await sumsAt(hub, domain))?.made.calls ?? 0;

/** A call too many is as wrong as one too few. */
const untilMade = async (hub: Asked, calls: number, what: string): Promise<void> => {
  await until(async () => (await madeAt(hub, 'returns')) >= calls, what);
  assert.equal(await madeAt(hub, 'returns'), calls, what);
};

test('what is called at the lowest hub is what the highest knows in sums, once, over a cut, lost answers and a kill', async () => {
  const keys = { concierge: mintKey('concierge-1'), refunds: mintKey('refunds-1') };
  const [refunds, concierge] = [await scene.agent('refunds'), await scene.agent('concierge')];
  const root = await serve(scene, 'root');
  await root.apply([
    ...[resource('Domain', 'operations', { delegated: true }), bundle('org', OPEN)],
    agent('concierge', concierge.url),
    keyOf(keys.concierge, 'concierge'),
  ]);
  const wire = await wireTo(root.url);
  scene.defer(() => wire.stop());
  const middle = await serve(scene, 'middle', ['--parent', wire.url], await root.token('operations'));
  await middle.apply([resource('Domain', 'returns', { delegated: true, telemetry: 'sums' })]);
  const leaf = await serve(scene, 'leaf', ['--parent', middle.url], await middle.token('returns'));
  const priced = { operations: [{ name: 'ask', effect: 'read', price: { perCall: '$0.25' } }] };
  await leaf.apply([agent('refunds', refunds.url, priced), keyOf(keys.refunds, 'refunds')]);
  await until(async () => (await call(root, keys.concierge, 'refunds/ask')).status === 200, 'a way down');
  const came = (await sumsAt(root, 'returns'))!;
  assert.ok(came.got.calls >= 1 && came.made.calls === 0, 'what came in at the root is none of the domain');
  await until(async () => (await call(leaf, keys.refunds, 'concierge/ask')).status === 200, 'a way up');
  const before = (await sumsAt(leaf, 'returns'))!.made;
  const calls = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) assert.equal((await call(leaf, keys.refunds, 'refunds/ask')).status, 200);
  };

  await calls(6);
  assert.equal((await call(leaf, keys.refunds, 'nobody/ask')).status, 404);
  assert.equal((await call(leaf, keys.concierge, 'refunds/ask')).status, 200);
  let made = before.calls + 8;
  for (const hub of [leaf, middle, root]) await untilMade(hub, made, 'each level knows the same');
  const seen = (await sumsAt(root, 'returns'))!;
  assert.equal(seen.made.errors, before.errors);
  assert.equal(seen.made.costMicros, 7 * 250_000);
  assert.ok(seen.made.p50Ms !== null && seen.made.p99Ms !== null && seen.made.p99Ms >= seen.made.p50Ms);
  assert.deepEqual(
    seen.targets.map(({ target, calls: some }) => [target, some]),
    [
      ['agent/refunds', 7],
      ['agent/concierge', before.calls],
      ['unknown', 1],
    ].sort(([a, m], [b, n]) => Number(n) - Number(m) || (String(a) < String(b) ? -1 : 1)),
  );
  // Those that came in at the root are no calls of the domain's, and were asked of it all the same.
  assert.equal(seen.got.calls, came.got.calls + 7);
  assert.equal((await sumsAt(root, 'operations'))!.made.calls, made, 'a domain is counted with those below it');

  const { events } = (await middle.ask('/v1/calls?limit=1000')) as { events: readonly { node: string }[] };
  assert.deepEqual(
    events.filter(({ node }) => node.includes('/')),
    [],
    'the calls themselves stayed at the lowest',
  );

  wire.isCut = true;
  await calls(5);
  made += 5;
  await untilMade(middle, made, 'the middle goes on taking');
  wire.losing = '/sums';
  wire.isCut = false;
  await until(() => wire.lost >= 2, 'a report arrived, and was said again');
  await untilMade(root, made, 'what arrived twice counts once');

  await middle.node.kill();
  await calls(4);
  made += 4;
  wire.losing = undefined;
  await middle.again();
  await untilMade(root, made, 'what was called meanwhile is there, and nothing twice');
  await calls(1);
  for (const hub of [leaf, middle, root]) await untilMade(hub, made + 1, 'and so it goes on');
});

test('a hub that says what it may not is refused whole, and both sides show why', async () => {
  const root = await serve(scene, 'top');
  await root.apply([
    ...['shop', 'office'].map((name) => resource('Domain', name, { delegated: true })),
    bundle('org', OPEN),
  ]);
  const shop = await serve(scene, 'shop', ['--parent', root.url], await root.token('shop'));
  const nodeAt = async (): Promise<NodeView> => {
    const { items } = (await root.ask('/v1/nodes')) as unknown as { items: readonly NodeView[] };
    return items.find(({ node }) => node.domain === 'shop')!;
  };
  const { node } = await nodeAt();
  const { node: hub } = (await root.ask('/v1/status')) as { node: string };
  // Whoever has its disk has its key.
  const { clock } = systemWorld();
  const signer = new AssertionSigner(node.id, await openNodeKey(shop.data), clock);
  const wire = new HttpHubWire(root.url);
  scene.defer(() => wire.close());
  const told = (row: object, path = node.id) =>
    wire.post(
      `/v1/nodes/${path}/sums`,
      { epoch: 'a'.repeat(32), seq: 1, rows: [{ ...good, ...row }] },
      `${HEADERS.nodeScheme} ${signer.assert(nodePrincipal(node), hub)}`,
    );
  const minute = Math.floor(clock.wallMs() / MINUTE_MS);
  const good = { ...NO_COUNTS, minute, domain: 'shop', kind: 'unknown', target: '', caller: 'user' };
  assert.match(
    (await refusalOf(told({ domain: 'office' }))).message,
    /is of domain `office`, and this hub speaks for its own/,
  );
  assert.match((await refusalOf(told({ costMicros: -5 }))).message, /`rows.0.costMicros`/);
  assert.match((await refusalOf(told({}, 'domain-office-0000'))).message, /about itself only/);
  const late = (await refusalOf(told({ minute: minute + 60 }))).message;
  assert.match(late, /which is still to come here/);
  const { refusals } = (await root.ask('/v1/status')) as unknown as { refusals: readonly HubRefusal[] };
  assert.deepEqual(
    refusals.map(({ domain, what }) => [domain, what]),
    [['shop', 'sums']],
  );
  assert.ok(late.includes(refusals[0]!.reason));
  assert.equal(await madeAt(root, 'office'), 0);
  await told({ calls: 3, durations: NO_COUNTS.durations.map((_, at) => (at === 2 ? 3 : 0)) });
  assert.equal(await madeAt(root, 'shop'), 3);
  assert.equal((await nodeAt()).sumsRefused, null);
});
