/** Reads messages strictly and with bounds: what parsers may disagree about is refused, and what is unknown is told. */
import { Fault } from '../../contract/index.ts';
import type { Field, Vocabulary } from './table.ts';
import type { Messages } from './types.ts';
import { V1 } from './v1.ts';

/** Who wrote it: a caller, whose mistake is `bad_request`, or a target, whose mistake is `upstream_invalid`. */
export type Side = 'ask' | 'answer';

export interface Read<T> {
  /** A copy without what says nothing. Members that nobody knows are still there. */
  readonly value: T;
  /** Paths of members that nobody knows. */
  readonly unknown: readonly string[];
}

/** Longest id of a task, context, message or artifact, in characters: they become keys and parts of paths. */
const MAX_ID_CHARS = 256;
const MAX_LIST = 10_000;
const MAX_MAP = 1_000;
const MAX_UNKNOWN = 20;

export const readV1 = <N extends keyof Messages>(name: N, value: unknown, side: Side): Read<Messages[N]> =>
  readAs(V1, name, value, side) as Read<Messages[N]>;

/** Whoever reads JSON from bytes has refused duplicate members and depths before. */
export const readAs = (vocabulary: Vocabulary, name: string, value: unknown, side: Side): Read<unknown> => {
  const unknown: string[] = [];
  const read = messageIn({ vocabulary, side, unknown }, name, value, name);
  return { value: read, unknown };
};

interface Reading {
  readonly vocabulary: Vocabulary;
  readonly side: Side;
  readonly unknown: string[];
}

const wrong = ({ side }: Reading, path: string, problem: string): Fault => {
  const message = `\`${path}\` of the A2A ${side === 'ask' ? 'request' : 'answer'} ${problem}`;
  const facts = { field: path };
  return side === 'ask'
    ? new Fault('bad_request', message, { facts })
    : new Fault('upstream_invalid', message, { facts, executed: 'yes' });
};

const messageIn = (reading: Reading, name: string, value: unknown, path: string): object => {
  const fields = reading.vocabulary.messages.get(name);
  if (fields === undefined) throw new Fault('internal', `there is no A2A message \`${name}\``);
  if (!isObject(value)) throw wrong(reading, path, 'must be an object');
  const out: Record<string, unknown> = {};
  const groups = new Map<string, string>();
  for (const field of fields) {
    const name = nameIn(value, field);
    const found = Object.hasOwn(value, name) ? value[name] : undefined;
    const isThere = found !== undefined && (found !== null || field.type === 'Value');
    const here = `${path}.${field.name}`;
    if (!isThere) {
      const empty = emptyFor(reading, field, here);
      if (empty !== undefined) out[field.name] = empty;
      continue;
    }
    if (field.group !== '') {
      const other = groups.get(field.group);
      if (other !== undefined) throw wrong(reading, here, `cannot stand beside \`${other}\``);
      groups.set(field.group, field.name);
    }
    const read = fieldIn(reading, field, found, here);
    if (read !== undefined) out[field.name] = read;
  }
  for (const field of fields)
    if (field.group !== '' && !groups.has(field.group)) throw wrong(reading, path, `has no \`${field.group}\``);
  keepUnknown(reading, fields, value, out, path);
  return out;
};

/** A field that is there under both of its names would be two to some parsers: the other one is then nearly ours, and refused. */
const nameIn = (value: Readonly<Record<string, unknown>>, { name, also }: Field): string =>
  also !== '' && !Object.hasOwn(value, name) && Object.hasOwn(value, also) ? also : name;

/** What is empty is left out by many writers; only what cannot be empty is missed. Whoever reads on finds what must be there. */
const emptyFor = (reading: Reading, { isRequired, isList, isMap, type }: Field, path: string): unknown => {
  if (!isRequired) return undefined;
  const canBeEmpty = isList || isMap || type === 'string';
  if (!canBeEmpty || reading.side === 'ask') throw wrong(reading, path, 'is missing');
  if (isList) return [];
  return isMap ? {} : '';
};

