/** Values and entities back in Cedar's JSON form: what cedar-wasm is asked with. The reverse of `value.ts`. */
import type { Entity } from '../entities.ts';
import { Decimal } from '../extension/decimal.ts';
import type { IpRange } from '../extension/ip.ts';
import { Datetime, Duration } from '../extension/time.ts';
import { CedarRecord, CedarSet, EntityRef, type Extension, type Value } from '../value.ts';

export const refJson = ({ type, id }: EntityRef) => ({ type, id });

/** Throws RangeError for an integer that JSON cannot carry; no value that came through our border is one. */
export const toJson = (value: Value): unknown => {
  if (typeof value === 'bigint') throw new RangeError(`${value} is beyond what JSON carries`);
  if (typeof value !== 'object') return value;
  if (value instanceof EntityRef) return { __entity: refJson(value) };
  if (value instanceof CedarSet) return value.items.map(toJson);
  if (value instanceof CedarRecord) return fieldsJson(value.fields);
  return extensionJson(value);
};

export const fieldsJson = (fields: ReadonlyMap<string, Value>): Record<string, unknown> =>
  Object.fromEntries([...fields].map(([name, value]) => [name, toJson(value)]));

export const entityJson = ({ ref, attributes, tags, parents }: Entity) => ({
  uid: refJson(ref),
  attrs: fieldsJson(attributes),
  tags: fieldsJson(tags),
  parents: parents.map(refJson),
});

const call = (fn: string, ...args: readonly unknown[]) => ({
  __extn: args.length === 1 ? { fn, arg: args[0] } : { fn, args },
});

const EPOCH = call('datetime', '1970-01-01');

const extensionJson = (value: Extension) => {
  if (value instanceof Decimal) return call('decimal', decimalText(value.units));
  // As a distance, because the text of an instant has four digits for the year.
  if (value instanceof Datetime) return call('offset', EPOCH, call('duration', `${value.ms}ms`));
  if (value instanceof Duration) return call('duration', `${value.ms}ms`);
  return call('ip', ipText(value));
};

const decimalText = (units: bigint): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(5, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
};

const ipText = ({ bits, address, prefix }: IpRange): string => {
  const [size, radix, separator] = bits === 32 ? ([8, 10, '.'] as const) : ([16, 16, ':'] as const);
  const groups = Array.from({ length: bits / size }, (_, index) => {
    const shift = BigInt(bits - size * (index + 1));
    return ((address >> shift) & ((1n << BigInt(size)) - 1n)).toString(radix);
  });
  return `${groups.join(separator)}/${prefix}`;
};
