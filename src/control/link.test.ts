import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallEvent, Fault } from '../contract/index.ts';
import { newNodeKey } from '../identity/index.ts';
import { type LinkParts, NodeLink } from './link.ts';
import { event, HubBench, type JoinedNode, joinedNode, snapshot, target } from './linkfixture.ts';
import { signDocument } from './sign.ts';

const started = async (): Promise<{ readonly bench: HubBench; readonly it: JoinedNode }> => {
  const bench = new HubBench();
  bench.keeper.start([]);
  bench.publish(snapshot(1));
  const it = await joinedNode(bench);
  await bench.pass(200);
  return { bench, it };
};
const stop = async (bench: HubBench, ...links: readonly NodeLink[]): Promise<void> => {
  await Promise.all(links.map((link) => link.stop()));
  bench.keeper.stop();
  await bench.pass(0);
  assert.equal(bench.world.pending, 0, 'timers were left behind');
};
/** What a node does with finished calls: they are on its disk, and then on their way. */
const emit = async (it: JoinedNode, link: NodeLink, ...events: readonly CallEvent[]): Promise<void> => {
  await it.spool.add(events);
  link.kick();
};
const spans = (from: number, to: number): readonly CallEvent[] =>
  Array.from({ length: to - from + 1 }, (_, at) => event(from + at));
const lastBeat = (it: JoinedNode) => it.wire.posts.filter(({ path }) => path.endsWith(':heartbeat')).at(-1)!.body;
const stored = (bench: HubBench): Promise<readonly CallEvent[]> => bench.stores.traces.recent({ limit: 100_000 });

test('a node runs the newest documents, and acknowledges exactly what it runs (I14)', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await bench.pass(500);
  bench.publish(snapshot(2));
  await bench.pass(10);
  assert.equal(it.node.enforced.at(-1), 'snapshot 2');
  assert.ok(it.node.enforced.includes('snapshot 1'));
  assert.deepEqual([it.link.seq('snapshot'), bench.hub.list(null)[0]!.snapshotSeq], [2, 2]);
  assert.deepEqual(bench.hub.list(null)[0]!.rosterSeq, bench.keeper.roster.seq);
  assert.deepEqual(
    bench.hub.find({ tenant: 'default' }).map(({ name, state }) => [name, state]),
    [['seller', 'ready']],
  );
  await stop(bench, it.link);
  assert.deepEqual(bench.hub.find({ tenant: 'default' }), []);
});

test('a document is on disk before it is in force', async () => {
  const { bench, it } = await started();
  const order: string[] = [];
  const link = new NodeLink({
    ...it.parts,
    lastGood: { load: async () => undefined, keep: async (kind) => void order.push(`kept ${kind}`) },
    node: {
      instances: () => [],
      prepareSnapshot: () => {
        order.push('prepared snapshot');
        return () => void order.push('enforced snapshot');
      },
      enforceKills: () => {},
      prepareRoster: () => () => {},
    },
  });
  await link.start();
  await bench.pass(10);
  assert.deepEqual(order.slice(0, 3), ['prepared snapshot', 'kept snapshot', 'enforced snapshot']);
  await stop(bench, link);
});

test('a document that cannot be kept is not run', async () => {
  const { bench, it } = await started();
  const link = new NodeLink({
    ...it.parts,
    lastGood: { load: async () => undefined, keep: () => Promise.reject(new Error('disk full')) },
  });
  await link.start();
  await bench.pass(10);
  assert.deepEqual([it.node.enforced, link.seq('snapshot')], [[], 0]);
  assert.match(String(bench.hub.list(null)[0]!.refused), /^(snapshot|roster) \d+: something went wrong/);
  await stop(bench, link);
});

test('an order to stop is in force before it is on disk, and confirmed only after', async () => {
  const { bench, it } = await started();
  const disk = Promise.withResolvers<void>();
  const link = new NodeLink({ ...it.parts, lastGood: { load: async () => undefined, keep: () => disk.promise } });
  await link.start();
  await bench.pass(10);
  bench.publisher.publish('kills', { seq: 1, orders: [] });
  await bench.pass(10);
  // The snapshot came first and still waits for the disk.
  assert.deepEqual(it.node.enforced, ['kills 1']);
  assert.equal(bench.hub.list(null)[0]!.killsSeq, 0);
  disk.resolve();
  await bench.pass(10);
  assert.equal(bench.hub.list(null)[0]!.killsSeq, 1);
  await stop(bench, link);
});

