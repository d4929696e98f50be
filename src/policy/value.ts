/** The values that Cedar computes with, when two of them are equal, and how plain data becomes one. */
import { Fault } from '../contract/index.ts';
import { EvaluationError } from './evaluation-error.ts';
import { Decimal, parseDecimal } from './extension/decimal.ts';
import { IpRange, parseIp } from './extension/ip.ts';
import { Datetime, Duration, offset, parseDatetime, parseDuration } from './extension/time.ts';
import type { Long } from './long.ts';

export type Value = boolean | Long | string | EntityRef | CedarSet | CedarRecord | Extension;
export type Extension = Decimal | Datetime | Duration | IpRange;

/** A name of an entity; whether it exists, only the store knows. */
export class EntityRef {
  readonly type: string;
  readonly id: string;
  /** INVARIANT: a type has no quote, so no two entities share a key. */
  readonly key: string;

  constructor(type: string, id: string) {
    if (type.includes('"')) throw new Fault('bad_request', 'an entity type must not contain a quote');
    this.type = type;
    this.id = id;
    this.key = `${type}::"${id}"`;
  }
}

export class CedarSet {
  /** Without duplicates, in the order given. */
  readonly items: readonly Value[];
  /** Strings, Longs and booleans are their own key; they are most sets, and membership is then one look-up. */
  readonly #plain = new Set<Value>();

  constructor(values: Iterable<Value>) {
    const items: Value[] = [];
    for (const value of values) {
      if (includes(items, this.#plain, value)) continue;
      items.push(value);
      if (typeof value !== 'object') this.#plain.add(value);
    }
    this.items = items;
  }

  has(value: Value): boolean {
    return includes(this.items, this.#plain, value);
  }
}

const includes = (items: readonly Value[], plain: ReadonlySet<Value>, value: Value): boolean =>
  typeof value === 'object' ? items.some((item) => equals(item, value)) : plain.has(value);

/** A map and not an object, so that an attribute called `__proto__` is an attribute. */
export class CedarRecord {
  readonly fields: ReadonlyMap<string, Value>;

  constructor(fields: ReadonlyMap<string, Value>) {
    this.fields = fields;
  }
}

/** Cedar's `==`: total over all values, false between different types. */
export const equals = (a: Value, b: Value): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof EntityRef) return b instanceof EntityRef && a.key === b.key;
  if (a instanceof CedarSet) return b instanceof CedarSet && sameItems(a, b);
  if (a instanceof CedarRecord) return b instanceof CedarRecord && sameFields(a.fields, b.fields);
  return sameExtension(a, b);
};

const sameItems = (a: CedarSet, b: CedarSet): boolean =>
  a.items.length === b.items.length && a.items.every((item) => b.has(item));

const sameFields = (a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean => {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined || !equals(value, other)) return false;
  }
  return true;
};

const sameExtension = (a: Extension, b: Value): boolean => {
  if (a instanceof Decimal) return b instanceof Decimal && a.units === b.units;
  if (a instanceof Datetime) return b instanceof Datetime && a.ms === b.ms;
  if (a instanceof Duration) return b instanceof Duration && a.ms === b.ms;
  return b instanceof IpRange && a.bits === b.bits && a.address === b.address && a.prefix === b.prefix;
};

const MAX_NESTING = 64;

/**
 * Plain data, with Cedar's escapes `__entity` and `__extn`, as a value.
 * Throws Fault `bad_request` for what Cedar has no word for: null, floats, integers that a double cannot hold exactly.
 */
export const fromJson = (data: unknown, depth = 0): Value => {
  if (typeof data === 'string' || typeof data === 'boolean') return data;
  if (typeof data === 'number') return safeInteger(data);
  if (typeof data !== 'object' || data === null) throw refuse(`${data === null ? 'null' : typeof data} is not a value`);
  if (depth > MAX_NESTING) throw refuse(`values nest deeper than ${MAX_NESTING}`);
  if (Array.isArray(data)) return new CedarSet(data.map((item) => fromJson(item, depth + 1)));
  if (Object.hasOwn(data, '__entity')) return entityFromJson((data as Escaped)['__entity']);
  if (Object.hasOwn(data, '__extn')) return extensionFromJson((data as Escaped)['__extn'], depth);
  return new CedarRecord(fieldsFromJson(data, depth));
};

/** The attributes or tags of an entity, or a context. Throws like `fromJson`. */
export const fieldsFromJson = (data: object, depth = 0): ReadonlyMap<string, Value> =>
  new Map(Object.entries(data).map(([name, item]) => [name, fromJson(item, depth + 1)]));

/** `{type, id}`, bare or inside `__entity`. */
export const entityFromJson = (data: unknown): EntityRef => {
  const inner = (data as Escaped | undefined)?.['__entity'] ?? data;
  const { type, id } = (inner ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string' || typeof id !== 'string') throw refuse('an entity needs a type and an id');
  return new EntityRef(type, id);
};

type Escaped = Readonly<Record<string, unknown>>;

const refuse = (what: string): Fault => new Fault('bad_request', `policy data: ${what}`);

const safeInteger = (value: number): number => {
  if (!Number.isSafeInteger(value))
    throw refuse(`${value} is no integer within ±(2^53-1); use whole units or a decimal`);
  return value + 0;
};

const CONSTRUCTORS = new Map<unknown, (text: string) => Extension>([
  ['decimal', parseDecimal],
  ['datetime', parseDatetime],
  ['duration', parseDuration],
  ['ip', parseIp],
]);

const extensionFromJson = (data: unknown, depth: number): Value => {
  const { fn, arg, args } = (data ?? {}) as Readonly<Record<string, unknown>>;
  const [first, second] = (Array.isArray(args) ? args : [arg]).map((item) => fromJson(item, depth + 1));
  const construct = CONSTRUCTORS.get(fn);
  try {
    if (construct !== undefined && typeof first === 'string') return construct(first);
    if (fn === 'offset' && first instanceof Datetime && second instanceof Duration) return offset(first, second);
  } catch (thrown) {
    if (thrown instanceof EvaluationError) throw refuse(thrown.message);
    throw thrown;
  }
  throw refuse(`no value is made by \`${String(fn)}\` from such arguments`);
};
