/** Things counted by label values, never more than fit: what comes after is counted under `other`, so that hostile names cannot fill memory. */
import { CLOSED_LABELS } from './families.ts';
import { keyOf, type LabelSet, labelSet, labelValue } from './labels.ts';

export interface Series<T> {
  readonly labels: LabelSet;
  readonly value: T;
}

export class SeriesMap<T> {
  /** Observations that found no room of their own. */
  others = 0;
  readonly #names: readonly string[];
  readonly #most: number;
  readonly #make: () => T;
  readonly #known = new Map<string, Series<T>>();
  readonly #rest = new Map<string, Series<T>>();

  /** `most`: series with names of their own. */
  constructor(names: readonly string[], most: number, make: () => T) {
    this.#names = names;
    this.#most = most;
    this.#make = make;
  }

  /** Values in the order of the names. The first look at a series opens it. */
  at(values: readonly string[]): T {
    const known = this.#known.get(keyOf(values));
    return known === undefined ? this.#opened(values) : known.value;
  }

  *all(): Iterable<Series<T>> {
    yield* this.#known.values();
    yield* this.#rest.values();
  }

  #opened(given: readonly string[]): T {
    const values = given.map(labelValue);
    const key = keyOf(values);
    // Somebody may be called `other` indeed: the same labels twice would spoil the whole answer.
    const known = this.#known.get(key) ?? this.#rest.get(key);
    if (known !== undefined) return known.value;
    if (this.#known.size < this.#most) return this.#open(this.#known, key, values);
    this.others += 1;
    const other = values.map((value, at) => (CLOSED_LABELS.has(this.#names[at]!) ? value : 'other'));
    const place = keyOf(other);
    const rest = this.#rest.get(place) ?? this.#known.get(place);
    return rest === undefined ? this.#open(this.#rest, place, other) : rest.value;
  }

  #open(where: Map<string, Series<T>>, key: string, values: readonly string[]): T {
    const value = this.#make();
    where.set(key, { labels: labelSet(this.#names, values), value });
    return value;
  }
}
