/** Latencies in a fixed set of log-linear buckets: a few nanoseconds to record, percentiles within 3 %. */

const SUB = 32; // Buckets per power of two: a relative error of at most 1/32.
const SUB_BITS = 5;
const SIZE = 27 * SUB; // Up to 2^31 microseconds, about 36 minutes.

export class Histogram {
  readonly #counts = new Uint32Array(SIZE);
  count = 0;
  sumMs = 0;

  record(ms: number): void {
    const micros = Math.min(0x7fffffff, Math.max(0, Math.round(ms * 1000)));
    const at = bucketOf(micros);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.count++;
    this.sumMs += ms;
  }

  /** Upper edge of the bucket in which the `q` quantile lies, in milliseconds; 0 when empty. */
  quantile(q: number): number {
    let left = Math.max(1, Math.ceil(q * this.count));
    for (let at = 0; at < SIZE; at++) {
      left -= this.#counts[at] ?? 0;
      if (left <= 0 && this.count > 0) return upperEdge(at) / 1000;
    }
    return 0;
  }
}

const bucketOf = (micros: number): number => {
  if (micros < SUB) return micros;
  const exponent = 31 - Math.clz32(micros) - SUB_BITS;
  return (exponent + 1) * SUB + (micros >>> exponent) - SUB;
};

const upperEdge = (at: number): number => {
  if (at < SUB) return at;
  const exponent = Math.floor(at / SUB) - 1;
  return ((at % SUB) + SUB + 1) * 2 ** exponent - 1;
};
