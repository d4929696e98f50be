import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, InstanceEntry, NodeEntry, Roster } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { RosterKeeper } from './roster.ts';

const node = (id: string): NodeEntry => ({
  id,
  role: 'sidecar',
  tenant: 'default',
  domain: '',
  agent: 'a',
  publicKey: '',
  url: 'http://h',
});
const instance = (owner: string, more: Partial<InstanceEntry> = {}): InstanceEntry => ({
  id: `a@${owner}`,
  tenant: 'default',
  kind: 'agent',
  name: 'a',
  url: 'http://h',
  protocol: 'airspace',
  node: owner,
  version: '1',
  labels: {},
  state: 'ready',
  ...more,
});

/** A clock whose process can be suspended: time goes on, timers run late. */
class StallingClock implements Clock {
  #late: (() => void)[] | undefined;
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  nowMs(): number {
    return this.#clock.nowMs();
  }
  wallMs(): number {
    return this.#clock.wallMs();
  }
  after(delayMs: number, run: () => void) {
    return this.#clock.after(delayMs, () => (this.#late === undefined ? run() : this.#late.push(run)));
  }
  suspend(): void {
    this.#late = [];
  }
  resume(): void {
    const late = this.#late ?? [];
    this.#late = undefined;
    for (const run of late) run();
  }
}

const bench = () => {
  const world = new VirtualWorld(1);
  const clock = new StallingClock(world.clock);
  const published: { readonly atMs: number; readonly roster: Roster }[] = [];
  let seq = 0;
  const failures: unknown[] = [];
  const parts = {
    clock,
    nextSeq: async () => ++seq,
    publish: (roster: Roster) => void published.push({ atMs: clock.nowMs(), roster }),
    failed: (cause: unknown) => void failures.push(cause),
  };
  const keeper = new RosterKeeper(parts);
  const pass = (ms: number): Promise<void> => world.run(clock.nowMs() + ms);
  const states = (): Record<string, string> =>
    Object.fromEntries((published.at(-1)?.roster.instances ?? []).map(({ id, state }) => [id, state]));
  return { world, clock, published, keeper, pass, states, parts, failures };
};

/** Beats of one owner every 2 s for a while. */
const beating = async ({ keeper, pass }: ReturnType<typeof bench>, owner: string, beats: number): Promise<void> => {
  for (let beat = 0; beat < beats; beat++) {
    keeper.beat(owner, [instance(owner)]);
    await pass(2_000);
  }
};

test('heartbeats that say the same again make one roster', async () => {
  const it = bench();
  it.keeper.start([node('n')]);
  await it.pass(0);
  await beating(it, 'n', 50);
  assert.deepEqual(
    it.published.map(({ roster }) => roster.seq),
    [1, 2],
  );
  assert.deepEqual(it.states(), { 'a@n': 'ready' });
  it.keeper.stop();
});

test('many changes in one moment make at most one roster each 100 ms, and the last one tells all', async () => {
  const it = bench();
  it.keeper.start([]);
  for (let at = 0; at < 100; at++) {
    it.keeper.beat(`n${at}`, [instance(`n${at}`)]);
    await it.pass(5);
  }
  await it.pass(200);
  const gaps = it.published.slice(1).map(({ atMs }, at) => atMs - it.published[at]!.atMs);
  assert.ok(
    gaps.every((gap) => gap >= 100),
    `gaps ${gaps}`,
  );
  assert.ok(it.published.length <= 7);
  assert.equal(it.published.at(-1)!.roster.instances.length, 100);
  it.keeper.stop();
});

test('three missed beats are silence, one more beat ends it, ten minutes end the memory of it', async () => {
  const it = bench();
  it.keeper.start([node('n')]);
  it.keeper.beat('n', [instance('n')]);
  await it.pass(6_000);
  assert.deepEqual(it.states(), { 'a@n': 'ready' });
  await it.pass(2_100);
  assert.deepEqual(it.states(), { 'a@n': 'silent' });
  it.keeper.beat('n', [instance('n')]);
  await it.pass(100);
  assert.deepEqual(it.states(), { 'a@n': 'ready' });
  await it.pass(610_000);
  assert.deepEqual(it.states(), {});
  assert.equal(it.published.at(-1)!.roster.nodes.length, 1);
  it.keeper.stop();
});

test('silence during our own outage does not count: grace is the outage and the lease (H2)', async () => {
  const it = bench();
  it.keeper.start([]);
  await beating(it, 'alive', 3);
  it.keeper.beat('gone', [instance('gone')]);
  it.clock.suspend();
  await it.pass(60_000);
  it.clock.resume();
  await it.pass(200);
  assert.deepEqual(it.states(), { 'a@alive': 'ready', 'a@gone': 'ready' });
  await beating(it, 'alive', 5);
  assert.deepEqual(it.states(), { 'a@alive': 'ready', 'a@gone': 'silent' });
  it.keeper.stop();
});

