import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, MINUTE_MS, NO_COUNTS, type NodeEntry, type SumRow } from '../contract/index.ts';
import { faultOf } from './fixture.ts';
import { NodeLink } from './link.ts';
import { DOMAIN, event, HubBench, type JoinedNode, joinedNode, SIDECAR, snapshot } from './linkfixture.ts';

const EPOCH = 'e'.repeat(32);

const started = async (): Promise<{ readonly bench: HubBench; readonly it: JoinedNode; readonly minute: number }> => {
  const bench = new HubBench();
  bench.keeper.start([]);
  bench.publish(snapshot(1));
  const it = await joinedNode(bench, undefined, DOMAIN);
  await bench.pass(200);
  return { bench, it, minute: Math.floor(bench.world.clock.wallMs() / MINUTE_MS) };
};

const row = (minute: number, calls: number, more: Partial<SumRow> = {}): SumRow => ({
  ...NO_COUNTS,
  ...{ minute, tenant: 'default', domain: 'sales', kind: 'agent', target: 'seller', caller: 'agent', calls },
  durations: NO_COUNTS.durations.map((_, at) => (at === 0 ? calls : 0)),
  ...more,
});

/** What its own pipeline or a hub below adds. */
let given = 0;
const add = async ({ stores, link }: JoinedNode, ...rows: readonly SumRow[]): Promise<void> => {
  await stores.sums.take({ node: 'below', epoch: EPOCH, seq: ++given }, rows, true);
  link.kick();
};

const callsAt = async ({ stores }: HubBench): Promise<number> =>
  (await stores.sums.read('default', 0, Number.MAX_SAFE_INTEGER)).reduce((sum, { calls }) => sum + calls, 0);

test('sums go up once: over a cut, an answer that was lost, and a restart', async () => {
  const { bench, it, minute } = await started();
  await it.link.start();
  await add(it, row(minute, 3), row(minute, 2, { caller: 'user' }));
  await bench.pass(5_000);
  assert.equal(await callsAt(bench), 5);

  it.wire.losing = '/sums';
  await add(it, row(minute, 10));
  await bench.pass(20_000);
  const repeated = it.wire.posts.filter(({ path }) => path.endsWith('/sums')).length;
  assert.ok(repeated > 2, `it was said again, ${repeated} times`);
  assert.equal(await callsAt(bench), 15);

  // What comes while the answer is out goes under the next number, also when the node ends before it came.
  await add(it, row(minute, 100), row(minute - 5, 1_000));
  await it.link.stop();
  assert.equal(await callsAt(bench), 15);
  it.wire.losing = undefined;
  it.wire.cut();
  const again = new NodeLink({ ...it.parts, epoch: 'f'.repeat(32) });
  await again.start();
  await bench.pass(10_000);
  assert.equal(await callsAt(bench), 15);
  it.wire.mend();
  await bench.pass(60_000);
  assert.equal(await callsAt(bench), 1_115);
  assert.deepEqual(await it.stores.sums.next(10, EPOCH), undefined);
  await again.stop();
  bench.keeper.stop();
});

test('a report with anything wrong in it is refused whole, and the reason names it', async () => {
  const { bench, minute } = await started();
  const { node } = await bench.join(DOMAIN);
  const { node: sidecar } = await bench.join(SIDECAR);
  const wrong: readonly (readonly [RegExp, Partial<SumRow> | object])[] = [
    [/row 1 of the sums is of domain `finance`, and this hub speaks for its own/, { domain: 'finance' }],
    [/row 1 of the sums is of domain `nowhere`/, { domain: 'nowhere' }],
    [/`rows.1.domain`/, { domain: '' }],
    [/`rows.1.calls`/, { calls: -1 }],
    [/`rows.1.costMicros`/, { costMicros: 0.5 }],
    [/`rows.1.inputTokens`/, { inputTokens: 2 ** 60 }],
    [/`rows.1.outputTokens`/, { outputTokens: null }],
    [/`rows.1.durations`/, { durations: [1] }],
    [/`durations` are of 7 calls, and `calls` are 9/, { calls: 9 }],
    [/`errors` is more than the 7 calls/, { errors: 8 }],
    [/`denied` is more than the 7 calls/, { denied: 8 }],
    [/`rows.1.caller`/, { caller: 'robot' }],
    [/`rows.1.kind`/, { kind: '__proto__' }],
    [/`rows.1.target`/, { target: 'x'.repeat(500) }],
    [/`target` is `seller` for kind `other`/, { kind: 'other' }],
    [/`target` is `` for kind `agent`/, { target: '' }],
    [/still to come here; look at the clocks/, { minute: minute + 5 }],
    [/still to come here/, { minute: Number.MAX_SAFE_INTEGER }],
    [/sums are kept for 30 days/, { minute: Math.max(0, minute - 40 * 24 * 60) }],
    [/`rows.1`/, { tenant: 'rivals' }],
  ];
  const { tenant: _, ...good } = row(minute, 7);
  const told = (rows: readonly object[], more: object = {}, by: NodeEntry = node) =>
    faultOf(bench.hub.sums(by, { epoch: EPOCH, seq: 1, rows, ...more }));
  for (const [says, field] of wrong) {
    const { code, message } = await told([good, { ...good, ...field }]);
    assert.ok(code === 'bad_request' || code === 'denied', `${code}: ${message}`);
    assert.match(message, says);
    assert.ok(bench.hub.list(null).find((view) => view.node.id === node.id)!.sumsRefused === message);
  }
  assert.match((await told([])).message, /`rows`/);
  assert.match((await told(Array.from({ length: 501 }, () => good))).message, /`rows`/);
  assert.match((await told([good], { epoch: 'mine' })).message, /`epoch`/);
  assert.match((await told([good], { seq: 0 })).message, /`seq`/);
  assert.match((await told([good], { more: 1 })).message, /more/);
  assert.match((await told([good], {}, sidecar)).message, /from hubs of domains/);
  await bench.hub.remove(null, sidecar.id);
  assert.equal((await told([good], {}, { ...sidecar, role: 'domain' })).code, 'unauthenticated');
  assert.equal(await callsAt(bench), 0);
  assert.deepEqual(await bench.hub.sums(node, { epoch: EPOCH, seq: 1, rows: [good] }), { taken: true });
  assert.deepEqual(await bench.hub.sums(node, { epoch: EPOCH, seq: 1, rows: [good] }), { taken: false });
  assert.equal(bench.hub.list(null).find((view) => view.node.id === node.id)!.sumsRefused, null);
  assert.equal(await callsAt(bench), 7);
  bench.keeper.stop();
});

