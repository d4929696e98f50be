/** Metrics as bytes, in protobuf or JSON. The numbers are those of `opentelemetry/proto/metrics/v1/metrics.proto`. */
import type { HistogramPoint, Metric, MetricExemplar, MetricsRequest, NumberPoint } from './metric-words.ts';
import type { Encoding } from './words.ts';
import { writeAttribute, writeList, writeScope } from './write.ts';
import { Writer } from './writer.ts';

/** `AGGREGATION_TEMPORALITY_CUMULATIVE`. */
const CUMULATIVE = 2;
/** Bytes that the length of a message takes, mostly: of a point, and of what holds many of them. */
const MIDDLE = 2;
const LARGE = 3;

/** The body of `POST {endpoint}/v1/metrics`. */
export const writeMetrics = (request: MetricsRequest, encoding: Encoding): Uint8Array => {
  if (encoding === 'json') return Buffer.from(JSON.stringify(jsonOf(request)));
  const writer = new Writer();
  const whole = writer.open(1, LARGE);
  const resource = writer.open(1);
  writeList(writer, 1, request.resource.attributes, writeAttribute);
  writer.close(resource);
  const metrics = writer.open(2, LARGE);
  writeScope(writer, request.scope);
  writeList(writer, 2, request.metrics, writeMetric, LARGE);
  writer.close(metrics, LARGE);
  writer.close(whole, LARGE);
  return writer.finish();
};

/** Its field in `Metric`. */
const DATA = { gauge: 5, sum: 7, histogram: 9 } as const;

const writeMetric = (writer: Writer, metric: Metric): void => {
  writer.text(1, metric.name);
  writer.textIfAny(2, metric.description);
  writer.textIfAny(3, metric.unit);
  const data = writer.open(DATA[metric.kind], LARGE);
  if (metric.kind === 'histogram') writeList(writer, 1, metric.points, writeHistogram, MIDDLE);
  else writeList(writer, 1, metric.points, writeNumber, MIDDLE);
  if (metric.kind !== 'gauge') writer.int(2, CUMULATIVE);
  if (metric.kind === 'sum') writer.bool(3, true);
  writer.close(data, LARGE);
};

const writeNumber = (writer: Writer, { attributes, startMs, timeMs, value }: NumberPoint): void => {
  if (startMs !== undefined) writer.nanos(2, startMs);
  writer.nanos(3, timeMs);
  writer.double(4, value);
  writeList(writer, 7, attributes, writeAttribute);
};

const writeHistogram = (writer: Writer, point: HistogramPoint): void => {
  writer.nanos(2, point.startMs);
  writer.nanos(3, point.timeMs);
  writer.fixed64(4, BigInt(point.count));
  writer.double(5, point.sum);
  writer.packedFixed64(6, point.bucketCounts);
  writer.packedDouble(7, point.bounds);
  writeList(writer, 8, point.exemplars, writeExemplar);
  writeList(writer, 9, point.attributes, writeAttribute);
};

const writeExemplar = (writer: Writer, { timeMs, value, traceId }: MetricExemplar): void => {
  writer.nanos(2, timeMs);
  writer.double(3, value);
  writer.hex(5, traceId);
};

/** As the JSON encoding of protobuf has it: 64-bit numbers and what is no number as text. */
const jsonOf = ({ resource, scope, metrics }: MetricsRequest): unknown => ({
  resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: metrics.map(jsonMetric) }] }],
});

const jsonMetric = ({ name, description, unit, ...data }: Metric): unknown => {
  const described = { name, description, unit };
  if (data.kind === 'gauge') return { ...described, gauge: { dataPoints: data.points.map(jsonNumber) } };
  const aggregated = { aggregationTemporality: CUMULATIVE };
  if (data.kind === 'histogram')
    return { ...described, histogram: { dataPoints: data.points.map(jsonHistogram), ...aggregated } };
  return { ...described, sum: { dataPoints: data.points.map(jsonNumber), ...aggregated, isMonotonic: true } };
};

const jsonNumber = ({ attributes, startMs, timeMs, value }: NumberPoint): unknown => ({
  attributes,
  ...(startMs === undefined ? {} : { startTimeUnixNano: nanosText(startMs) }),
  ...{ timeUnixNano: nanosText(timeMs), asDouble: jsonDouble(value) },
});

const jsonHistogram = (point: HistogramPoint): unknown => ({
  attributes: point.attributes,
  ...{ startTimeUnixNano: nanosText(point.startMs), timeUnixNano: nanosText(point.timeMs) },
  ...{ count: String(point.count), sum: jsonDouble(point.sum) },
  ...{ bucketCounts: point.bucketCounts.map(String), explicitBounds: point.bounds },
  exemplars: point.exemplars.map(({ timeMs, value, traceId }) => ({
    ...{ timeUnixNano: nanosText(timeMs), asDouble: jsonDouble(value), traceId },
  })),
});

const jsonDouble = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** Nanoseconds exceed 2^53, so milliseconds are split before they are scaled. Below a microsecond a number of today's milliseconds is noise. */
export const nanosText = (ms: number): string => {
  const whole = Math.floor(ms);
  return (BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000)) * 1_000n).toString();
};
