/** Payloads that an older schema most likely takes, chosen so that a newer one which is narrower somewhere most likely does not. */
import { areSchemas, isRecord, isSchema, isValid, type Schema, typesOf } from './schema.ts';

const MAX_SAMPLES = 400;
const MAX_DEPTH = 4;
const MAX_PER_FIELD = 10;
const MAX_FIELDS = 60;
const LONGEST = 4_000;
const MOST_ITEMS = 60;

/** In a fixed order, without those that are the same. */
export const samplesOf = (older: Schema, newer: Schema): readonly unknown[] => sampled(older, newer, 0);

type Fields = Readonly<Record<string, unknown>>;

const sampled = (old: Schema, now: Schema, depth: number): readonly unknown[] => {
  if (old === false || depth > MAX_DEPTH) return [];
  const before: Fields = isRecord(old) ? merged(old) : {};
  const after: Fields = isRecord(now) ? merged(now) : {};
  if (Object.hasOwn(before, 'const')) return [before['const']];
  if (Array.isArray(before['enum'])) return before['enum'].slice(0, MAX_SAMPLES);
  const branches = [before['anyOf'], before['oneOf']].flatMap((said) => (areSchemas(said) ? said : []));
  const found = [
    ...[...typesOf(before)].flatMap((type) => MAKERS[type]?.(before, after, depth) ?? []),
    ...branches.slice(0, MAX_FIELDS).flatMap((one) => sampled(one, now, depth + 1)),
  ];
  return found.slice(0, MAX_SAMPLES);
};

/** What all parts say, with the last word of a keyword; whether a sample fits is looked at afterwards. */
const merged = (schema: Fields): Fields => {
  const { allOf, ...own } = schema;
  return areSchemas(allOf) ? Object.assign({}, ...allOf.filter(isRecord), own) : own;
};

type Maker = (old: Fields, now: Fields, depth: number) => readonly unknown[];

const near = (said: unknown, ...steps: number[]): readonly number[] =>
  typeof said === 'number' && Number.isFinite(said) ? steps.map((step) => said + step) : [];

const texts: Maker = (old, now) => {
  const lengths = [
    ...near(old['minLength'] ?? 0, 0, 1),
    ...near(old['maxLength'], 0),
    ...near(now['minLength'], -1),
    ...near(now['maxLength'], 1),
  ];
  return [...new Set(lengths)].filter((one) => one >= 0 && one <= LONGEST).map((one) => 'a'.repeat(one));
};

const numbers: Maker = (old, now) => [
  ...new Set([
    ...near(old['minimum'], 0, 1),
    ...near(old['maximum'], 0, -1),
    ...near(old['exclusiveMinimum'], 1),
    ...near(old['exclusiveMaximum'], -1),
    ...near(now['minimum'], -1),
    ...near(now['maximum'], 1),
    ...near(now['exclusiveMinimum'], 0),
    ...near(now['exclusiveMaximum'], 0),
    ...[0, 1, -1, 7],
  ]),
];

const objects: Maker = (old, now, depth) => {
  const named = fieldsOf(old);
  const later = fieldsOf(now);
  const required = (Array.isArray(old['required']) ? old['required'] : []).map(String).slice(0, MAX_FIELDS);
  const base: Record<string, unknown> = Object.fromEntries(
    required.map((name) => [name, fitting(named[name] ?? true, later[name] ?? true, depth + 1)]),
  );
  const others = { ...Object.fromEntries(Object.keys(later).map((name) => [name, othersOf(old)])), ...named };
  const varied = Object.entries(others)
    .slice(0, MAX_FIELDS)
    .flatMap(([name, schema]) =>
      (isSchema(schema) ? sampled(schema, schemaAt(now, name), depth + 1) : [])
        .slice(0, MAX_PER_FIELD)
        .map((value) => ({ ...base, [name]: value })),
    );
  return [base, ...varied, { ...base, 'not-listed': 1 }];
};

const schemaAt = (now: Fields, name: string): Schema => {
  const named = fieldsOf(now);
  const said = Object.hasOwn(named, name) ? named[name] : now['additionalProperties'];
  return isSchema(said) ? said : true;
};

const fieldsOf = (schema: Fields): Readonly<Record<string, Schema>> =>
  isRecord(schema['properties'])
    ? Object.fromEntries(
        Object.entries(schema['properties']).flatMap(([name, one]) => (isSchema(one) ? [[name, one]] : [])),
      )
    : {};

const othersOf = (old: Fields): Schema => {
  const said = old['additionalProperties'];
  return isSchema(said) ? said : true;
};

const fitting = (old: Schema, now: Schema, depth: number): unknown => {
  const found = sampled(old, now, depth);
  return found.find((value) => isValid(old, value) === true && isValid(now, value) !== false) ?? found[0] ?? null;
};

const lists: Maker = (old, now, depth) => {
  const items = isSchema(old['items']) ? old['items'] : true;
  const later = isSchema(now['items']) ? now['items'] : true;
  const ones = sampled(items, later, depth + 1).slice(0, MAX_PER_FIELD);
  const filler = ones[0] ?? null;
  const least = typeof old['minItems'] === 'number' ? Math.min(old['minItems'], MOST_ITEMS) : 0;
  const counts = [...near(old['maxItems'], 0), ...near(now['maxItems'], 1), ...near(now['minItems'], -1), 0, 2];
  const many = (count: number): unknown[] => Array.from({ length: count }, () => filler);
  return [
    ...ones.map((one) => [one, ...many(Math.max(0, least - 1))]),
    ...[...new Set(counts)].filter((count) => count >= 0 && count <= MOST_ITEMS).map(many),
  ];
};

const MAKERS: Readonly<Record<string, Maker>> = {
  null: () => [null],
  boolean: () => [true, false],
  string: texts,
  integer: numbers,
  number: (old, now, depth) => [...numbers(old, now, depth), 0.5],
  array: lists,
  object: objects,
};
