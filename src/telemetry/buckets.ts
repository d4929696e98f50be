/** Values in the buckets of one histogram, each with the newest call that fell into it. */

/** Upper edges of durations, in seconds. */
export const DURATIONS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** Of scores from 0 to 1. */
export const SCORES: readonly number[] = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** A call that stands for its bucket. */
export interface Exemplar {
  readonly trace: string;
  readonly value: number;
  /** Unix seconds. */
  readonly at: number;
}

export class Buckets {
  count = 0;
  sum = 0;
  readonly edges: readonly number[];
  readonly #counts: Float64Array;
  readonly #values: Float64Array;
  readonly #at: Float64Array;
  readonly #traces: string[];

  constructor(edges: readonly number[]) {
    this.edges = edges;
    // One more, for what is beyond the last edge.
    const size = edges.length + 1;
    this.#counts = new Float64Array(size);
    this.#values = new Float64Array(size);
    this.#at = new Float64Array(size);
    this.#traces = new Array<string>(size).fill('');
  }

  /** `trace` empty: no call that could be looked up. `atMs`: Unix time of its end. */
  record(value: number, trace = '', atMs = 0): void {
    const bucket = this.#bucketOf(value);
    this.count += 1;
    this.sum += value;
    this.#counts[bucket]! += 1;
    if (trace === '') return;
    this.#traces[bucket] = trace;
    this.#values[bucket] = value;
    this.#at[bucket] = atMs / 1_000;
  }

  /** Not cumulative; the last one has no upper edge. */
  in(bucket: number): number {
    return this.#counts[bucket] ?? 0;
  }

  exemplar(bucket: number): Exemplar | undefined {
    const trace = this.#traces[bucket] ?? '';
    return TRACE.test(trace) ? { trace, value: this.#values[bucket]!, at: this.#at[bucket]! } : undefined;
  }

  #bucketOf(value: number): number {
    let at = 0;
    while (at < this.edges.length && value > this.edges[at]!) at += 1;
    return at;
  }
}

const TRACE = /^[0-9a-f]{32}$/;
