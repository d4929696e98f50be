/** A thousand nodes lose their hub and find it again, in virtual time: what the hub has to do at once stays bounded, and orders to stop come first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type NodeEntry, type Signed, type SignedDelta } from '../contract/index.ts';
import { newNodeKey } from '../identity/index.ts';
import { Canceller, VirtualWorld } from '../kernel/index.ts';
import { Admission } from './admission.ts';
import { backoffMs, jittered, pause } from './backoff.ts';
import { snapshot } from './linkfixture.ts';
import { Publisher } from './snapshots.ts';

const BEAT_MS = 4_000;
/** What a node takes to read what it missed. */
const READ_MS = 150;
const LIMITS = { atOnce: 32, waiting: 256, turnMs: 2_000, retryAfterMs: 5_000 };

const nodeOf = (at: number): NodeEntry => ({
  ...{ id: `n${at}`, role: 'sidecar', tenant: 'default', domain: '', agent: `a${at}` },
  ...{ publicKey: '', url: 'http://127.0.0.1:1' },
});

/** The hub is away from the beginning until `backAtMs`; then `kills` is newer than what anybody has, and so is everything else. */
const outage = async (count: number, backAtMs: number, untilMs: number) => {
  const world = new VirtualWorld(11);
  const { clock, random } = world;
  const publisher = new Publisher(newNodeKey());
  const admission = new Admission(clock, LIMITS);
  publisher.publish('kills', { seq: 2, orders: [] });
  publisher.publish('snapshot', snapshot(2));
  const seen = {
    asked: new Map<number, number>(),
    refused: 0,
    mostReading: 0,
    mostWaiting: 0,
    beats: new Map<number, number>(),
  };
  const killsAtMs: number[] = [];
  const wholeAtMs: number[] = [];
  const closing = new Canceller();
  let reading = 0;

  const second = (counts: Map<number, number>): void => {
    const at = Math.floor(clock.nowMs() / 1_000);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  };
  const isAway = (): boolean => clock.nowMs() < backAtMs;

  const open = (node: NodeEntry): AsyncIterable<Signed | SignedDelta> => {
    if (isAway()) throw new Fault('unreachable', 'away');
    second(seen.asked);
    const turn = admission.request();
    return publisher.newerThan({ snapshotSeq: 1, rosterSeq: 0, killsSeq: 1 }, closing, { node, turn });
  };

  const follow = async (at: number): Promise<void> => {
    for (let failures = 1; closing.reason === undefined; failures++) {
      let askedMs = 0;
      try {
        for await (const { kind } of open(nodeOf(at))) {
          if (kind === 'kills') killsAtMs[at] ??= clock.nowMs();
          else {
            reading += 1;
            seen.mostReading = Math.max(seen.mostReading, reading);
            seen.mostWaiting = Math.max(seen.mostWaiting, admission.waiting);
            await pause(clock, closing, READ_MS * (0.5 + random()));
            reading -= 1;
            wholeAtMs[at] = clock.nowMs();
          }
        }
        return;
      } catch (thrown) {
        const fault = Fault.from(thrown);
        if (fault.code === 'unavailable') seen.refused += 1;
        askedMs = fault.retryAfterMs ?? 0;
      }
      await pause(clock, closing, backoffMs(failures, random, askedMs));
    }
  };
  const beat = (at: number): void => {
    if (!isAway()) {
      second(seen.beats);
      killsAtMs[at] ??= clock.nowMs();
    }
    clock.after(jittered(BEAT_MS, random), () => beat(at));
  };
  for (let at = 0; at < count; at++) {
    void follow(at);
    clock.after(random() * BEAT_MS, () => beat(at));
  }
  await world.run(untilMs);
  closing.cancel(new Fault('cancelled', 'over'));
  await world.run(untilMs);
  const most = (counts: Map<number, number>): number => Math.max(0, ...counts.values());
  return { ...seen, mostAsked: most(seen.asked), mostBeats: most(seen.beats), killsAtMs, wholeAtMs, backAtMs };
};

const long = outage(1_000, 120_000, 180_000);

test('after a long outage a thousand nodes come back over half a minute, and few read at once', async () => {
  const it = await long;
  assert.equal(it.wholeAtMs.filter((at) => at !== undefined).length, 1_000);
  assert.ok(it.mostReading <= LIMITS.atOnce, `${it.mostReading} read at once`);
  assert.ok(it.mostAsked <= 150, `${it.mostAsked} asked in one second`);
  assert.ok(it.mostBeats <= 400, `${it.mostBeats} beats in one second`);
  assert.equal(it.refused, 0);
  const lastMs = Math.max(...it.wholeAtMs) - it.backAtMs;
  assert.ok(lastMs > 15_000 && lastMs <= 32_000, `the last one had everything after ${lastMs} ms`);
});

test('orders to stop reach all of them within one beat, however long the rest takes', async () => {
  const it = await long;
  const lastMs = Math.max(...it.killsAtMs) - it.backAtMs;
  assert.ok(it.killsAtMs.length === 1_000 && lastMs <= 1.1 * BEAT_MS + 1, `the last one after ${lastMs} ms`);
});

test('after a restart of two seconds all ask nearly at once, and are admitted a few at a time', async () => {
  const it = await outage(1_000, 2_000, 60_000);
  assert.ok(it.mostReading <= LIMITS.atOnce);
  assert.ok(it.mostWaiting <= LIMITS.waiting);
  assert.ok(it.refused > 0, 'somebody is told to come again');
  assert.equal(it.wholeAtMs.filter((at) => at !== undefined).length, 1_000);
  assert.ok(Math.max(...it.wholeAtMs) <= 32_000);
});

test('a single node whose hub was away for a moment is back in less than two seconds', async () => {
  const it = await outage(1, 700, 10_000);
  assert.ok(it.wholeAtMs[0]! - it.backAtMs < 1_500);
});