test('orders to stop are in force first when a node starts from its disk, and never an older list', async () => {
  const { bench, it } = await started();
  it.kept.files.set('snapshot', signDocument('snapshot', snapshot(5), bench.key));
  it.kept.files.set('kills', signDocument('kills', { seq: 7, orders: [] }, bench.key));
  it.wire.cut();
  await it.link.start();
  assert.deepEqual(it.node.enforced, ['kills 7', 'snapshot 5']);
  it.wire.mend();
  bench.publisher.publish('kills', { seq: 6, orders: [] });
  await bench.pass(60_000);
  assert.equal(it.link.seq('kills'), 7);
  assert.ok(!it.node.enforced.includes('kills 6'));
  await stop(bench, it.link);
});

test('a node knows how old its orders to stop may be: only a hub that has no newer ones confirms them', async () => {
  const { bench, it } = await started();
  bench.publisher.publish('kills', { seq: 1, orders: [] });
  assert.equal(it.link.killsConfirmedAtMs, undefined);
  await it.link.start();
  await bench.pass(100);
  const first = it.link.killsConfirmedAtMs!;
  await bench.pass(3_000);
  const confirmed = it.link.killsConfirmedAtMs!;
  assert.ok(confirmed > first, 'every beat confirms');
  // The stream has died without a sound; beats still get through and tell of a list that did not come.
  const deaf = new NodeLink({
    ...it.parts,
    wire: {
      post: async (path, body, authorization) => {
        const { kills: _, ...reply } = (await it.wire.post(path, body, authorization)) as Record<string, unknown>;
        return reply;
      },
      async *stream(_path, _authorization, signal) {
        await new Promise<void>((resolve) => signal.onCancel(() => resolve()));
      },
    },
  });
  await stop(bench, it.link);
  await deaf.start();
  bench.publisher.publish('kills', { seq: 2, orders: [] });
  await bench.pass(3_000);
  const last = deaf.killsConfirmedAtMs;
  await bench.pass(10_000);
  assert.equal(deaf.killsConfirmedAtMs, last);
  assert.ok(deaf.heardAtMs! > (last ?? 0), 'the hub itself was heard');
  await stop(bench, deaf);
});

test('a node that is told when to come again does not come before, and hears orders to stop meanwhile', async () => {
  const { bench, it } = await started();
  const asked: number[] = [];
  const link = new NodeLink({
    ...it.parts,
    wire: {
      post: (path, body, authorization) => it.wire.post(path, body, authorization),
      // biome-ignore lint/correctness/useYield: it never comes so far.
      async *stream() {
        asked.push(bench.world.clock.nowMs());
        throw new Fault('unavailable', 'come again later', { retryAfterMs: 5_000 });
      },
    },
  });
  await link.start();
  bench.publisher.publish('kills', { seq: 1, orders: [] });
  await bench.pass(16_000);
  assert.ok(asked.length >= 3 && asked.length <= 4, `${asked.length} times`);
  const waits = asked.slice(1).map((at, before) => at - asked[before]!);
  assert.ok(waits.every((waitMs) => waitMs >= 5_000 && waitMs <= 7_500));
  assert.ok(it.node.enforced.includes('kills 1'));
  await stop(bench, link);
});

test('what changed is enough, and a gap leads to the whole', async () => {
  const { bench, it } = await started();
  const events: string[] = [];
  let lose = false;
  const link = new NodeLink({
    ...it.parts,
    wire: {
      post: (path, body, authorization) => it.wire.post(path, body, authorization),
      async *stream(path, authorization, signal) {
        for await (const came of it.wire.stream(path, authorization, signal)) {
          events.push(came.event);
          if (!lose || came.event !== 'snapshot-delta') yield came;
          lose = false;
        }
      },
    },
  });
  const agents = Array.from({ length: 30 }, (_, at) => target(`agent-${at}`));
  await link.start();
  bench.publish(snapshot(2, { targets: agents }));
  await bench.pass(500);
  bench.publish(snapshot(3, { targets: agents }));
  await bench.pass(500);
  assert.equal(events.at(-1), 'snapshot-delta');
  assert.equal(link.seq('snapshot'), 3);
  lose = true;
  bench.publish(snapshot(4, { targets: agents }));
  await bench.pass(500);
  assert.equal(link.seq('snapshot'), 3);
  bench.publish(snapshot(5, { targets: agents }));
  await bench.pass(2_000);
  assert.equal(link.seq('snapshot'), 5);
  assert.ok(events.lastIndexOf('snapshot') > events.lastIndexOf('snapshot-delta'), 'the whole came');
  bench.publish(snapshot(6, { targets: agents }));
  await bench.pass(500);
  assert.equal(link.seq('snapshot'), 6);
  await stop(bench, link);
});

