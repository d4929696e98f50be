/** Values of labels as they may be written: names come from agents, and one bad value would spoil the whole answer. */

/** Longer names are cut, and then are one. */
const LONGEST = 128;

/** Lone surrogates would become one and the same character on the wire, and two series one. */
export const labelValue = (value: string): string => {
  const short = value.length > LONGEST ? value.slice(0, LONGEST) : value;
  return short.isWellFormed() ? short : short.toWellFormed();
};

/** Different for different lists, whatever is in the values. */
export const keyOf = (values: readonly string[]): string => {
  let key = '';
  for (const value of values) key += `${value.length}.${value}`;
  return key;
};

export interface LabelSet {
  /** Without those that are empty: an empty value is the same as no label. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** `a="b",c="d"`, as in the exposition formats of Prometheus. */
  readonly text: string;
}

export const labelSet = (names: readonly string[], values: readonly string[]): LabelSet =>
  setOf(names.map((name, at) => [name, values[at] ?? ''] as const).filter(([, value]) => value !== ''));

export const withLabel = ({ pairs }: LabelSet, name: string, value: string): LabelSet =>
  setOf([...pairs, [name, value]]);

const setOf = (pairs: LabelSet['pairs']): LabelSet => ({
  pairs,
  text: pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(','),
});

const escaped = (value: string): string => value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