test('a report that was refused is kept, told once, and taken when the parent knows better', async () => {
  const { bench, it, minute } = await started();
  await it.link.start();
  await add(it, row(minute, 3, { domain: 'sales-us' }));
  await bench.pass(60_000);
  assert.match(it.link.sumsRefused ?? '', /domain `sales-us`/);
  assert.equal(it.problems.filter((problem) => problem.includes('takes none of the sums')).length, 1);
  assert.equal(await callsAt(bench), 0);
  await it.link.stop();
  assert.ok(
    it.wire.posts.some(({ path }) => path.endsWith(':leave')),
    'it says good-bye all the same',
  );
  const again = new NodeLink(it.parts);
  await again.start();
  const { domains } = snapshot(2);
  const more = { tenant: 'default', name: 'sales-us', parent: 'sales', delegated: false };
  bench.publish(snapshot(2, { domains: [...domains, more] }));
  await bench.pass(60_000);
  assert.deepEqual([again.sumsRefused, await callsAt(bench)], [null, 3]);
  await again.stop();
  bench.keeper.stop();
});

test('a domain that tells sums only keeps its calls, and its parent keeps none that come all the same', async () => {
  const { bench, it, minute } = await started();
  const stored = async () => (await bench.stores.traces.recent({ limit: 100 })).length;
  it.node.isQuiet = true;
  await it.link.start();
  await it.spool.add([event(1)]);
  await add(it, row(minute, 1));
  await bench.pass(20_000);
  assert.deepEqual([await stored(), await callsAt(bench)], [0, 1]);
  assert.equal(it.wire.posts.filter(({ path }) => path.endsWith('/events')).length, 0);
  const { domains } = snapshot(2);
  const quiet = domains.map((one) => (one.name === 'sales' ? { ...one, telemetry: 'sums' as const } : one));
  bench.publish(snapshot(2, { domains: quiet }));
  const batch = { epoch: EPOCH, from: 1, events: [event(2)] };
  assert.deepEqual(await bench.hub.events(it.entry, batch), { stored: false });
  assert.equal(await stored(), 0);
  bench.publish(snapshot(3));
  it.node.isQuiet = false;
  it.link.kick();
  await bench.pass(5_000);
  assert.equal(await stored(), 1, 'what was spooled before goes up when that is wanted again');
  await it.link.stop();
  bench.keeper.stop();
});

test('calls that come in at a sidecar are counted when it tells of them, once, and those of a hub below are not', async () => {
  const { bench, it, minute } = await started();
  const { node: sidecar } = await bench.join(SIDECAR);
  const counting = { rowOf: () => row(minute, 1), onward: true };
  const hub = bench.hubWith({ counting: ({ role }) => (role === 'sidecar' ? counting : undefined) });
  hub.use(snapshot(1));
  const batch = (from: number, to: number) => ({
    epoch: EPOCH,
    from,
    events: Array.from({ length: to - from + 1 }, (_, at) => event(from + at)),
  });
  await hub.events(sidecar, batch(1, 3));
  await hub.events(sidecar, batch(1, 3));
  await hub.events(sidecar, batch(2, 5));
  await hub.events(it.entry, batch(11, 14));
  assert.equal(await callsAt(bench), 5);
  assert.equal((await bench.stores.sums.next(10, EPOCH))?.rows[0]?.calls, 5);
  bench.keeper.stop();
});

test('exports that were refused are seen at the parent, with who has the name', async () => {
  const { bench, it } = await started();
  const { exports } = bench.hub.list(null).find(({ node }) => node.id === it.entry.id)!;
  assert.equal(exports, null);
  const why = 'Agent `till`: the name is taken: it is declared at the parent';
  const hub = bench.hubWith({
    exports: {
      take: async (_, report) => {
        if (report === 'bad') throw new Fault('denied', why);
        return { taken: ['agent/a', 'agent/b'] };
      },
      withdraw: async () => {},
    },
  });
  const seen = () => hub.list(null).find(({ node }) => node.id === it.entry.id)!.exports;
  assert.equal((await faultOf(hub.exports(it.entry, 'bad'))).message, why);
  assert.deepEqual(seen(), { taken: 0, refused: why });
  await hub.exports(it.entry, {});
  assert.deepEqual(seen(), { taken: 2, refused: null });
  bench.keeper.stop();
});
