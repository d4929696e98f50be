import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accepts } from './accepts.ts';
import { isValid, type Schema } from './schema.ts';

const object = (properties: object, more: object = {}): Schema => ({ type: 'object', properties, ...more });
const TEXT = { type: 'string' };
const SQL = object({ sql: TEXT }, { required: ['sql'] });

const TABLE: readonly (readonly [string, older: Schema, newer: Schema, answer: 'yes' | 'no' | 'unknown'])[] = [
  ['the same', SQL, { ...(SQL as object), title: 'another title' }, 'yes'],
  ['a new optional field', SQL, object({ sql: TEXT, limit: { type: 'integer' } }, { required: ['sql'] }), 'no'],
  [
    'a new optional field, where others were not taken',
    { ...(SQL as object), additionalProperties: false },
    object({ sql: TEXT, limit: { type: 'integer' } }, { required: ['sql'] }),
    'yes',
  ],
  ['a field that is no longer needed', SQL, object({ sql: TEXT }), 'yes'],
  ['a field that is needed now', object({ sql: TEXT }), SQL, 'no'],
  ['a whole number becomes any', object({ n: { type: 'integer' } }), object({ n: { type: 'number' } }), 'yes'],
  ['any number becomes a whole one', object({ n: { type: 'number' } }), object({ n: { type: 'integer' } }), 'no'],
  ['longer texts', { type: 'string', maxLength: 5 }, { type: 'string', maxLength: 9 }, 'yes'],
  ['shorter texts', { type: 'string', maxLength: 9 }, { type: 'string', maxLength: 5 }, 'no'],
  ['another pattern', { type: 'string', pattern: '^a' }, { type: 'string', pattern: '^b' }, 'unknown'],
  ['a pattern that was not there', TEXT, { type: 'string', pattern: '^a' }, 'unknown'],
  ['one more choice', { enum: ['a', 'b'] }, { enum: ['a', 'b', 'c'] }, 'yes'],
  ['one choice less', { enum: ['a', 'b'] }, { enum: ['a'] }, 'no'],
  ['nothing beside it any more', SQL, { ...(SQL as object), additionalProperties: false }, 'no'],
  ['a reference', { $ref: '#/$defs/a' }, TEXT, 'unknown'],
  [
    'the same reference to something else',
    { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: TEXT } },
    { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'integer' } } },
    'unknown',
  ],
  ['one of several', { anyOf: [TEXT, { type: 'integer' }] }, { type: ['string', 'number'] }, 'yes'],
  ['one of them less', { anyOf: [TEXT, { type: 'integer' }] }, { type: 'integer' }, 'no'],
  ['lists of more', { type: 'array', items: { enum: [1] } }, { type: 'array', items: { type: 'number' } }, 'yes'],
  ['lists of less', { type: 'array', items: { type: 'number' } }, { type: 'array', items: { type: 'string' } }, 'no'],
  ['anything', SQL, true, 'yes'],
  ['nothing', SQL, false, 'no'],
  ['a word that nobody knows', SQL, { ...(SQL as object), dependentRequired: { sql: ['x'] } }, 'unknown'],
];

for (const [name, older, newer, answer] of TABLE)
  test(`${name}: ${answer}`, () => {
    const found = accepts(newer, older);
    assert.equal(found.answer, answer, JSON.stringify(found));
    if (found.answer !== 'no') return;
    assert.deepEqual([isValid(older, found.example), isValid(newer, found.example)], [true, false]);
  });

const leaf = fc.oneof(
  fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -2, max: 2 }) }),
  fc.record({ type: fc.constant('number'), maximum: fc.integer({ min: -2, max: 2 }) }),
  fc.record({ type: fc.constant('string'), maxLength: fc.nat(3) }, { requiredKeys: ['type'] }),
  fc.record({ type: fc.constant('string'), minLength: fc.nat(2) }, { requiredKeys: ['type'] }),
  fc.constantFrom<object>(
    { type: 'boolean' },
    { enum: ['a', 1, null] },
    { const: 'a' },
    {},
    { type: ['string', 'null'] },
  ),
);
const schema: fc.Arbitrary<Schema> = fc.letrec<{ node: object }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('node')),
        required: fc.subarray(['a', 'b']),
        additionalProperties: fc.oneof(fc.boolean(), tie('node')),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: fc.constant('array'), items: tie('node'), maxItems: fc.nat(2) }, { requiredKeys: ['type'] }),
    fc.record({ anyOf: fc.array(tie('node'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('node') }),
  ),
})).node as fc.Arbitrary<Schema>;

const value = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>('a', '', 'aaaa', 0, 1, -3, 2.5, true, null),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node')),
  ),
})).node;

test('property: what is proven holds for every payload, and what is refuted has a payload that shows it', () => {
  let proven = 0;
  fc.assert(
    fc.property(schema, schema, fc.array(value, { maxLength: 20 }), (older, newer, payloads) => {
      const found = accepts(newer, older);
      if (found.answer === 'no')
        return assert.deepEqual([isValid(older, found.example), isValid(newer, found.example)], [true, false]);
      if (found.answer === 'unknown') return;
      proven += 1;
      for (const payload of payloads)
        assert.ok(isValid(older, payload) !== true || isValid(newer, payload) !== false, JSON.stringify(payload));
    }),
    { numRuns: 800 },
  );
  assert.ok(proven > 20, `${proven} proofs`);
});

test('every schema takes what it took itself, and a hostile one costs little', () => {
  fc.assert(fc.property(schema, (same) => accepts(structuredClone(same), same).answer === 'yes'));
  const nested = (levels: number): Schema =>
    levels === 0 ? TEXT : { anyOf: [nested(levels - 1), nested(levels - 1)], type: ['object', 'string'] };
  const startedMs = performance.now();
  for (const levels of [9, 13]) accepts(nested(levels), nested(levels - 1));
  assert.ok(performance.now() - startedMs < 5_000, 'far below what a busy machine needs for it');
});
