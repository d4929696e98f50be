/** OTLP over HTTP: traces as they are sent and as they are received, metrics as they are sent. */
export type { HistogramPoint, Metric, MetricExemplar, MetricsRequest, NumberPoint } from './metric-words.ts';
export { MOST_SPANS, type ReadSpans, readTaken, readTraces } from './read.ts';
export {
  type AnyValue,
  CONTENT_TYPES,
  type Encoding,
  encodingOf,
  type KeyValue,
  KIND,
  type PartialSuccess,
  type ResourceSpans,
  type ScopeSpans,
  type Span,
  type SpanEvent,
  type SpanLink,
  STATUS,
  type TraceRequest,
} from './words.ts';
export { writeRefusal, writeTaken, writeTraces } from './write.ts';
export { nanosText, writeMetrics } from './write-metrics.ts';
export { Writer } from './writer.ts';