test('a node that starts from its disk is told what changed since, and one without a disk gets the whole', async () => {
  const { bench, it } = await started();
  const events: string[] = [];
  const wire: LinkParts['wire'] = {
    post: (path, body, authorization) => it.wire.post(path, body, authorization),
    async *stream(path, authorization, signal) {
      for await (const came of it.wire.stream(path, authorization, signal)) {
        if (came.event.startsWith('snapshot')) events.push(came.event);
        yield came;
      }
    },
  };
  const agents = Array.from({ length: 30 }, (_, at) => target(`agent-${at}`));
  bench.publish(snapshot(2, { targets: agents }));
  const first = new NodeLink({ ...it.parts, wire });
  await first.start();
  await bench.pass(500);
  await stop(bench, first);
  bench.publish(snapshot(3, { targets: agents }));
  const second = new NodeLink({ ...it.parts, wire });
  await second.start();
  await bench.pass(500);
  assert.deepEqual(events, ['snapshot', 'snapshot-delta']);
  assert.equal(second.seq('snapshot'), 3);
  await stop(bench, second);
  it.kept.files.clear();
  bench.publish(snapshot(4, { targets: agents }));
  const third = new NodeLink({ ...it.parts, wire });
  await third.start();
  await bench.pass(2_000);
  assert.equal(events.at(-1), 'snapshot');
  assert.equal(third.seq('snapshot'), 4);
  await stop(bench, third);
});

test('a part of a roster that was cut for somebody else is refused', async () => {
  const { bench, it } = await started();
  bench.publisher.cutRosters((_, roster) => ({
    view: { for: 'somebody-else', routes: '' },
    nodes: roster.nodes,
    instances: [],
  }));
  await it.link.start();
  await bench.pass(300);
  assert.match(String(bench.hub.list(null)[0]!.refused), /this part of a roster is for `somebody-else`/);
  assert.ok(!it.node.enforced.some((what) => what.startsWith('roster')));
  await stop(bench, it.link);
});

test('orders to stop come with the next beat when the stream brings nothing, and one list is enforced once', async () => {
  const { bench, it } = await started();
  it.wire.isDeaf = true;
  await it.link.start();
  await bench.pass(100);
  bench.publisher.publish('kills', { seq: 3, orders: [] });
  await bench.pass(2_300);
  assert.deepEqual(
    it.node.enforced.filter((what) => what.startsWith('kills')),
    ['kills 3'],
  );
  assert.equal(bench.hub.list(null)[0]!.killsSeq, 3);
  await stop(bench, it.link);
});

test('a refused snapshot is reported with its reason, the old one runs on, and the next one is taken', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await bench.pass(10);
  it.node.refusal = 'org.cedar needs a newer node';
  bench.publish(snapshot(2));
  await bench.pass(10);
  const view = bench.hub.list(null)[0]!;
  assert.deepEqual([view.snapshotSeq, view.refused], [1, 'snapshot 2: org.cedar needs a newer node']);
  assert.equal(JSON.parse(it.kept.files.get('snapshot')!.payload).seq, 1);
  it.node.refusal = undefined;
  bench.publish(snapshot(3));
  await bench.pass(10);
  assert.deepEqual([bench.hub.list(null)[0]!.snapshotSeq, bench.hub.list(null)[0]!.refused], [3, null]);
  await stop(bench, it.link);
});

test('a node starts and works from its disk while the hub is away, and never goes back', async () => {
  const { bench, it } = await started();
  it.kept.files.set('snapshot', signDocument('snapshot', snapshot(5), bench.key));
  it.wire.cut();
  await it.link.start();
  assert.deepEqual(it.node.enforced, ['snapshot 5']);
  it.wire.mend();
  await bench.pass(60_000);
  assert.equal(it.link.seq('snapshot'), 5);
  bench.publish(snapshot(4));
  await bench.pass(10);
  assert.equal(it.link.seq('snapshot'), 5);
  assert.ok(!it.node.enforced.includes('snapshot 1'));
  bench.publish(snapshot(6));
  await bench.pass(10);
  assert.equal(it.link.seq('snapshot'), 6);
  await stop(bench, it.link);
});

