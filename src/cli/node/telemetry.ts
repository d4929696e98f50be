/** Where a node's events go: metrics, logs, live listeners, the trace store or the hub, and a collector if one is named. */
import {
  type AgentSpan,
  type AgentSpanStore,
  type CallEvent,
  DEFAULT_TENANT,
  type EventSink,
  type LogLevel,
  type LogRecord,
  type LogStore,
  type TraceStore,
} from '../../contract/index.ts';
import { EventFeed } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import {
  Batcher,
  fanout,
  Intake,
  LEFT_REASONS,
  LogBook,
  Logger,
  Metrics,
  type TeamsOf,
  traceRequest,
} from '../../telemetry/index.ts';
import { type Exported, metricPusher, traceExporter } from './exporting.ts';
import type { OtlpMetricSettings, OtlpSettings } from './otlp.ts';

export interface Observed {
  readonly sink: EventSink;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Of hubs: their own logs and those of nodes that joined them. */
  readonly book: LogBook | undefined;
  /** Finished calls for whoever watches. */
  readonly feed: EventFeed;
  /** What became of what was to be exported. */
  readonly exported: () => Exported;
  /** A trace as a collector of this node gets it, or would get it. */
  readonly otlp: (events: readonly CallEvent[], said: readonly AgentSpan[]) => unknown;
  /** For spans that agents say of themselves. `kept` gets those that were kept, once. */
  intake(stores: SaidStores, kept: (spans: readonly AgentSpan[], isHanded: boolean) => void): Intake;
  /**
   * What was kept of what agents said: outcomes are counted, and a collector gets what was said here. What was handed over by a node below
   * is that node's to export, as its calls are. `role` is the part of this node.
   */
  said(spans: readonly AgentSpan[], role: string, isHanded: boolean): void;
  /** Writes what is still held here. A collector is not waited for. */
  flush(): Promise<void>;
  /** When the node ends: the same, and a collector gets what it takes in a few seconds. */
  close(): Promise<void>;
}

export interface SaidStores {
  readonly traces: Pick<TraceStore, 'trace'>;
  readonly agentSpans: Pick<AgentSpanStore, 'append' | 'trace'>;
}

export interface ObserveOptions {
  readonly world: World;
  readonly node: string;
  readonly level: LogLevel;
  /** For whom the node stands: of what it writes down about itself. */
  readonly about?: { readonly tenant?: string; readonly domain?: string; readonly agent?: string };
  /** Keeps its logs. Absent: they are handed up, or only written. */
  readonly logs?: LogStore;
  /** Gets each record for the hub above. */
  readonly up?: (record: LogRecord) => void;
  readonly log: (line: string) => void;
  /** Where events are kept: the node's own trace store, or the way to its hub. */
  readonly keep: (events: readonly CallEvent[]) => Promise<void>;
  /** Where traces go, and where metrics go. Absent: nowhere. */
  readonly otlp?: OtlpSettings | undefined;
  readonly otlpMetrics?: OtlpMetricSettings | undefined;
  /** As `MetricsOptions.series`. */
  readonly metricSeries?: number | undefined;
  /** Default: nobody is in a team. */
  readonly teamsOf?: TeamsOf;
}

export const observe = (options: ObserveOptions): Observed => {
  const { world, node, level, log, keep, otlp, otlpMetrics, about, logs, up, ...measured } = options;
  const { clock } = world;
  const { metricSeries, teamsOf } = measured;
  const metrics = new Metrics({
    clock,
    ...(metricSeries === undefined ? {} : { series: metricSeries }),
    ...(teamsOf === undefined ? {} : { teamsOf }),
  });
  const logger = new Logger({ node, clock, level, write: log, ...(about === undefined ? {} : { about }) });
  const book = logs && new LogBook({ store: logs, clock });
  if (book !== undefined)
    // What is about nobody that is known is of whoever runs the node.
    logger.subscribe((record) => book.add({ ...record, tenant: record.tenant || DEFAULT_TENANT }));
  if (up !== undefined) logger.subscribe(up);
  const kept = new Batcher(keep, { clock });
  const exporter = otlp && traceExporter(otlp, { world, node, logger, metrics });
  const pusher = otlpMetrics && metricPusher(otlpMetrics, { world, node, logger, metrics });
  const feed = new EventFeed();
  metrics.gauge({
    name: 'airspace_telemetry_dropped_total',
    labels: { reason: 'store' },
    read: () => kept.dropped,
  });
  return {
    sink: fanout(metrics, logger, kept, feed, ...(exporter === undefined ? [] : [exporter])),
    metrics,
    logger,
    book,
    feed,
    exported: () => ({
      ...(otlp && exporter && { otlp: { to: otlp.url, ...exporter.counts } }),
      ...(otlpMetrics && pusher && { otlpMetrics: { to: otlpMetrics.url, ...pusher.counts } }),
    }),
    otlp: (events, said) => traceRequest(events, said, otlp?.names ?? 'otel'),
    intake: ({ traces, agentSpans }, forward) => {
      const intake = new Intake({
        clock,
        store: agentSpans,
        events: async (tenant, trace) => (await traces.trace(tenant, trace)).filter((event) => event.trace === trace),
        forward,
      });
      countIntake(metrics, intake);
      return intake;
    },
    said: (spans, role, isHanded) => {
      // What is said of a session is in no trace.
      if (!isHanded) exporter?.said(spans.filter(({ outcome }) => outcome?.session === undefined));
      for (const one of spans) metrics.outcome(one, role);
    },
    flush: () => kept.flush(),
    close: async () => {
      await Promise.all([kept.flush(), book?.flush(), exporter?.close(), pusher?.close()]);
    },
  };
};

const countIntake = (metrics: Metrics, intake: Intake): void => {
  metrics.gauge({
    name: 'airspace_agent_spans_kept_total',
    read: () => intake.counts.kept,
  });
  for (const reason of LEFT_REASONS)
    metrics.gauge({
      name: 'airspace_agent_spans_dropped_total',
      labels: { reason },
      read: () => intake.counts.left[reason],
    });
};
