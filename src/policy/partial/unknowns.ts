/** The values that an unknown can have, as far as the policies tell them apart: one example of each kind is all of them. */
import type { Env } from '../compile/index.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { Decimal } from '../extension/decimal.ts';
import { Datetime, Duration } from '../extension/time.ts';
import { isLong } from '../long.ts';
import { CedarRecord, CedarSet, equals, type Value } from '../value.ts';
import type { Reading } from './open.ts';

/** Smallest and largest value, where the world knows them. */
export type Bounds = readonly [least: number, most: number];
export type Example = Value | EvaluationError;

/** What is asked for an unknown that this branch has no answer for. Not an EvaluationError: no policy may take it for one. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
  readonly unknown: string;

  constructor(unknown: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(unknown);
    Error.stackTraceLimit = limit;
    this.unknown = unknown;
  }
}

/** A context that knows some of its attributes, and says which one it would need. */
export class OpenContext extends CedarRecord {
  constructor(known: ReadonlyMap<string, Example>) {
    super(new Answers(known));
  }
}

class Answers extends Map<string, Value> {
  readonly #known: ReadonlyMap<string, Example>;

  constructor(known: ReadonlyMap<string, Example>) {
    super();
    this.#known = known;
  }

  override get(name: string): Value {
    const answer = this.#known.get(name);
    if (answer === undefined) throw new Undecided(name);
    if (answer instanceof EvaluationError) throw answer;
    return answer;
  }
}

/** Equal to nothing that a policy can write: Cedar's own parser refuses no character, but nobody means this one. */
const SOMETHING_ELSE = '\u0001';
const FAILED = new EvaluationError('it may fail');

/** INVARIANT: whatever value the unknown really has, one of the examples leads every reading to the same outcome. */
export const examplesOf = (readings: readonly Reading[], env: Env, bounds: Bounds | undefined): readonly Example[] => {
  const compared = readings.flatMap((reading) => comparedWith(reading, env));
  const isTruth = readings.some((reading) => reading.compared === undefined) || compared.some(isBoolean);
  const others = unique(compared.filter((value) => !isBoolean(value) && scaleOf(value) === undefined));
  const found: readonly Example[] = [
    ...(isTruth ? [true, false] : []),
    ...(readings.some(({ mayFail }) => mayFail) ? [FAILED] : []),
    ...SCALES.flatMap((scale) => steps(scale, compared, bounds)),
    ...others,
  ];
  return found.length === 0 || others.length > 0 ? [...found, SOMETHING_ELSE] : found;
};

const isBoolean = (value: Value): boolean => typeof value === 'boolean';

const comparedWith = ({ compared, member }: Reading, env: Env): readonly Value[] => {
  if (compared === undefined) return [];
  try {
    const value = compared(env);
    return member === true && value instanceof CedarSet ? value.items : [value];
  } catch (thrown) {
    // The other side fails whatever this one is.
    if (thrown instanceof EvaluationError) return [];
    throw thrown;
  }
};

const unique = (values: readonly Value[]): Value[] =>
  values.filter((value, at) => values.findIndex((other) => equals(other, value)) === at);

/** A type with an order: its values are told apart by where they lie between those that policies name. */
interface Scale {
  readonly take: (value: Value) => bigint | undefined;
  readonly make: (at: bigint) => Value;
  readonly bounds: readonly [least: bigint, most: bigint];
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** What may come into a context; values beyond exist in Cedar and nowhere else. */
const NUMBERS = [-SAFE, SAFE] as const;
const ALL_64_BITS = [-(1n << 63n), (1n << 63n) - 1n] as const;

const SCALES: readonly Scale[] = [
  { take: (value) => (isLong(value) ? BigInt(value) : undefined), make: Number, bounds: NUMBERS },
  {
    take: (value) => (value instanceof Datetime ? BigInt(value.ms) : undefined),
    make: (at) => new Datetime(Number(at)),
    bounds: NUMBERS,
  },
  {
    take: (value) => (value instanceof Duration ? BigInt(value.ms) : undefined),
    make: (at) => new Duration(Number(at)),
    bounds: NUMBERS,
  },
  {
    take: (value) => (value instanceof Decimal ? value.units : undefined),
    make: (at) => new Decimal(at),
    bounds: ALL_64_BITS,
  },
];

const scaleOf = (value: Value): Scale | undefined => SCALES.find(({ take }) => take(value) !== undefined);

/** Each named value, the next after it, which stands for all up to the next named one, and the least; those within the bounds. */
const steps = ({ take, make, bounds }: Scale, compared: readonly Value[], given: Bounds | undefined): Value[] => {
  const named = compared.flatMap((value) => take(value) ?? []);
  if (named.length === 0) return [];
  const [least, most] = given === undefined ? bounds : given.map((at) => BigInt(Math.floor(at)));
  const around = new Set([least as bigint, ...named.flatMap((at) => [at, at + 1n])]);
  const within = [...around].filter((at) => at >= least! && at <= most!).sort((a, b) => (a < b ? -1 : 1));
  // Two steps with nothing named between them, or at them, are one and the same to every policy.
  const marks = new Set(named);
  return within.filter((at, index) => index === 0 || marks.has(at) || marks.has(within[index - 1]!)).map(make);
};
