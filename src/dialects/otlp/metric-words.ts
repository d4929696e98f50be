/** The words of OTLP 1.x for metrics, with numbers as numbers: `write-metrics.ts` knows how each encoding has them. */
import type { KeyValue } from './words.ts';

/** Unix ms. */
interface Timed {
  readonly timeMs: number;
}

export interface MetricExemplar extends Timed {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly value: number;
}

export interface NumberPoint extends Timed {
  readonly attributes: readonly KeyValue[];
  /** Of a sum: when it was 0. */
  readonly startMs?: number;
  readonly value: number;
}

export interface HistogramPoint extends Timed {
  readonly attributes: readonly KeyValue[];
  readonly startMs: number;
  readonly count: number;
  readonly sum: number;
  /** One more than there are bounds; not cumulative. */
  readonly bucketCounts: readonly number[];
  readonly bounds: readonly number[];
  readonly exemplars: readonly MetricExemplar[];
}

interface Described {
  readonly name: string;
  readonly description: string;
  /** UCUM; empty: none. */
  readonly unit: string;
}

/** Sums never fall, and count from the start: temporality is cumulative. */
export type Metric =
  | (Described & { readonly kind: 'gauge' | 'sum'; readonly points: readonly NumberPoint[] })
  | (Described & { readonly kind: 'histogram'; readonly points: readonly HistogramPoint[] });

/** `ExportMetricsServiceRequest` of one resource and one scope. */
export interface MetricsRequest {
  readonly resource: { readonly attributes: readonly KeyValue[] };
  readonly scope: { readonly name: string; readonly version?: string };
  readonly metrics: readonly Metric[];
}