test('documents of another control plane are refused, from the disk and from the wire', async () => {
  const { bench, it } = await started();
  it.kept.files.set('snapshot', signDocument('snapshot', snapshot(5), newNodeKey()));
  const foreign = JSON.stringify(signDocument('snapshot', snapshot(9), newNodeKey()));
  const link = new NodeLink({
    ...it.parts,
    wire: {
      post: (path, body, authorization) => it.wire.post(path, body, authorization),
      async *stream(_path, _authorization, signal) {
        yield { event: 'snapshot', data: foreign };
        yield { event: 'snapshot', data: '{' };
        await new Promise<void>((resolve) => signal.onCancel(() => resolve()));
      },
    },
  });
  await link.start();
  await bench.pass(10);
  assert.deepEqual([it.node.enforced, link.seq('snapshot')], [[], 0]);
  assert.equal(bench.hub.list(null)[0]!.refused, 'snapshot 0: this is not a signed document');
  assert.ok(it.problems.some((problem) => problem.startsWith('denied: this snapshot is signed with key')));
  await stop(bench, link);
});

test('an old document that is played again is not run, however well it is signed (I14)', async () => {
  const { bench, it } = await started();
  const link = new NodeLink({
    ...it.parts,
    wire: {
      post: (path, body, authorization) => it.wire.post(path, body, authorization),
      async *stream(_path, _authorization, signal) {
        for (const seq of [5, 3, 5, 6, 4]) {
          yield { event: 'snapshot', data: JSON.stringify(signDocument('snapshot', snapshot(seq), bench.key)) };
        }
        await new Promise<void>((resolve) => signal.onCancel(() => resolve()));
      },
    },
  });
  await link.start();
  await bench.pass(10);
  assert.deepEqual(it.node.enforced, ['snapshot 5', 'snapshot 6']);
  assert.equal(bench.hub.list(null)[0]!.refused, null);
  await stop(bench, link);
});

test('after a hiccup a node is back within a second', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await bench.pass(100);
  it.wire.cut();
  await bench.pass(300);
  it.wire.mend();
  bench.publish(snapshot(2));
  await bench.pass(1_000);
  assert.equal(it.link.seq('snapshot'), 2);
  await stop(bench, it.link);
});

test('after a long outage nodes come back spread over the time that they were allowed, not all at once', async () => {
  const bench = new HubBench();
  bench.keeper.start([]);
  bench.publish(snapshot(1));
  const nodes = await Promise.all(Array.from({ length: 20 }, () => joinedNode(bench)));
  await Promise.all(nodes.map(({ link }) => link.start()));
  await bench.pass(100);
  for (const { wire } of nodes) wire.cut();
  await bench.pass(300_000);
  for (const { wire } of nodes) wire.mend();
  bench.publish(snapshot(2));
  const back: number[] = [];
  for (let second = 1; second <= 31; second++) {
    await bench.pass(1_000);
    back.push(nodes.filter(({ link }) => link.seq('snapshot') === 2).length);
  }
  assert.equal(back.at(-1), 20);
  const busiest = Math.max(...back.map((count, at) => count - (back[at - 1] ?? 0)));
  assert.ok(busiest <= 8, `${busiest} of 20 came back in one second`);
  await stop(bench, ...nodes.map(({ link }) => link));
});

test('a stream that died without a sound is opened anew, because heartbeats say what it should have brought', async () => {
  const { bench, it } = await started();
  it.wire.isDeaf = true;
  await it.link.start();
  await bench.pass(100);
  assert.equal(it.link.seq('snapshot'), 0);
  it.wire.isDeaf = false;
  await bench.pass(30_000);
  assert.equal(it.link.seq('snapshot'), 1);
  assert.equal(it.wire.streams, 2);
  await stop(bench, it.link);
});

test('finished calls arrive once, in batches, also when answers get lost', async () => {
  const { bench, it } = await started();
  let lost = 0;
  const link = new NodeLink({
    ...it.parts,
    wire: {
      stream: (path, authorization, signal) => it.wire.stream(path, authorization, signal),
      post: async (path, body, authorization) => {
        const reply = await it.wire.post(path, body, authorization);
        if (path.endsWith('/events') && lost++ < 2) it.wire.cut();
        if (it.wire.isCut) {
          it.wire.mend();
          throw new Error('the connection broke before the answer came');
        }
        return reply;
      },
    },
  });
  await link.start();
  await emit(it, link, ...spans(1, 1200));
  await bench.pass(10_000);
  assert.equal((await stored(bench)).length, 1200);
  const batches = it.wire.posts
    .filter(({ path }) => path.endsWith('/events'))
    .map(({ body }) => body as { from: number; events: unknown[] });
  assert.deepEqual(
    batches.map(({ from, events }) => [from, events.length]),
    [
      [1, 500],
      [1, 500],
      [1, 500],
      [501, 500],
      [1001, 200],
    ],
  );
  await stop(bench, link);
});

