/** JSON Schema as far as it can be reasoned about soundly: which words constrain, and whether a value is valid, is not, or cannot be told. */

export type Schema = boolean | Readonly<Record<string, unknown>>;

/** They say something and forbid nothing. */
const ANNOTATIONS: ReadonlySet<string> = new Set(
  '$schema $id $comment $anchor $defs definitions title description default examples deprecated readOnly writeOnly contentMediaType contentEncoding contentSchema'.split(
    ' ',
  ),
);

export const isAnnotation = (word: string): boolean => ANNOTATIONS.has(word) || word.startsWith('x-');

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSchema = (value: unknown): value is Schema => typeof value === 'boolean' || isRecord(value);

/** Everything fits. */
export const isOpen = (schema: Schema): boolean =>
  schema === true || (isRecord(schema) && Object.keys(schema).every(isAnnotation));

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string'] as const;

/** What values may be; `number` has the whole numbers in it. */
export const typesOf = (schema: Schema): ReadonlySet<string> => {
  if (!isRecord(schema)) return new Set(schema ? TYPES : []);
  const { type } = schema;
  if (typeof type === 'string') return new Set([type]);
  return Array.isArray(type) ? new Set(type.map(String)) : new Set(TYPES);
};

/** With these beside it, a list of fields is not the whole of it. */
const COMPOSED =
  'allOf anyOf oneOf not if then else $ref $dynamicRef patternProperties unevaluatedProperties additionalProperties'.split(
    ' ',
  );

/**
 * What a schema promises to take: the fields that it names. That others are not forbidden is the default of JSON Schema and nobody's
 * promise; whoever writes `additionalProperties` says what holds.
 */
export const promised = (schema: Schema, depth = 0): Schema => {
  if (!isRecord(schema) || depth > MAX_DEPTH) return schema;
  const { properties, items } = schema;
  const named = isRecord(properties)
    ? Object.fromEntries(
        Object.entries(properties).map(([name, one]) => [name, isSchema(one) ? promised(one, depth + 1) : one]),
      )
    : undefined;
  const isClosed = named !== undefined && COMPOSED.every((word) => schema[word] === undefined);
  return {
    ...schema,
    ...(named === undefined ? {} : { properties: named }),
    ...(isClosed ? { additionalProperties: false } : {}),
    ...(isRecord(items) ? { items: promised(items, depth + 1) } : {}),
  };
};

/** Null: it cannot be told. */
export type Told = boolean | null;

const MAX_DEPTH = 24;

/** INVARIANT: true and false are sure; a word that is not understood makes it null, never true. */
export const isValid = (schema: Schema, value: unknown, depth = 0): Told => {
  if (typeof schema === 'boolean') return schema;
  if (depth > MAX_DEPTH) return null;
  return all(Object.entries(schema), ([word, said]) => holds(word, said, schema, value, depth + 1));
};

/** False when one is false; sure only when all are. */
const all = <T>(items: Iterable<T>, told: (item: T) => Told): Told => {
  let known: Told = true;
  for (const item of items) {
    const one = told(item);
    if (one === false) return false;
    known = one === null ? null : known;
  }
  return known;
};

const any = <T>(items: Iterable<T>, told: (item: T) => Told): Told => not(all(items, (item) => not(told(item))));
const not = (told: Told): Told => (told === null ? null : !told);

const holds = (
  word: string,
  said: unknown,
  schema: Readonly<Record<string, unknown>>,
  value: unknown,
  depth: number,
): Told => {
  if (isAnnotation(word)) return true;
  const check = CHECKS[word];
  return check === undefined ? null : check({ said, schema, value, depth });
};

interface Checked {
  readonly said: unknown;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly depth: number;
}

type Check = (checked: Checked) => Told;

const bound =
  (measure: (value: unknown) => number | undefined, fits: (measured: number, said: number) => boolean): Check =>
  ({ said, value }) => {
    const measured = measure(value);
    if (measured === undefined) return true;
    return typeof said === 'number' ? fits(measured, said) : null;
  };

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const length = (value: unknown): number | undefined => (typeof value === 'string' ? [...value].length : undefined);
const items = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);
const fields = (value: unknown): number | undefined => (isRecord(value) ? Object.keys(value).length : undefined);
const atLeast = (measured: number, said: number): boolean => measured >= said;
const atMost = (measured: number, said: number): boolean => measured <= said;

