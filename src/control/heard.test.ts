import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuditEntry, Fault, type KillList, type MarkStore, type Signed } from '../contract/index.ts';
import { newNodeKey } from '../identity/index.ts';
import { memoryStores } from '../stores/index.ts';
import { Heard } from './heard.ts';
import { NodeLink } from './link.ts';
import { HubBench, type JoinedNode, joinedNode, snapshot } from './linkfixture.ts';
import { signDocument } from './sign.ts';

/** Two clocks that are set apart, as those of a machine can be. */
const clockAt = () => {
  const at = { nowMs: 1_000, wallMs: 1_000_000 };
  const pass = (ms: number): void => {
    at.nowMs += ms;
    at.wallMs += ms;
  };
  const clock = { nowMs: () => at.nowMs, wallMs: () => at.wallMs, after: () => ({ cancel: () => {} }) };
  return { at, pass, clock };
};

/** A run of a node that heard its hub, and one after it; `between` is what happens while it is down. */
const restarted = async (between: (time: ReturnType<typeof clockAt>) => void, confirm = true): Promise<Heard> => {
  const time = clockAt();
  const { marks } = memoryStores();
  const first = await Heard.open({ clock: time.clock, marks });
  if (confirm) {
    for (const kind of ['kills', 'snapshot'] as const) await first.keep(kind, 5);
    first.heard();
    for (const kind of ['kills', 'snapshot'] as const) first.confirmed(kind);
  }
  time.pass(2_000);
  first.save();
  await first.settled();
  between(time);
  time.at.nowMs = 0;
  const heard = await Heard.open({ clock: time.clock, marks });
  for (const kind of ['kills', 'snapshot'] as const) await heard.keep(kind, 5);
  return heard;
};
const agesOf = (heard: Heard): readonly number[] =>
  (['hub', 'snapshot', 'kills'] as const).map((what) => heard.ageMs(what));
const backBy =
  (ms: number) =>
  ({ at }: ReturnType<typeof clockAt>): void => {
    at.wallMs -= ms;
  };
const NEVER = Number.POSITIVE_INFINITY;

test('a node that never heard its hub knows nothing of its age', async () => {
  const { clock } = clockAt();
  assert.deepEqual(agesOf(await Heard.open({ clock, marks: memoryStores().marks })), [NEVER, NEVER, NEVER]);
});

test('ages count through a restart, by the time that passed on the wall', async () => {
  assert.deepEqual(agesOf(await restarted(({ pass }) => pass(60_000))), [62_000, 62_000, 62_000]);
});

test('a clock that went back while the node was down proves nothing, so that nothing is known', async () => {
  assert.deepEqual(agesOf(await restarted(backBy(1))), [NEVER, NEVER, NEVER]);
  assert.deepEqual(agesOf(await restarted(backBy(3_600_000))), [NEVER, NEVER, NEVER]);
});

test('a clock that went back while the node ran is not in its favour, and one that went forward is against it', async () => {
  const time = clockAt();
  const heard = await Heard.open({ clock: time.clock, marks: memoryStores().marks });
  heard.confirmed('kills');
  time.pass(10_000);
  time.at.wallMs -= 3_600_000;
  assert.equal(heard.ageMs('kills'), 10_000);
  time.at.wallMs += 2 * 3_600_000;
  assert.equal(heard.ageMs('kills'), 3_610_000);
  await heard.settled();
});

test('a hub that is heard again makes everything young, whatever the clock says by then', async () => {
  const heard = await restarted(backBy(3_600_000));
  heard.heard();
  heard.confirmed('snapshot');
  assert.deepEqual(agesOf(heard), [0, 0, NEVER]);
  await heard.settled();
});

test('a node that had orders to stop and lost them knows nothing, however lately it heard of them', async () => {
  const { clock } = clockAt();
  const { marks } = memoryStores();
  const first = await Heard.open({ clock, marks });
  await first.keep('kills', 5);
  await first.keep('snapshot', 5);
  first.confirmed('snapshot');
  await first.settled();
  const heard = await Heard.open({ clock, marks });
  await heard.keep('snapshot', 5);
  assert.equal(heard.ageMs('snapshot'), NEVER);
  await heard.keep('kills', 5);
  assert.equal(heard.ageMs('snapshot'), 0);
});

test('marks that cannot be written are told and make nothing look younger', async () => {
  const time = clockAt();
  const { marks } = memoryStores();
  const causes: unknown[] = [];
  const broken: MarkStore = { read: () => marks.read(), write: () => Promise.reject(new Error('disk full')) };
  const heard = await Heard.open({ clock: time.clock, marks: broken, failed: (cause) => void causes.push(cause) });
  heard.confirmed('kills');
  await heard.settled();
  assert.equal(causes.length, 1);
  assert.deepEqual(agesOf(await Heard.open({ clock: time.clock, marks })), [NEVER, NEVER, NEVER]);
});

