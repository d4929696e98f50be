import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualWorld } from '../../kernel/index.ts';
import { Buckets, DURATIONS } from '../buckets.ts';
import { labelSet } from '../labels.ts';
import type { Delivery } from './courier.ts';
import { MetricPusher, type PointDropReason, type PusherOptions } from './pusher.ts';

/** Two families, each with so many targets. */
const written =
  (targets: number): PusherOptions['metrics']['write'] =>
  async (sheet) => {
    const buckets = new Buckets(DURATIONS);
    buckets.record(0.002);
    const names = Array.from({ length: targets }, (_, at) => labelSet(['target'], [`t${at}`]));
    sheet.family('airspace_calls_total');
    for (const labels of names) sheet.sample('airspace_calls_total', labels, 7);
    sheet.family('airspace_call_duration_seconds');
    for (const labels of names) sheet.histogram('airspace_call_duration_seconds', labels, buckets);
  };

interface Body {
  readonly resourceMetrics: readonly [
    {
      readonly resource: { readonly attributes: readonly { readonly key: string }[] };
      readonly scopeMetrics: readonly [{ readonly metrics: readonly { readonly name: string }[] }];
    },
  ];
}

const TAKEN: Delivery = { kind: 'taken', partial: { rejectedSpans: 0, errorMessage: '' } };

/** A collector that answers as told, the last answer again and again, in a world where time stands still. */
const pushing = (answers: readonly (Delivery | Promise<Delivery>)[], options: Partial<PusherOptions> = {}) => {
  const world = new VirtualWorld(3);
  const bodies: Body[] = [];
  const atMs: number[] = [];
  const noted: (readonly [PointDropReason, number])[] = [];
  let asked = 0;
  const pusher = new MetricPusher({
    ...{ clock: world.clock, random: () => 0.5, encoding: 'json', node: 'hub-1', metrics: { write: written(1) } },
    ...{ intervalMs: 60_000, timeoutMs: 30_000 },
    note: (reason, points) => noted.push([reason, points]),
    send: async (body) => {
      bodies.push(JSON.parse(Buffer.from(body).toString()));
      atMs.push(world.clock.nowMs());
      return answers[Math.min(asked++, answers.length - 1)]!;
    },
    ...options,
  });
  return { world, pusher, bodies, atMs, noted };
};

const namesIn = ({ resourceMetrics: [{ scopeMetrics }] }: Body): readonly string[] =>
  scopeMetrics[0].metrics.map(({ name }) => name);

test('what is counted is pushed once an interval, cumulative, by the node that counted it', async () => {
  const { world, pusher, bodies, atMs } = pushing([TAKEN]);
  await world.run(59_999);
  assert.equal(bodies.length, 0);
  await world.run(180_000);
  assert.deepEqual(atMs, [60_000, 120_000, 180_000]);
  assert.deepEqual(namesIn(bodies[0]!), ['airspace_calls_total', 'airspace_call_duration_seconds']);
  assert.deepEqual(
    bodies[0]!.resourceMetrics[0].resource.attributes.map(({ key }) => key),
    ['service.name', 'service.instance.id'],
  );
  assert.deepEqual([pusher.counts.sent, pusher.counts.trouble], [6, '']);
});

test('a collector that is away for a while loses nothing but points of then, and what was lost is counted', async () => {
  const busy: Delivery = { kind: 'later', why: 'the collector answered 503' };
  const { world, pusher, bodies, noted } = pushing([busy, busy, busy, busy, busy, TAKEN]);
  await world.run(119_999);
  assert.equal(bodies.length, 5);
  assert.deepEqual([pusher.counts.sent, pusher.counts.dropped.unavailable], [0, 2]);
  assert.deepEqual([noted, pusher.counts.trouble], [[['unavailable', 2]], 'the collector answered 503']);
  await world.run(120_000);
  assert.deepEqual([pusher.counts.sent, pusher.counts.trouble], [2, '']);
});

test('a collector that hangs is asked once, and one that takes a part is believed for what it got', async () => {
  const hung = pushing([new Promise<Delivery>(() => {})]);
  await hung.world.run(600_000);
  assert.equal(hung.bodies.length, 1);
  const part: Delivery = { kind: 'taken', partial: { rejectedSpans: 9e9, errorMessage: 'too many' } };
  const some = pushing([part]);
  await some.world.run(60_000);
  assert.deepEqual([some.pusher.counts.sent, some.pusher.counts.dropped.rejected], [0, 2]);
  assert.equal(some.pusher.counts.trouble, 'too many');
});

test('many points go in several requests, each whole', async () => {
  const { world, pusher, bodies } = pushing([TAKEN], { batch: 4, metrics: { write: written(9) } });
  await world.run(60_000);
  assert.equal(bodies.length, 5);
  assert.equal(pusher.counts.sent, 18);
  assert.deepEqual(namesIn(bodies[2]!), ['airspace_calls_total', 'airspace_call_duration_seconds']);
});

test('at the end what was counted goes out once more, and nobody waits long for it', async () => {
  const { world, pusher, bodies } = pushing([TAKEN]);
  const closed = pusher.close();
  await world.run();
  await closed;
  assert.deepEqual([bodies.length, pusher.counts.sent], [1, 2]);
  const busy: Delivery = { kind: 'later', why: 'the collector answered 503', afterMs: 30_000 };
  const away = pushing([busy]);
  const given = away.pusher.close();
  await away.world.run();
  await given;
  assert.deepEqual([away.bodies.length, away.pusher.counts.dropped.shutdown], [1, 2]);
  assert.ok(away.world.clock.nowMs() < 10_000);
});
