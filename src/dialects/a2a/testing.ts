/** Messages of any shape that the tables allow, for tests that ask about all of them. */
import fc from 'fast-check';
import type { Field, Vocabulary } from './table.ts';
import type { Messages } from './types.ts';
import { V1 } from './v1.ts';
import { PROTO_03 } from './v03/index.ts';

const id = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme-ascii' });
const text = fc.string({ maxLength: 20 });
const struct = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 })),
  { maxKeys: 3, noNullPrototype: true },
);

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  id,
  bytes: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  bool: fc.boolean(),
  int32: fc.integer({ min: 0, max: 0x7fffffff }),
  Struct: struct,
  Value: fc.oneof(struct, fc.array(fc.integer()), fc.string(), fc.integer(), fc.boolean()),
  Timestamp: fc
    .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .filter((date) => date.getMilliseconds() % 10 !== 0)
    .map((date) => date.toISOString()),
};

const anyValue = (vocabulary: Vocabulary, { type }: Field, depth: number): fc.Arbitrary<unknown> => {
  const names = vocabulary.enums[type];
  return (
    SCALARS[type] ?? (names === undefined ? messageOf(vocabulary, type, depth - 1) : fc.constantFrom(...names.slice(1)))
  );
};

/** Null where nesting has to end. */
const messageOf = (vocabulary: Vocabulary, name: string, depth: number): fc.Arbitrary<Record<string, unknown>> => {
  const fields = vocabulary.messages.get(name)!;
  const groups = new Map<string, Field[]>();
  for (const field of fields)
    if (field.group !== '') groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
  const members = fields.filter(({ group }) => group === '').map((field) => memberOf(vocabulary, field, depth));
  const chosen = [...groups.values()].map((choice) =>
    fc.oneof(...choice.map((field) => anyValue(vocabulary, field, depth).map((value) => ({ [field.name]: value })))),
  );
  return fc.tuple(...members, ...chosen).map((parts) => Object.assign({}, ...parts) as Record<string, unknown>);
};

const memberOf = (vocabulary: Vocabulary, field: Field, depth: number): fc.Arbitrary<object> => {
  const isDeep = SCALARS[field.type] === undefined && vocabulary.enums[field.type] === undefined && depth <= 0;
  if (isDeep && !field.isRequired) return fc.constant({});
  const one = fc.memo(() => anyValue(vocabulary, field, depth))(1);
  const value = field.isMap
    ? fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), one, { maxKeys: 2, noNullPrototype: true })
    : field.isList
      ? fc.array(one, { minLength: field.isRequired ? 1 : 0, maxLength: 2 })
      : one;
  const there = value.map((found) => ({ [field.name]: found }));
  return field.isRequired ? there : fc.oneof(fc.constant({}), there);
};

export const anyV1 = <N extends keyof Messages>(name: N, depth = 4): fc.Arbitrary<Messages[N]> =>
  messageOf(V1, name, depth) as unknown as fc.Arbitrary<Messages[N]>;

/** Of the protobuf of 0.3. */
export const anyProto03 = (name: string, depth = 4): fc.Arbitrary<unknown> => messageOf(PROTO_03, name, depth);

/** Without members that say as much as if they were absent. */
export const plainly = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plainly);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(
    ([name, member]) => [name, OWN.has(name) ? member : plainly(member)] as const,
  );
  return Object.fromEntries(
    members.filter(([name, member]) => name === 'text' || name === 'data' || !saysNothing(member)),
  );
};

/** What callers write there is theirs. */
const OWN: ReadonlySet<string> = new Set(['metadata', 'data', 'params', 'header']);

const saysNothing = (member: unknown): boolean =>
  member === '' ||
  member === false ||
  (typeof member === 'object' && member !== null && Object.keys(member).length === 0);
