/** Counts and latencies of calls, as Prometheus text and as plain data for `top` and `status`. */
import type { CallEvent, CallStatus, EventSink } from '../contract/index.ts';
import { Histogram } from './histogram.ts';

/** Prometheus buckets, in seconds. */
const EDGES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Distinct series kept; what comes after is counted under `other`, so that hostile names cannot fill memory. */
const SERIES_LIMIT = 5_000;

type CountedTarget = Readonly<Record<'kind' | 'name' | 'operation', string>>;

/** Calls that were refused before anybody knew whether their target exists are counted here: their names are the caller's own. */
const NOWHERE: CountedTarget = { kind: 'unknown', name: 'unknown', operation: 'unknown' };

const isPlaced = ({ principal, code }: CallEvent): boolean =>
  principal !== null && code !== 'not_found' && code !== 'loop_detected';

interface Series {
  readonly tenant: string;
  readonly role: string;
  readonly kind: string;
  readonly target: string;
  readonly operation: string;
  readonly status: CallStatus;
  readonly latency: Histogram;
}

export interface TargetStats {
  readonly kind: string;
  readonly target: string;
  readonly calls: number;
  readonly failed: number;
  readonly denied: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A gauge that is read when somebody asks. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
  /** Default `gauge`; a `counter` only grows. */
  readonly type?: 'gauge' | 'counter';
}

export class Metrics implements EventSink {
  readonly #series = new Map<string, Series>();
  readonly #gauges: Gauge[] = [];

  emit(event: CallEvent): void {
    const target = isPlaced(event) ? event.target : NOWHERE;
    const { kind, name, operation } = target;
    const key = `${event.tenant}|${event.role}|${kind}|${name}|${operation}|${event.status}`;
    let series = this.#series.get(key);
    if (series === undefined) series = this.#open(key, event, target);
    series.latency.record(event.durationMs);
  }

  gauge(gauge: Gauge): void {
    this.#gauges.push(gauge);
  }

  /** Per target, busiest first. */
  targets(tenant: string | null): readonly TargetStats[] {
    const byTarget = Map.groupBy(
      [...this.#series.values()].filter((series) => tenant === null || series.tenant === tenant),
      (series) => `${series.kind}/${series.target}`,
    );
    return [...byTarget.values()].map(statsOf).sort((a, b) => b.calls - a.calls);
  }

  /** Prometheus text exposition format 0.0.4. */
  text(): string {
    const lines = [
      '# HELP airspace_calls_total Finished calls.',
      '# TYPE airspace_calls_total counter',
      ...[...this.#series.values()].map((series) => `airspace_calls_total{${labels(series)}} ${series.latency.count}`),
      '# HELP airspace_call_duration_seconds Time from the first byte in to the end of the reply.',
      '# TYPE airspace_call_duration_seconds histogram',
      ...[...this.#series.values()].flatMap(histogramLines),
      ...this.#gauges.flatMap((gauge) => [
        `# HELP ${gauge.name} ${gauge.help}`,
        `# TYPE ${gauge.name} ${gauge.type ?? 'gauge'}`,
        `${gauge.name} ${gauge.read()}`,
      ]),
    ];
    return `${lines.join('\n')}\n`;
  }

  #open(key: string, event: CallEvent, { kind, name, operation }: CountedTarget): Series {
    const crowded = this.#series.size >= SERIES_LIMIT;
    const place = crowded ? `other|${event.status}` : key;
    const known = this.#series.get(place);
    if (known !== undefined) return known;
    const { tenant, role, status } = event;
    const opened: Series = {
      ...(crowded
        ? { tenant: 'other', role: 'other', kind: 'other', target: 'other', operation: 'other' }
        : { tenant, role, kind, target: name, operation }),
      status,
      latency: new Histogram(),
    };
    this.#series.set(place, opened);
    return opened;
  }
}

const statsOf = (series: readonly Series[]): TargetStats => {
  const first = series[0]!;
  const sum = (keep: (status: CallStatus) => boolean): number =>
    series.reduce((total, one) => total + (keep(one.status) ? one.latency.count : 0), 0);
  const busiest = series.reduce((a, b) => (b.latency.count > a.latency.count ? b : a));
  return {
    kind: first.kind,
    target: first.target,
    calls: sum(() => true),
    failed: sum((status) => status === 'failed' || status === 'unknown' || status === 'refused'),
    denied: sum((status) => status === 'denied'),
    p50Ms: busiest.latency.quantile(0.5),
    p99Ms: busiest.latency.quantile(0.99),
  };
};

const labels = (series: Series): string =>
  (['tenant', 'role', 'kind', 'target', 'operation', 'status'] as const)
    .map((name) => `${name}="${escapeLabel(series[name])}"`)
    .join(',');

const escapeLabel = (value: string): string => value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));

const histogramLines = (series: Series): readonly string[] => {
  const own = labels(series);
  return [
    ...EDGES.map(
      (edge) => `airspace_call_duration_seconds_bucket{${own},le="${edge}"} ${series.latency.atMost(edge * 1000)}`,
    ),
    `airspace_call_duration_seconds_bucket{${own},le="+Inf"} ${series.latency.count}`,
    `airspace_call_duration_seconds_sum{${own}} ${series.latency.sumMs / 1000}`,
    `airspace_call_duration_seconds_count{${own}} ${series.latency.count}`,
  ];
};