test('an outage is noticed by the first beat after it too, before any sweep', async () => {
  const it = bench();
  it.keeper.start([]);
  await beating(it, 'one', 2);
  await beating(it, 'two', 1);
  it.clock.suspend();
  await it.pass(60_000);
  it.keeper.beat('one', [instance('one')]);
  it.clock.resume();
  await it.pass(200);
  assert.deepEqual(it.states(), { 'a@one': 'ready', 'a@two': 'ready' });
  it.keeper.stop();
});

test('after a restart the last roster holds for a full lease, except for nodes that were removed', async () => {
  const it = bench();
  const last: Roster = {
    seq: 9,
    nodes: [],
    instances: [instance('n'), instance('removed'), { ...instance('x'), id: 'a@direct', node: '', protocol: 'direct' }],
  };
  it.keeper.start([node('n')], last);
  await it.pass(6_000);
  assert.deepEqual(it.states(), { 'a@direct': 'ready', 'a@n': 'ready' });
  await it.pass(2_100);
  assert.deepEqual(it.states(), { 'a@direct': 'silent', 'a@n': 'silent' });
  it.keeper.stop();
});

test('draining, leaving and removal are seen at once', async () => {
  const it = bench();
  it.keeper.start([node('n')]);
  it.keeper.beat('n', [instance('n', { state: 'draining' })]);
  await it.pass(100);
  assert.deepEqual(it.states(), { 'a@n': 'draining' });
  it.keeper.leave('n');
  await it.pass(100);
  assert.deepEqual(it.states(), {});
  it.keeper.removeNode('n');
  await it.pass(100);
  assert.deepEqual(it.published.at(-1)!.roster.nodes, []);
  it.keeper.stop();
});

test('a number that cannot be had is asked for again, and nothing is lost', async () => {
  const it = bench();
  let isBroken = true;
  const keeper = new RosterKeeper({
    ...it.parts,
    nextSeq: async () => {
      if (isBroken) throw new Error('disk full');
      return 1;
    },
  });
  keeper.start([node('n')]);
  await it.pass(500);
  assert.equal(it.published.length, 0);
  assert.ok(it.failures.length >= 2);
  isBroken = false;
  await it.pass(200);
  assert.equal(it.published.at(-1)!.roster.nodes.length, 1);
  keeper.stop();
});

test('nothing runs on after stop', async () => {
  const it = bench();
  it.keeper.start([node('n')]);
  it.keeper.beat('n', [instance('n')]);
  it.keeper.stop();
  it.keeper.beat('n', []);
  assert.equal(it.world.pending, 0);
});

test('what another hub hears is in the roster for as long as that hub says so, and is not said to be heard here', async () => {
  const it = bench();
  it.keeper.start([node('n'), node('m')]);
  it.keeper.beat('n', [instance('n')]);
  it.keeper.hearPeer('other', [instance('m')]);
  await it.pass(200);
  assert.deepEqual(it.states(), { 'a@m': 'ready', 'a@n': 'ready' });
  assert.deepEqual(
    it.keeper.own().map(({ id }) => id),
    ['a@n'],
  );
  it.keeper.hearPeer('other', []);
  await it.pass(200);
  assert.deepEqual(it.states(), { 'a@n': 'ready' });
  it.keeper.stop();
});

test('instances of a hub that falls silent fall silent, and whoever finds its way here is heard here', async () => {
  const it = bench();
  it.keeper.start([node('n'), node('m')]);
  it.keeper.hearPeer('other', [instance('n'), instance('m')]);
  await it.pass(3_000);
  await beating(it, 'm', 4);
  assert.deepEqual(it.states(), { 'a@m': 'ready', 'a@n': 'silent' });
  it.keeper.hearPeer('other', [instance('m', { state: 'draining' })]);
  await it.pass(200);
  assert.equal(it.states()['a@m'], 'ready', 'known better here');
  it.keeper.stop();
});

test('the same roster comes under a new number when it is asked for', async () => {
  const it = bench();
  it.keeper.start([node('n')]);
  await it.pass(200);
  it.keeper.renumber();
  await it.pass(200);
  const [before, after] = it.published.slice(-2);
  assert.equal(after!.roster.seq, before!.roster.seq + 1);
  assert.deepEqual(after!.roster.nodes, before!.roster.nodes);
  it.keeper.stop();
});
