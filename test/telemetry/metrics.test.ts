/** An official decoder reads the metrics that a collector gets, and they are the numbers of `/metrics` at the same moment, one by one. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { CallEvent } from '../../src/contract/index.ts';
import { type Encoding, type MetricsRequest, writeMetrics } from '../../src/dialects/otlp/index.ts';
import { FAMILIES, type FamilyName, MetricSheet, Metrics } from '../../src/telemetry/index.ts';
import { startScene } from './scene.ts';

type Long = number | string | { toNumber(): number; toString(): string };

interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly startTimeUnixNano: Long;
  readonly timeUnixNano: Long;
  readonly asDouble?: number | string;
  readonly count?: Long;
  readonly sum?: number;
  readonly bucketCounts?: readonly Long[];
  readonly explicitBounds?: readonly number[];
  readonly exemplars?: readonly { readonly traceId: Uint8Array | string; readonly asDouble: number }[];
}

interface Data {
  readonly dataPoints: readonly Point[];
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
}

interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit?: string | null;
  readonly gauge?: Data | null;
  readonly sum?: Data | null;
  readonly histogram?: Data | null;
}

interface Decoded {
  readonly resourceMetrics: readonly { readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[] }[];
}

const { opentelemetry } = createRequire(import.meta.url)('otlp-transformer-v0.203/build/src/generated/root.js') as {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly metrics: {
          readonly v1: { readonly ExportMetricsServiceRequest: { decode(bytes: Uint8Array): Decoded } };
        };
      };
    };
  };
};

const { ExportMetricsServiceRequest } = opentelemetry.proto.collector.metrics.v1;

const decode = (bytes: Uint8Array, encoding: Encoding): readonly Metric[] => {
  const decoded =
    encoding === 'json'
      ? (JSON.parse(Buffer.from(bytes).toString()) as Decoded)
      : ExportMetricsServiceRequest.decode(bytes);
  return decoded.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
};

const TRACE = 'ab'.repeat(16);

const event = (change: Partial<CallEvent>): CallEvent => ({
  ...{ callId: 'c'.repeat(32), trace: TRACE, span: '1'.repeat(16), tenant: 'default', code: '', requestBytes: 7 },
  ...{ principal: { kind: 'agent', id: 'größe "x"\n', domain: 'shop' }, node: 'hub', role: 'hub', startedAtMs: 1 },
  ...{ target: { kind: 'agent', name: 'orders', operation: 'where' }, lineage: { root: 'c'.repeat(32), depth: 0 } },
  ...{ durationMs: 2, status: 'ok', httpStatus: 200, replyBytes: 1e12, snapshotSeq: 5 },
  ...{ attributes: { 'cost.micros': 12_345, 'usage.input_tokens': 12, 'usage.output_tokens': 3 } },
  steps: [{ span: '2'.repeat(16), name: 'decide', offsetMs: 0, durationMs: 1, attributes: { effect: 'allow' } }],
  ...change,
});

const counted = (): Metrics => {
  const metrics = new Metrics();
  for (const durationMs of [0.5, 3, 3.5, 700, 99_999]) metrics.emit(event({ durationMs }));
  metrics.emit(event({ status: 'denied', code: 'denied', tenant: 'acme' }));
  metrics.outcome(
    {
      ...{ trace: TRACE, span: 'outcome/1', name: 'refund', kind: 'internal', tenant: 'default', status: 'unset' },
      ...{ startedAtMs: 1, durationMs: 0, receivedAtMs: 1, message: '', service: '', attributes: {}, left: 0 },
      ...{ principal: { kind: 'agent', id: 'orders' }, outcome: { task: 'refund', result: 'completed', score: 0.9 } },
    },
    'hub',
  );
  metrics.source({
    name: 'odd',
    read: (say) => {
      say('airspace_snapshot_age_seconds', {}, Number.POSITIVE_INFINITY);
      say('airspace_hub_silent_seconds', {}, Number.NaN);
      say('airspace_build_info', { version: '1', node: 'hub-1', role: 'hub' }, 1);
      say('airspace_budget_spent', { tenant: 'default', budget: 'b', unit: 'usd' }, -0.25);
    },
  });
  return metrics;
};

const START_MS = 1_795_000_000_000.25;
const NOW_MS = 1_795_000_060_000.5;

const requestOf = async (metrics: Metrics): Promise<MetricsRequest> => {
  const sheet = new MetricSheet(START_MS, NOW_MS);
  await metrics.write(sheet);
  const [part, ...more] = [...sheet.parts(10_000)];
  assert.equal(more.length, 0);
  return { resource: { attributes: [] }, scope: { name: 'airspace' }, metrics: part!.metrics };
};

/** Each sample as a line of `/metrics` has it. */
const linesOf = (metrics: readonly Metric[]): readonly string[] =>
  metrics.flatMap(({ name, gauge, sum, histogram }) => [
    ...[...(gauge?.dataPoints ?? []), ...(sum?.dataPoints ?? [])].map((point) =>
      lineOf(name, labelsOf(point), Number(point.asDouble)),
    ),
    ...(histogram?.dataPoints ?? []).flatMap((point) => bucketLines(name, point)),
  ]);

