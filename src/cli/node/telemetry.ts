/** Where a node's events go: metrics, logs, live listeners, the trace store or the hub, and an OTLP collector if one is named. */
import { request } from 'undici';
import type { CallEvent, EventSink } from '../../contract/index.ts';
import { EventFeed } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import { Batcher, fanout, type Level, Logger, Metrics, otlpRequest } from '../../telemetry/index.ts';

export interface Observed {
  readonly sink: EventSink;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Finished calls for whoever watches. */
  readonly feed: EventFeed;
  /** Writes what is still held. */
  flush(): Promise<void>;
}

export interface ObserveOptions {
  readonly world: World;
  readonly node: string;
  readonly level: Level;
  readonly log: (line: string) => void;
  /** Where events are kept: the node's own trace store, or the way to its hub. */
  readonly keep: (events: readonly CallEvent[]) => Promise<void>;
  /** Base URL of an OTLP/HTTP collector, as in `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly otlp?: string | undefined;
}

export const observe = ({ world, node, level, log, keep, otlp }: ObserveOptions): Observed => {
  const { clock } = world;
  const metrics = new Metrics();
  const logger = new Logger({ node, clock, level, write: log });
  const kept = new Batcher(keep, { clock });
  const exported =
    otlp === undefined
      ? undefined
      : new Batcher((events) => post(`${otlp.replace(/\/+$/, '')}/v1/traces`, events), { clock });
  const feed = new EventFeed();
  metrics.gauge({
    name: 'airspace_events_dropped',
    help: 'Events that could not be kept.',
    read: () => kept.dropped + (exported?.dropped ?? 0),
  });
  return {
    sink: fanout(metrics, logger, kept, feed, ...(exported === undefined ? [] : [exported])),
    metrics,
    logger,
    feed,
    flush: async () => {
      await kept.flush();
      await exported?.flush();
    },
  };
};

/** Throws when the collector does not take the batch; the batcher counts it. */
const post = async (url: string, events: readonly CallEvent[]): Promise<void> => {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlpRequest(events, 'airspace')),
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  });
  await body.dump();
  if (statusCode >= 300) throw new Error(`the collector answered ${statusCode}`);
};
