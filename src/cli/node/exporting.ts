/** What a node hands on to a collector, if one is named: traces as they end, metrics every so often. Both say what became of it. */
import type { NodeStatus } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import {
  DROP_REASONS,
  Exporter,
  type Logger,
  MetricPusher,
  type Metrics,
  POINT_DROP_REASONS,
} from '../../telemetry/index.ts';
import { collector, type OtlpMetricSettings, type OtlpSettings } from './otlp.ts';

export interface ExportParts {
  readonly world: World;
  readonly node: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Counted among the metrics of the node. */
export const traceExporter = (settings: OtlpSettings, { world, logger, metrics }: ExportParts): Exporter => {
  const exporter = new Exporter({
    ...{ clock: world.clock, random: world.random, encoding: settings.encoding, names: settings.names },
    send: collector(settings),
    note: (reason, spans, why) => logger.log('warn', 'spans were not exported', { reason, spans, detail: why }),
  });
  metrics.gauge({ name: 'airspace_otlp_spans_sent_total', read: () => exporter.counts.sent });
  metrics.gauge({ name: 'airspace_otlp_spans_waiting', read: () => exporter.counts.waiting });
  for (const reason of DROP_REASONS)
    metrics.gauge({
      name: 'airspace_otlp_spans_dropped_total',
      labels: { reason },
      read: () => exporter.counts.dropped[reason],
    });
  return exporter;
};

/** Itself among what it pushes. */
export const metricPusher = (
  settings: OtlpMetricSettings,
  { world, node, logger, metrics }: ExportParts,
): MetricPusher => {
  const pusher = new MetricPusher({
    ...{ clock: world.clock, random: world.random, metrics, node, encoding: settings.encoding },
    ...{ intervalMs: settings.intervalMs, timeoutMs: settings.pushMs, send: collector(settings) },
    note: (reason, points, why) => logger.log('warn', 'metrics were not exported', { reason, points, detail: why }),
  });
  metrics.gauge({ name: 'airspace_otlp_points_sent_total', read: () => pusher.counts.sent });
  for (const reason of POINT_DROP_REASONS)
    metrics.gauge({
      name: 'airspace_otlp_points_dropped_total',
      labels: { reason },
      read: () => pusher.counts.dropped[reason],
    });
  return pusher;
};

export type Exported = Pick<NodeStatus, 'otlp' | 'otlpMetrics'>;