const fieldIn = (reading: Reading, field: Field, value: unknown, path: string): unknown => {
  if (field.isList) {
    if (!Array.isArray(value)) throw wrong(reading, path, 'must be a list');
    if (value.length > MAX_LIST) throw wrong(reading, path, `has more than ${MAX_LIST} entries`);
    if (value.length === 0 && field.isRequired && reading.side === 'ask' && field.name === 'parts')
      throw wrong(reading, path, 'is empty');
    return value.map((item, at) => valueIn(reading, field, item, `${path}[${at}]`));
  }
  if (!field.isMap) return valueIn(reading, field, value, path);
  if (!isObject(value)) throw wrong(reading, path, 'must be an object');
  const entries = Object.entries(value);
  if (entries.length > MAX_MAP) throw wrong(reading, path, `has more than ${MAX_MAP} entries`);
  return Object.fromEntries(entries.map(([key, item]) => [key, valueIn(reading, field, item, `${path}.${key}`)]));
};

/** Undefined for an id that is empty: it is as good as absent. */
const valueIn = (reading: Reading, field: Field, value: unknown, path: string): unknown => {
  const problem = (text: string): Fault => wrong(reading, path, text);
  switch (field.type) {
    case 'Value':
      return value;
    case 'Struct':
      if (!isObject(value)) throw problem('must be an object');
      return value;
    case 'string':
      if (typeof value !== 'string') throw problem('must be a string');
      return value;
    case 'id':
      return idIn(value, field, problem);
    case 'bytes':
      if (typeof value !== 'string' || !isBase64(value)) throw problem('must be base64');
      return value;
    case 'Timestamp':
      if (typeof value !== 'string' || !TIMESTAMP.test(value) || Number.isNaN(Date.parse(value)))
        throw problem('must be a time such as 2026-01-31T12:00:00Z');
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw problem('must be true or false');
      return value;
    case 'int32':
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0x7fffffff)
        throw problem('must be a whole number, 0 or more');
      return value;
    default: {
      const names = reading.vocabulary.enums[field.type];
      if (names === undefined) return messageIn(reading, field.type, value, path);
      const isUnsaid = reading.side === 'ask' && field.isRequired && value === names[0];
      if (typeof value !== 'string' || !names.includes(value) || isUnsaid)
        throw problem(`must be one of ${names.slice(1).join(', ')}`);
      return value;
    }
  }
};

const idIn = (value: unknown, { isRequired, isList }: Field, problem: (text: string) => Fault): string | undefined => {
  if (typeof value !== 'string') throw problem('must be a string');
  if (value === '') {
    if (isRequired || isList) throw problem('is empty');
    return undefined;
  }
  if (value.length > MAX_ID_CHARS) throw problem(`is longer than ${MAX_ID_CHARS} characters`);
  if (CONTROLS.test(value)) throw problem('has characters that no id has');
  return value;
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?$/i;
const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/_-]*={0,2}$/.test(text);

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name that is nearly one of ours means the same to some parsers and nothing to others. */
const keepUnknown = (
  reading: Reading,
  fields: readonly Field[],
  value: Readonly<Record<string, unknown>>,
  out: Record<string, unknown>,
  path: string,
): void => {
  const known = namesOf(fields);
  for (const name of Object.keys(value)) {
    if (known.exact.has(name)) continue;
    const field = known.also.get(name);
    if (field !== undefined && !Object.hasOwn(value, field)) continue;
    const near = known.plain.get(plainly(name));
    if (near !== undefined) throw wrong(reading, `${path}.${name}`, `must be written \`${near}\``);
    if (name === '__proto__') throw wrong(reading, path, 'has a member that would change prototypes');
    if (reading.unknown.length < MAX_UNKNOWN) reading.unknown.push(`${path}.${name}`);
    out[name] = value[name];
  }
};

const plainly = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

interface Names {
  readonly exact: ReadonlySet<string>;
  readonly plain: ReadonlyMap<string, string>;
  /** Names in protobuf, and what JSON calls them. */
  readonly also: ReadonlyMap<string, string>;
}

/** Made once for each message: a hostile object has more members than anybody wants to compare. */
const names = new WeakMap<readonly Field[], Names>();

const namesOf = (fields: readonly Field[]): Names => {
  const known = names.get(fields);
  if (known !== undefined) return known;
  const made = {
    exact: new Set(fields.map(({ name }) => name)),
    plain: new Map(
      fields.flatMap(({ name, also }) => [name, also || name].map((one) => [plainly(one), name] as const)),
    ),
    also: new Map(fields.filter(({ also }) => also !== '').map(({ name, also }) => [also, name])),
  };
  names.set(fields, made);
  return made;
};