/** What only concerns texts, and is not computed here: patterns of others are not run, and formats are read in two ways. */
const textOnly: Check = ({ value }) => (typeof value === 'string' ? null : true);

const CHECKS: Readonly<Record<string, Check>> = {
  type: ({ schema, value }) => hasType(typesOf(schema), value),
  enum: ({ said, value }) => (Array.isArray(said) ? said.some((one) => isSame(one, value)) : null),
  const: ({ said, value }) => isSame(said, value),
  minimum: bound(number, atLeast),
  maximum: bound(number, atMost),
  exclusiveMinimum: bound(number, (measured, said) => measured > said),
  exclusiveMaximum: bound(number, (measured, said) => measured < said),
  multipleOf: ({ said, value }) => {
    if (typeof value !== 'number') return true;
    return Number.isSafeInteger(said) && Number.isSafeInteger(value) && said !== 0
      ? value % (said as number) === 0
      : null;
  },
  minLength: bound(length, atLeast),
  maxLength: bound(length, atMost),
  minItems: bound(items, atLeast),
  maxItems: bound(items, atMost),
  minProperties: bound(fields, atLeast),
  maxProperties: bound(fields, atMost),
  pattern: textOnly,
  format: textOnly,
  uniqueItems: ({ said, value }) =>
    said !== true || !Array.isArray(value) || new Set(value.map((one) => canonical(one))).size === value.length,
  required: ({ said, value }) => {
    if (!isRecord(value)) return true;
    return Array.isArray(said) ? said.every((name) => Object.hasOwn(value, String(name))) : null;
  },
  properties: ({ said, value, depth }) => {
    if (!isRecord(value)) return true;
    if (!isRecord(said)) return null;
    const named = Object.entries(said).filter(([name]) => Object.hasOwn(value, name));
    return all(named, ([name, schema]) => (isSchema(schema) ? isValid(schema, value[name], depth) : null));
  },
  additionalProperties: ({ said, schema, value, depth }) => {
    if (!isRecord(value)) return true;
    const named = isRecord(schema['properties']) ? schema['properties'] : {};
    const others = Object.keys(value).filter((name) => !Object.hasOwn(named, name));
    if (others.length === 0) return true;
    // Which of them a pattern takes is not computed.
    if (!isSchema(said) || schema['patternProperties'] !== undefined) return null;
    return all(others, (name) => isValid(said, value[name], depth));
  },
  items: ({ said, schema, value, depth }) => {
    if (!Array.isArray(value)) return true;
    if (!isSchema(said) || schema['prefixItems'] !== undefined) return value.length === 0 ? true : null;
    return all(value, (one) => isValid(said, one, depth));
  },
  allOf: ({ said, value, depth }) => (areSchemas(said) ? all(said, (one) => isValid(one, value, depth)) : null),
  anyOf: ({ said, value, depth }) => (areSchemas(said) ? any(said, (one) => isValid(one, value, depth)) : null),
  oneOf: ({ said, value, depth }) => {
    if (!areSchemas(said)) return null;
    const told = said.map((one) => isValid(one, value, depth));
    const fitting = told.filter((one) => one === true).length;
    if (fitting > 1) return false;
    return told.includes(null) ? null : fitting === 1;
  },
  not: ({ said, value, depth }) => (isSchema(said) ? not(isValid(said, value, depth)) : null),
};

export const areSchemas = (value: unknown): value is readonly Schema[] => Array.isArray(value) && value.every(isSchema);

const hasType = (types: ReadonlySet<string>, value: unknown): boolean => {
  if (value === null) return types.has('null');
  if (Array.isArray(value)) return types.has('array');
  if (typeof value === 'number') return types.has('number') || (types.has('integer') && Number.isInteger(value));
  return types.has(typeof value);
};

export const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** The same text for the same value, whatever the order of its fields. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    isRecord(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  ) ?? 'null';