const scene = async () => {
  const bench = new HubBench();
  bench.keeper.start([]);
  bench.publish(snapshot(5));
  bench.publisher.publish('kills', { seq: 5, orders: [] } satisfies KillList);
  const it = await joinedNode(bench);
  const first = await nextRun(bench, it);
  await bench.pass(100);
  assert.deepEqual([first.link.seq('snapshot'), first.link.seq('kills')], [5, 5]);
  return { bench, it, first: first.link };
};

/** The same node started again: its disk is there, and nothing else. */
const nextRun = async (bench: HubBench, it: JoinedNode) => {
  const problems: string[] = [];
  const heard = await Heard.open({ clock: bench.world.clock, marks: it.stores.marks });
  const note = (fault: Fault): void => void problems.push(`${fault.code}: ${fault.message}`);
  it.node.enforced.length = 0;
  const link = new NodeLink({ ...it.parts, heard, note });
  await link.start();
  return { link, heard, problems };
};

const stop = async (bench: HubBench, link: NodeLink): Promise<void> => {
  await link.stop();
  bench.keeper.stop();
};

test('an older file of the same control plane, copied over a newer one, is refused, and the newest is taken again', async () => {
  const { bench, it, first } = await scene();
  const older = it.kept.files.get('snapshot')!;
  bench.publish(snapshot(6));
  await bench.pass(100);
  assert.equal(first.seq('snapshot'), 6);
  await first.stop();
  it.kept.files.set('snapshot', older);
  it.wire.cut();
  const { link, heard, problems } = await nextRun(bench, it);
  assert.equal(link.seq('snapshot'), 0);
  assert.ok(!it.node.enforced.includes('snapshot 5'));
  assert.equal(heard.ageMs('snapshot'), NEVER);
  assert.match(problems.join('\n'), /the snapshot on disk has sequence 5, and 6 was in force here before/);
  it.wire.mend();
  await bench.pass(10_000);
  assert.equal(link.seq('snapshot'), 6);
  await stop(bench, link);
});

test('older orders to stop, copied over newer ones, let nobody call', async () => {
  const { bench, it, first } = await scene();
  const older = it.kept.files.get('kills')!;
  bench.publisher.publish('kills', { seq: 6, orders: [] });
  await bench.pass(100);
  await first.stop();
  it.kept.files.set('kills', older);
  it.wire.cut();
  const { link, heard } = await nextRun(bench, it);
  assert.deepEqual([link.seq('kills'), heard.ageMs('kills'), heard.ageMs('snapshot')], [0, NEVER, NEVER]);
  await stop(bench, link);
});

test('a hub that has only an older document than a node once had is refused, also when the node lost its own', async () => {
  const { bench, it, first } = await scene();
  await first.stop();
  await it.stores.marks.write({ raise: { 'highest snapshot': 9 } });
  it.kept.files.delete('snapshot');
  const { link } = await nextRun(bench, it);
  await bench.pass(5_000);
  assert.equal(link.seq('snapshot'), 0);
  assert.ok(bench.ahead.includes('snapshot'), 'the hub hears that somebody has seen more');
  bench.publish(snapshot(9));
  await bench.pass(5_000);
  assert.equal(link.seq('snapshot'), 9);
  await stop(bench, link);
});

const SPOILED: Readonly<Record<string, (whole: Signed) => Signed>> = {
  truncated: (whole) => ({ ...whole, payload: whole.payload.slice(0, whole.payload.length / 2) }),
  empty: () => ({}) as Signed,
  corrupted: (whole) => ({ ...whole, payload: whole.payload.replace('sales', 'sales2') }),
  foreign: () => signDocument('snapshot', snapshot(9), newNodeKey()),
  'of another kind': (whole) => ({ ...whole, kind: 'roster' }),
};

for (const [what, spoil] of Object.entries(SPOILED))
  test(`a node whose snapshot is ${what} starts without one, and is not ready`, async () => {
    const { bench, it, first } = await scene();
    await first.stop();
    it.kept.files.set('snapshot', spoil(it.kept.files.get('snapshot')!));
    it.wire.cut();
    const { link, heard } = await nextRun(bench, it);
    assert.deepEqual([link.seq('snapshot'), heard.ageMs('snapshot')], [0, NEVER]);
    assert.ok(!it.node.enforced.some((one) => one.startsWith('snapshot')));
    it.wire.mend();
    await bench.pass(10_000);
    assert.equal(link.seq('snapshot'), 5);
    await stop(bench, link);
  });

test('a restart without the hub goes on where the last run ended, as old as it is by then', async () => {
  const { bench, it, first } = await scene();
  await first.stop();
  it.wire.cut();
  await bench.pass(30_000);
  const { link, heard } = await nextRun(bench, it);
  assert.deepEqual([link.seq('snapshot'), link.seq('kills')], [5, 5]);
  const ageMs = heard.ageMs('kills');
  assert.ok(ageMs >= 30_000 && ageMs < 33_000, `${ageMs} ms`);
  await bench.pass(20_000);
  assert.equal(Math.round(heard.ageMs('kills') - ageMs), 20_000);
  await stop(bench, link);
});

