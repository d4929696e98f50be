/** What a node counts as metrics of OTLP: the families, labels and numbers of `/metrics` in one moment. */
import type { HistogramPoint, Metric, MetricExemplar, NumberPoint } from '../../dialects/otlp/index.ts';
import type { Buckets } from '../buckets.ts';
import { FAMILIES, type FamilyName } from '../families.ts';
import type { LabelSet } from '../labels.ts';
import type { Sheet } from '../sheet.ts';

/** UCUM, by what the name of a family says. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_seconds(_total)?$/, 's'],
  [/_bytes(_total)?$/, 'By'],
  [/_ratio$/, '1'],
  [/_usd_total$/, '{USD}'],
];

interface Family {
  readonly name: FamilyName;
  readonly points: (NumberPoint | HistogramPoint)[];
}

export class MetricSheet implements Sheet {
  readonly #families: Family[] = [];
  readonly #startMs: number;
  readonly #timeMs: number;

  /** Unix ms at which all counting began, and of now. */
  constructor(startMs: number, timeMs: number) {
    this.#startMs = startMs;
    this.#timeMs = timeMs;
  }

  family(name: FamilyName): void {
    this.#families.push({ name, points: [] });
  }

  sample(name: FamilyName, labels: LabelSet, value: number): void {
    this.#add({
      ...{ attributes: attributesOf(labels), timeMs: this.#timeMs, value },
      ...(FAMILIES[name].type === 'counter' ? { startMs: this.#startMs } : {}),
    });
  }

  histogram(_: FamilyName, labels: LabelSet, buckets: Buckets): void {
    const { edges, sum } = buckets;
    const bucketCounts = Array.from({ length: edges.length + 1 }, (_, at) => buckets.in(at));
    this.#add({
      ...{ attributes: attributesOf(labels), startMs: this.#startMs, timeMs: this.#timeMs },
      ...{ count: bucketCounts.reduce((total, count) => total + count, 0), sum, bucketCounts, bounds: edges },
      exemplars: bucketCounts.flatMap((_, at) => exemplarIn(buckets, at)),
    });
  }

  /** In parts of so many points, so that none of them is long in the making. A family may be in two. */
  *parts(most: number): Iterable<{ readonly metrics: readonly Metric[]; readonly points: number }> {
    let metrics: Metric[] = [];
    let points = 0;
    for (const { name, points: all } of this.#families)
      for (let from = 0; from < all.length; ) {
        const some = all.slice(from, from + most - points);
        metrics.push(metricOf(name, some));
        from += some.length;
        points += some.length;
        if (points < most) continue;
        yield { metrics, points };
        metrics = [];
        points = 0;
      }
    if (points > 0) yield { metrics, points };
  }

  #add(point: NumberPoint | HistogramPoint): void {
    this.#families.at(-1)?.points.push(point);
  }
}

const KINDS = { counter: 'sum', gauge: 'gauge', histogram: 'histogram' } as const;

const metricOf = (name: FamilyName, points: readonly (NumberPoint | HistogramPoint)[]): Metric => {
  const { type, help } = FAMILIES[name];
  const unit = UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? '';
  // The type of a family is the kind of all its points.
  return { name, description: help, unit, kind: KINDS[type], points } as Metric;
};

const attributesOf = ({ pairs }: LabelSet) => pairs.map(([key, value]) => ({ key, value: { stringValue: value } }));

const exemplarIn = (buckets: Buckets, bucket: number): readonly MetricExemplar[] => {
  const found = buckets.exemplar(bucket);
  return found === undefined ? [] : [{ traceId: found.trace, value: found.value, timeMs: found.at * 1_000 }];
};
