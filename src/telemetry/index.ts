/** Events of calls: recorded, counted, logged, exported. */
export { Histogram } from './histogram.ts';
export { statusOf, type TraceOptions, trace } from './layer.ts';
export { type Level, Logger, type LoggerOptions, type LogRecord } from './logs.ts';
export { type Gauge, Metrics, type TargetStats } from './metrics.ts';
export { otlpRequest } from './otlp.ts';
export { Batcher, type BatchOptions, fanout, storeSink } from './sinks.ts';
