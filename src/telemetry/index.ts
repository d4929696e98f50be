/** Events of calls: recorded, counted, logged, exported. */
export type { TeamsOf } from './counted.ts';
export { CONTENT_TYPES, type Exposition, expositionFor } from './exposition.ts';
export { FAMILIES, type Family, type FamilyName } from './families.ts';
export { Histogram } from './histogram.ts';
export {
  Intake,
  type IntakeCounts,
  type IntakeOptions,
  LEFT_REASONS,
  type LeftReason,
  MOST_HANDED_PER_MINUTE,
  MOST_OUTCOMES_PER_TRACE,
  MOST_PER_MINUTE,
  MOST_PER_TRACE,
  type Taken,
} from './intake.ts';
export { statusOf, type TraceOptions, trace } from './layer.ts';
export { LogBook, type LogBookOptions } from './logbook.ts';
export { Logger, type LoggerOptions } from './logs.ts';
export { type Gauge, Metrics, type MetricsOptions, type Say, SERIES_LIMIT, type Source } from './metrics.ts';
export { type NameSet, SCHEMA_URL } from './names.ts';
export { Courier, type Delivered, type Delivery } from './otlp/courier.ts';
export { DROP_REASONS, type DropReason, type ExportCounts, Exporter, type ExporterOptions } from './otlp/exporter.ts';
export { MetricSheet } from './otlp/metric-sheet.ts';
export {
  MetricPusher,
  POINT_DROP_REASONS,
  type PointDropReason,
  type PushCounts,
  type PusherOptions,
} from './otlp/pusher.ts';
export { spanCount, traceRequest } from './otlp/request.ts';
export { MOST_OUTCOMES_PER_MINUTE, Outcomes, type OutcomesOptions } from './outcomes.ts';
export { payloads } from './payloads.ts';
export type { Sheet } from './sheet.ts';
export { Batcher, type BatchOptions, fanout, storeSink } from './sinks.ts';
export { type SumGround, sumOf } from './sums.ts';
export type { TargetStats } from './targets.ts';
export { type UsageGround, usageOf } from './usage.ts';
export { EXPENSIVE_MICROS, Notable, SLOW_MS } from './worth.ts';
