/** A table from pairs of 32-bit numbers to small numbers that are not 0, in flat arrays: nothing to allocate, nothing to collect. */

export class Generation {
  /** High and low in turns. */
  readonly #keys: Int32Array;
  /** 0: the slot is free. */
  readonly #values: Int32Array;
  readonly #mask: number;
  #size = 0;

  /** At least half of the slots stay free, so that a look-up ends soon. */
  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * most));
    this.#keys = new Int32Array(2 * slots);
    this.#values = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  get(high: number, low: number): number {
    return this.#values[this.#slotOf(high, low)]!;
  }

  /** Of a pair that is not there yet. */
  put(high: number, low: number, value: number): void {
    const slot = this.#slotOf(high, low);
    this.#keys[2 * slot] = high;
    this.#keys[2 * slot + 1] = low;
    this.#values[slot] = value;
    this.#size += 1;
  }

  clear(): void {
    this.#values.fill(0);
    this.#size = 0;
  }

  /** Where it is, or the free slot where it would be. */
  #slotOf(high: number, low: number): number {
    let slot = high & this.#mask;
    while (this.#values[slot] !== 0 && (this.#keys[2 * slot] !== high || this.#keys[2 * slot + 1] !== low))
      slot = (slot + 1) & this.#mask;
    return slot;
  }
}
