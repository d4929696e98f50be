/**
 * The arguments of one call as values that policies compute with, by the types from the snapshot.
 *
 * Strict, because what policy sees must be what the target sees: nothing is rounded, coerced or left out. What does not
 * fit is a sentence that names the field and never repeats its value.
 */
import type { ArgumentType, RecordArgument } from '../../contract/index.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { parseDecimal } from '../extension/decimal.ts';
import { CedarRecord, CedarSet, type Value } from '../value.ts';

/** What does not fit, for example `` `amountCents` must be a whole number ``. */
export class Misfit extends Error {}

/** Throws Misfit. */
export const argumentsFrom = (type: RecordArgument, data: unknown): CedarRecord => record(type, data, '');

const convert = (type: ArgumentType, data: unknown, path: string): Value => {
  switch (type.is) {
    case 'string':
      return typeof data === 'string' ? data : misfit(path, 'a text', data);
    case 'boolean':
      return typeof data === 'boolean' ? data : misfit(path, 'true or false', data);
    case 'long':
      return long(data, path);
    case 'decimal':
      return decimal(data, path);
    case 'set':
      if (!Array.isArray(data)) return misfit(path, 'a list', data);
      return new CedarSet(data.map((item) => convert(type.of, item, `${path}[]`)));
    case 'record':
      return record(type, data, path);
  }
};

const misfit = (path: string, wanted: string, data: unknown): never => {
  throw new Misfit(`${subject(path)} must be ${wanted}, not ${kindOf(data)}`);
};

const subject = (path: string): string => (path === '' ? 'the payload' : `\`${path}\``);

const kindOf = (data: unknown): string => {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'a list';
  return { string: 'a text', boolean: 'true or false', number: 'a number' }[typeof data as string] ?? 'an object';
};

/** INVARIANT: beyond 2^53-1 a double may already be another number than the one in the payload. */
const long = (data: unknown, path: string): number => {
  if (typeof data !== 'number') return misfit(path, 'a whole number', data);
  if (!Number.isSafeInteger(data))
    throw new Misfit(
      `${subject(path)} must be a whole number within ±(2^53-1), not ${Number.isInteger(data) ? 'such a large number' : 'a number with a fraction'}`,
    );
  return data + 0; // there is no negative zero in Cedar
};

/** Refused and not rounded: a caller must not slip below a limit by the fifth digit. */
const decimal = (data: unknown, path: string): Value => {
  if (typeof data !== 'number') return misfit(path, 'a number', data);
  const text = String(data);
  try {
    return parseDecimal(/^-?\d+$/.test(text) ? `${text}.0` : text);
  } catch (thrown) {
    if (!(thrown instanceof EvaluationError)) throw thrown;
    throw new Misfit(
      `${subject(path)} must be a number with at most four digits after the point, within ±922337203685477`,
    );
  }
};

const record = (type: RecordArgument, data: unknown, path: string): CedarRecord => {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return misfit(path, 'an object', data);
  const given = data as Readonly<Record<string, unknown>>;
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const values = new Map<string, Value>();
  for (const { name, required, type: inner } of type.fields) {
    if (Object.hasOwn(given, name)) {
      if (inner !== null) values.set(name, convert(inner, given[name], at(name)));
    } else if (required) throw new Misfit(`\`${at(name)}\` is missing`);
  }
  if (type.closed) refuseStrangers(type, given, path);
  return new CedarRecord(values);
};

/** The schema says that nothing else belongs here. The name comes from the caller, so it is shortened and quoted. */
const refuseStrangers = ({ fields }: RecordArgument, given: object, path: string): void => {
  for (const name of Object.keys(given)) {
    if (fields.some((field) => field.name === name)) continue;
    throw new Misfit(`${subject(path)} has a field ${JSON.stringify(name.slice(0, 60))} that its schema does not know`);
  }
};
