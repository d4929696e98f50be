/** Latencies of millions of calls in a few kilobytes, so that the load generator never allocates while it measures. */

/** Linear steps per power of two: a reported value is at most 1/512 away from the recorded one. */
const STEP_BITS = 8;
const STEPS = 1 << STEP_BITS;
const MAX_VALUE = 2 ** 32 - 1;

/**
 * Log-linear histogram of whole, non-negative numbers of any one unit, like HdrHistogram.
 * Values below 256 are exact; values over 2^32 - 1 count as 2^32 - 1.
 */
export class Histogram {
  readonly #buckets = new Uint32Array((32 - STEP_BITS + 1) * STEPS);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** The largest value, exactly; 0 when nothing was recorded. */
  get max(): number {
    return this.#max;
  }

  record(value: number): void {
    const whole = Math.min(MAX_VALUE, Math.max(0, Math.round(value)));
    const bucket = bucketOf(whole);
    this.#buckets[bucket] = this.#buckets[bucket]! + 1;
    this.#count += 1;
    if (whole > this.#max) this.#max = whole;
  }

  /** The value of nearest rank: at least the share `q` (0 to 1) of the values are no larger. 0 when empty. */
  quantile(q: number): number {
    let left = Math.max(1, Math.ceil(q * this.#count));
    for (let bucket = 0; bucket < this.#buckets.length; bucket += 1) {
      left -= this.#buckets[bucket]!;
      if (left <= 0) return Math.min(this.#max, middleOf(bucket));
    }
    return this.#max;
  }
}

function bucketOf(value: number): number {
  if (value < STEPS) return value;
  const shift = 31 - Math.clz32(value) - STEP_BITS;
  return (shift + 1) * STEPS + ((value >>> shift) - STEPS);
}

function middleOf(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  const lowest = (STEPS + (bucket % STEPS)) * 2 ** shift;
  return lowest + (2 ** shift - 1) / 2;
}