test('while the hub is away the newest calls are kept, the oldest dropped and counted', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await bench.pass(100);
  it.wire.cut();
  await emit(it, it.link, ...spans(1, 15_000));
  await bench.pass(1_000);
  await emit(it, it.link, ...spans(15_001, 16_000));
  it.wire.mend();
  await bench.pass(60_000);
  const kept = await stored(bench);
  const { lost } = it.spool;
  assert.equal(kept.length + lost, 16_000);
  assert.equal(kept.length, 10_000);
  assert.equal(kept[0]!.span, event(16_000).span);
  assert.equal(bench.hub.list(null)[0]!.lostEvents, lost);
  await stop(bench, it.link);
});

test('a call that the hub calls wrong is given up and counted, and those beside it arrive', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await emit(it, it.link, ...spans(1, 6), event(7, { span: 'not hex' }), ...spans(8, 9));
  await bench.pass(10_000);
  assert.equal((await stored(bench)).length, 8);
  assert.equal(it.spool.lost, 1);
  await stop(bench, it.link);
});

test('a stopping node hands over what it still has', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await emit(it, it.link, event(1));
  await stop(bench, it.link);
  assert.equal((await stored(bench)).length, 1);
  assert.ok(it.wire.posts.at(-1)!.path.endsWith(':leave'));
});

test('a node that was removed keeps trying quietly and gets nothing', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await bench.pass(100);
  await bench.hub.remove(null, it.entry.id);
  bench.publish(snapshot(2));
  await bench.pass(60_000);
  assert.equal(it.link.seq('snapshot'), 1);
  assert.ok(it.wire.streams < 20, `${it.wire.streams} streams in a minute`);
  await stop(bench, it.link);
});

test('what instances do is told with the next beat, and a beat is never sent twice at once', async () => {
  const { bench, it } = await started();
  await it.link.start();
  await bench.pass(100);
  it.node.state = 'draining';
  await bench.pass(1_000);
  assert.equal(bench.hub.find({ tenant: 'default' })[0]!.state, 'ready');
  it.link.tell();
  it.link.tell();
  await bench.pass(10);
  assert.equal((lastBeat(it) as { instances: { state: string }[] }).instances[0]!.state, 'draining');
  assert.equal(bench.hub.find({ tenant: 'default' })[0]!.state, 'draining');
  await stop(bench, it.link);
});

test('a breaker that changed is told soon, and however often breakers change, not more than once a second beside the beats', async () => {
  const { bench, it } = await started();
  let state = 'closed';
  Object.assign(it.node, {
    breakers: () => [{ target: 'agent/seller', domain: 'sales', endpoint: 'e', state, changes: [] }],
  });
  await it.link.start();
  await bench.pass(100);
  state = 'open';
  it.link.tellSoon();
  await bench.pass(500);
  assert.equal(bench.hub.breakers('default')[0]?.state, 'open');
  const beats = (): number => it.wire.posts.filter(({ path }) => path.endsWith(':heartbeat')).length;
  const before = beats();
  for (let times = 0; times < 1_000; times++) {
    it.link.tellSoon();
    await bench.pass(10);
  }
  assert.ok(beats() - before <= 11, String(beats() - before));
  await stop(bench, it.link);
});

test('a list of orders that the hub sends confirms itself: under a stream of orders beats may always be behind', async () => {
  const { bench, it } = await started();
  const beatless = new NodeLink({
    ...it.parts,
    wire: {
      post: () => Promise.reject(new Fault('unreachable', 'no beat gets through')),
      stream: (path, authorization, signal) => it.wire.stream(path, authorization, signal),
    },
  });
  await beatless.start();
  bench.publisher.publish('kills', { seq: 1, orders: [] });
  await bench.pass(100);
  const first = beatless.killsConfirmedAtMs ?? Number.NaN;
  await bench.pass(2_000);
  bench.publisher.publish('kills', { seq: 2, orders: [] });
  await bench.pass(100);
  assert.ok(beatless.killsConfirmedAtMs! > first);
  await stop(bench, beatless);
});