const bucketLines = (name: string, point: Point): readonly string[] => {
  const labels = labelsOf(point);
  let total = 0;
  const buckets = point.bucketCounts!.map((count, at) => {
    total += Number(count);
    return lineOf(`${name}_bucket`, [...labels, `le="${point.explicitBounds![at] ?? '+Inf'}"`], total);
  });
  assert.equal(Number(point.count), total);
  return [...buckets, lineOf(`${name}_sum`, labels, point.sum!), lineOf(`${name}_count`, labels, total)];
};

const labelsOf = ({ attributes }: Point): readonly string[] =>
  attributes.map(({ key, value: { stringValue } }) => `${key}=${JSON.stringify(stringValue)}`);

const lineOf = (name: string, labels: readonly string[], value: number): string => {
  const text = Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : '+Inf';
  return `${name}${labels.length === 0 ? '' : `{${labels.join()}}`} ${text}`;
};

for (const encoding of ['protobuf', 'json'] as const)
  test(`${encoding}: what a collector gets are the numbers of /metrics, one by one`, async () => {
    const metrics = counted();
    const got = decode(writeMetrics(await requestOf(metrics), encoding), encoding);
    const scraped = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.ok(scraped.length > 80);
    assert.deepEqual(linesOf(got).toSorted(), scraped.toSorted());
  });

for (const encoding of ['protobuf', 'json'] as const)
  test(`${encoding}: types, times, units and exemplars are what the families say`, async () => {
    const got = decode(writeMetrics(await requestOf(counted()), encoding), encoding);
    for (const { name, description, gauge, sum, histogram } of got) {
      const { type, help } = FAMILIES[name as FamilyName];
      assert.equal(description, help);
      assert.deepEqual(
        [gauge, sum, histogram].map((data) => data !== undefined && data !== null),
        ['gauge', 'counter', 'histogram'].map((one) => one === type),
        name,
      );
      const data = (gauge ?? sum ?? histogram)!;
      if (type !== 'gauge') assert.equal(data.aggregationTemporality, 2, name);
      if (type === 'counter') assert.equal(data.isMonotonic, true, name);
      for (const point of data.dataPoints) {
        assert.equal(String(point.timeUnixNano), '1795000060000500000');
        if (type !== 'gauge') assert.equal(String(point.startTimeUnixNano), '1795000000000250000');
      }
    }
    const named = (name: string): Metric => got.find((one) => one.name === name)!;
    assert.deepEqual(
      ['airspace_call_duration_seconds', 'airspace_request_bytes_total', 'airspace_calls_total'].map(
        (name) => named(name).unit ?? '',
      ),
      ['s', 'By', ''],
    );
    const [point] = named('airspace_call_duration_seconds').histogram!.dataPoints;
    const traceOf = (id: Uint8Array | string): string =>
      typeof id === 'string' ? id : Buffer.from(id).toString('hex');
    assert.deepEqual(
      point!.exemplars!.map(({ traceId, asDouble }) => [traceOf(traceId), asDouble]),
      [0.0005, 0.0035, 0.7, 99.999].map((value) => [TRACE, value]),
    );
  });

test('a hub pushes what it counts to the collector beside its traces, and says how much arrived', async () => {
  await using scene = await startScene();
  const { status } = await fetch(`${scene.url}/v1/agents/orders/where`, {
    ...{ method: 'POST', body: '{}' },
    headers: { 'content-type': 'application/json', authorization: `Bearer ${scene.keys.concierge}` },
  });
  assert.equal(status, 200);
  const calls = (): readonly Point[] =>
    decode(scene.pushed.at(-1) ?? Buffer.alloc(0), 'protobuf').find(({ name }) => name === 'airspace_calls_total')?.sum
      ?.dataPoints ?? [];
  while (calls().length === 0) await scene.more();
  const ofOrders = calls().filter((point) => labelsOf(point).includes('target="orders"'));
  assert.deepEqual(
    ofOrders.map(({ asDouble }) => asDouble),
    [1],
  );
  const { otlpMetrics } = (await (await scene.ask('/v1/status')).json()) as {
    otlpMetrics: { to: string; sent: number };
  };
  assert.ok(otlpMetrics.sent > 20 && otlpMetrics.to.endsWith('/v1/metrics'));
});