const lines = (from: number, to: number): readonly AuditEntry[] =>
  Array.from({ length: to - from + 1 }, (_, at) => ({
    ...{
      tenant: 'default',
      atMs: from + at,
      kind: 'call.sent',
      actor: 'agent/seller',
      object: 'agent/x/y',
      callId: '',
    },
    details: { n: from + at },
  }));

const handedOver = async (bench: HubBench, it: JoinedNode): Promise<readonly number[]> =>
  (await bench.stores.nodeAudit.read(it.entry.id, 'default', 1, 100_000)).map(({ seq }) => seq);
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

test('the audit of a node arrives at its hub once and in order, over outages, lost answers and restarts', async () => {
  const { bench, it, first } = await scene();
  await it.stores.audit.append(lines(1, 700));
  await bench.pass(5_000);
  assert.deepEqual(await handedOver(bench, it), upTo(700));
  it.wire.cut();
  await it.stores.audit.append(lines(701, 1_900));
  assert.equal(await first.unsent(), 1_200);
  await bench.pass(60_000);
  await first.stop();
  const { link } = await nextRun(bench, it);
  assert.equal(await link.unsent(), 1_200);
  it.wire.mend();
  // The hub takes it, and the node does not hear so.
  const { post } = it.wire;
  let lost = 0;
  it.wire.post = async (...sent) => {
    const reply = await post.apply(it.wire, sent);
    if (sent[0].endsWith('/audit') && lost++ < 2) throw new Fault('unreachable', 'the answer was lost');
    return reply;
  };
  await bench.pass(10_000);
  assert.deepEqual([await link.unsent(), lost > 2], [0, true]);
  assert.deepEqual(await handedOver(bench, it), upTo(1_900));
  await stop(bench, link);
});

test('a hub that was restored from an older copy gets again what it lost', async () => {
  const { bench, it, first } = await scene();
  await it.stores.audit.append(lines(1, 20));
  await bench.pass(5_000);
  const whole = await bench.stores.nodeAudit.read(it.entry.id, 'default', 1, 100);
  const copy = memoryStores().nodeAudit;
  await copy.append(it.entry.id, 'default', whole.slice(0, 5));
  bench.stores.nodeAudit.append = (...asked) => copy.append(...asked);
  bench.stores.nodeAudit.read = (...asked) => copy.read(...asked);
  await it.stores.audit.append(lines(21, 22));
  await bench.pass(10_000);
  assert.deepEqual(await handedOver(bench, it), upTo(22));
  await stop(bench, first);
});

test('a node whose store is an older copy cannot overwrite what the hub has, and says so', async () => {
  const { bench, it, first } = await scene();
  await it.stores.audit.append(lines(1, 20));
  await bench.pass(5_000);
  const before = await bench.stores.nodeAudit.read(it.entry.id, 'default', 1, 100);
  await first.stop();
  const copy = { ...it, stores: memoryStores(), parts: { ...it.parts } };
  await copy.stores.audit.append(lines(1, 10));
  await copy.stores.audit.append(lines(500, 530));
  const { audit, marks } = copy.stores;
  const problems: string[] = [];
  const heard = await Heard.open({ clock: bench.world.clock, marks });
  const link = new NodeLink({
    ...it.parts,
    ...{ audit, marks, heard },
    note: (fault) => void problems.push(fault.message),
  });
  await link.start();
  await bench.pass(10_000);
  assert.match(problems.join('\n'), /the hub holds other records of this node's audit of tenant `default` up to 20/);
  assert.deepEqual(await bench.stores.nodeAudit.read(it.entry.id, 'default', 1, 100), before);
  assert.ok((await link.unsent()) > 0, 'what was not handed over is counted, so that writes stop in the end');
  await stop(bench, link);
});

test('records that were changed on their way, or before, are refused by the hub', async () => {
  const { bench, it, first } = await scene();
  await it.stores.audit.append(lines(1, 3));
  const records = await it.stores.audit.read('default', 1, 3);
  const refused = async (wrong: readonly unknown[]): Promise<string> =>
    bench.hub.audit(it.entry, { records: wrong }).then(
      () => 'taken',
      (thrown) => Fault.from(thrown).message,
    );
  assert.match(await refused([{ ...records[0], actor: 'user/eve' }]), /record 1 of the audit is not what was written/);
  assert.match(await refused([records[0], records[2]]), /record 3 of the audit does not follow/);
  assert.match(await refused([]), /no batch of audit records/);
  assert.match(await refused([{ ...records[0], extra: 1 }]), /no batch of audit records/);
  assert.deepEqual(await handedOver(bench, it), []);
  await stop(bench, first);
});
