import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../../contract/index.ts';
import { readTraces } from '../../dialects/otlp/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import type { Delivery } from './courier.ts';
import { type DropReason, Exporter, type ExporterOptions } from './exporter.ts';

/** With one step, so two spans. */
const event = (id: number): CallEvent => ({
  ...{ callId: 'c'.repeat(32), trace: 'a'.repeat(32), span: id.toString(16).padStart(16, '1'), tenant: 'default' },
  ...{ principal: null, target: { kind: 'agent', name: 'orders', operation: 'where' }, node: 'hub', role: 'hub' },
  ...{ lineage: { root: 'c'.repeat(32), depth: 0 }, startedAtMs: 1, durationMs: 2, status: 'ok', code: '' },
  ...{ httpStatus: 200, requestBytes: 3, replyBytes: 4, snapshotSeq: 5, attributes: {} },
  steps: [{ span: id.toString(16).padStart(16, '2'), name: 'decide', offsetMs: 0, durationMs: 1, attributes: {} }],
});

const TAKEN: Delivery = { kind: 'taken', partial: { rejectedSpans: 0, errorMessage: '' } };

/** A collector that answers as told, the last answer again and again, and the exporter in a world where time stands still. */
const exporting = (answers: readonly (Delivery | Promise<Delivery>)[], options: Partial<ExporterOptions> = {}) => {
  const world = new VirtualWorld(7);
  const sizes: number[] = [];
  const atMs: number[] = [];
  const noted: (readonly [DropReason, number, string])[] = [];
  let asked = 0;
  const exporter = new Exporter({
    ...{ clock: world.clock, random: world.random, encoding: 'protobuf', names: 'otel' },
    note: (...lost) => noted.push(lost),
    send: async (body) => {
      sizes.push(readTraces(body, 'protobuf').spans.length);
      atMs.push(world.clock.nowMs());
      return answers[Math.min(asked++, answers.length - 1)]!;
    },
    ...options,
  });
  return { world, exporter, sizes, atMs, noted };
};

const droppedOf = ({ counts }: Exporter): Partial<Record<DropReason, number>> =>
  Object.fromEntries(Object.entries(counts.dropped).filter(([, count]) => count > 0));

test('spans go in batches, a full one at once and the rest soon, and an event is never torn', async () => {
  const { world, exporter, sizes } = exporting([TAKEN], { batch: 5 });
  for (let id = 0; id < 4; id++) exporter.emit(event(id));
  await world.run();
  assert.deepEqual(sizes, [4, 4]);
  assert.deepEqual([exporter.counts.sent, exporter.counts.waiting, droppedOf(exporter)], [8, 0, {}]);
  exporter.emit(event(9));
  await world.run();
  assert.deepEqual(sizes, [4, 4, 2]);
});

test('a collector that hangs holds a bounded number of spans, and what has no room is counted', async () => {
  const hung = new Promise<Delivery>(() => {});
  const { world, exporter, sizes } = exporting([hung], { batch: 10, capacity: 40 });
  for (let id = 0; id < 100; id++) exporter.emit(event(id));
  await world.run();
  assert.deepEqual(sizes, [10], 'one request at a time');
  assert.deepEqual([exporter.counts.waiting, droppedOf(exporter)], [40, { queue_full: 160 }]);
  const closed = exporter.close();
  await world.run();
  await closed;
  assert.deepEqual([exporter.counts.waiting, droppedOf(exporter)], [0, { queue_full: 160, shutdown: 40 }]);
  exporter.emit(event(1));
  assert.deepEqual(droppedOf(exporter), { queue_full: 160, shutdown: 42 });
});

test('what can be sent later is sent later: after what the collector asked for, else after ever longer pauses', async () => {
  const asks: Delivery = { kind: 'later', why: 'the collector answered 429', afterMs: 20_000 };
  const busy: Delivery = { kind: 'later', why: 'the collector answered 503' };
  const { world, exporter, atMs } = exporting([asks, busy, busy, TAKEN]);
  exporter.emit(event(1));
  await world.run();
  assert.deepEqual([exporter.counts.sent, droppedOf(exporter)], [2, {}]);
  const pauses = atMs.slice(1).map((at, index) => at - atMs[index]!);
  assert.ok(pauses[0]! >= 20_000 && pauses[0]! < 21_000, String(pauses));
  assert.ok(pauses[1]! >= 1_000 && pauses[1]! <= 3_000, String(pauses));
  assert.ok(pauses[2]! >= 2_000 && pauses[2]! <= 6_000, String(pauses));
});

test('a collector that stays away is given up, and the next batch is tried', async () => {
  const busy: Delivery = { kind: 'later', why: 'the collector was not reached (ECONNREFUSED)' };
  const { world, exporter, sizes, noted } = exporting([busy, busy, busy, TAKEN], { tries: 3, batch: 2 });
  exporter.emit(event(1));
  exporter.emit(event(2));
  await world.run();
  assert.deepEqual(sizes, [2, 2, 2, 2]);
  assert.deepEqual([exporter.counts.sent, droppedOf(exporter)], [2, { unavailable: 2 }]);
  assert.deepEqual(noted, [['unavailable', 2, 'the collector was not reached (ECONNREFUSED)']]);
});

test('a refusal is not repeated; a part that is refused is counted and told', async () => {
  const refused: Delivery = { kind: 'refused', why: 'the collector answered 400' };
  const part: Delivery = { kind: 'taken', partial: { rejectedSpans: 1, errorMessage: 'one too many' } };
  const { world, exporter, sizes, noted } = exporting([refused, part], { batch: 2 });
  exporter.emit(event(1));
  exporter.emit(event(2));
  await world.run();
  assert.deepEqual(sizes, [2, 2]);
  assert.deepEqual([exporter.counts.sent, droppedOf(exporter)], [1, { refused: 2, rejected: 1 }]);
  assert.equal(exporter.counts.trouble, 'one too many');
  assert.deepEqual(
    noted.map(([reason]) => reason),
    ['refused', 'rejected'],
  );
});

test('a collector that says it rejected more than it got is believed for what it got', async () => {
  const lies: Delivery = { kind: 'taken', partial: { rejectedSpans: 9e9, errorMessage: '' } };
  const { world, exporter } = exporting([lies]);
  exporter.emit(event(1));
  await world.run();
  assert.deepEqual([exporter.counts.sent, exporter.counts.waiting, droppedOf(exporter)], [0, 0, { rejected: 2 }]);
});

test('at the end what waits is sent, without pauses', async () => {
  const busy: Delivery = { kind: 'later', why: 'the collector answered 503', afterMs: 30_000 };
  const { world, exporter } = exporting([busy, TAKEN], { batch: 2 });
  exporter.emit(event(1));
  exporter.emit(event(2));
  await world.run(2_000);
  const closed = exporter.close();
  await world.run();
  await closed;
  assert.equal(exporter.counts.sent + (droppedOf(exporter).unavailable ?? 0), 4);
  assert.equal(exporter.counts.waiting, 0);
  assert.ok(world.clock.nowMs() < 10_000, String(world.clock.nowMs()));
});
