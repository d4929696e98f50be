/** From JSON Schema to types, from JSON to values: what fits is exact, and what does not is named. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RecordArgument } from '../../contract/index.ts';
import { withCedar } from '../cedar.ts';
import type { Est } from '../est.ts';
import { typeText } from '../schema.ts';
import { CedarRecord, CedarSet, equals, fromJson } from '../value.ts';
import { argumentsFrom, Misfit } from './convert.ts';
import { argumentsFromSchema } from './from-schema.ts';
import { readsArguments } from './reads.ts';

const withPoint = (digits: string): string => (digits.includes('.') ? digits : `${digits}.0`);

const of = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

const SCHEMAS: readonly (readonly [
  what: string,
  schema: object | undefined,
  type: string | null,
  why: readonly string[],
])[] = [
  ['nothing declared', undefined, null, ['it declares no `input` schema']],
  [
    'all that Cedar knows',
    of(
      { a: { type: 'string', maxLength: 3 }, b: { type: 'integer' }, c: { type: 'number' }, d: { type: 'boolean' } },
      { required: ['b'] },
    ),
    '{ "a"?: String, "b": Long, "c"?: decimal, "d"?: Bool }',
    [],
  ],
  [
    'lists and objects',
    of({ a: { type: 'array', items: of({ b: { enum: ['x'] } }) } }),
    '{ "a"?: Set<{ "b"?: String }> }',
    [],
  ],
  ['no object', { type: 'array', items: { type: 'string' } }, null, ['its `input` is no object']],
  ['a choice', { oneOf: [] }, null, ['its `input` has no type: `oneOf` has no counterpart in policies']],
  ['a reference', of({ a: { $ref: '#/$defs/a' } }), '{  }', ['`a` has no type: `$ref` has no counterpart in policies']],
  [
    'nullable',
    of({ a: { type: ['string', 'null'] }, b: { type: 'string', nullable: true } }),
    '{  }',
    [
      '`a` has no type: `type` must be one of string, integer, number, boolean, array, object',
      '`b` has no type: `nullable` has no counterpart in policies',
    ],
  ],
  [
    'an enum of numbers',
    of({ a: { type: 'string', enum: [1] }, b: { enum: [1] } }),
    '{  }',
    [
      '`a` has no type: its `enum` has values that are no strings',
      '`b` has no type: `type` must be one of string, integer, number, boolean, array, object',
    ],
  ],
  [
    'any list',
    of({ a: { type: 'array' }, b: { type: 'array', items: { type: 'null' } } }),
    '{  }',
    [
      '`a` has no type: an array needs `items`',
      '`b[]` has no type: `type` must be one of string, integer, number, boolean, array, object',
    ],
  ],
  [
    'names with a meaning of their own',
    of({ __entity: { type: 'string' }, '\ud800': { type: 'string' } }),
    '{  }',
    ['`__entity` has no type: policies cannot say its name', '`\ud800` has no type: policies cannot say its name'],
  ],
  [
    'a schema that is none',
    of({ a: true, b: null, c: [] }),
    '{  }',
    [
      '`a` has no type: its schema is no object',
      '`b` has no type: its schema is no object',
      '`c` has no type: its schema is no object',
    ],
  ],
];

describe('types from schemas', () => {
  for (const [what, schema, type, why] of SCHEMAS) {
    test(what, () => {
      const declared = argumentsFromSchema(schema);
      assert.equal(declared.type === null ? null : typeText(declared.type), type);
      assert.deepEqual(declared.untyped, why);
    });
  }

  test('a schema that nests without end has a last type', () => {
    const deep = Array.from({ length: 5000 }).reduce<object>((inner) => of({ a: inner }), { type: 'string' });
    assert.match(argumentsFromSchema(deep).untyped.join(), /nests deeper than 8/);
    const wide = of(Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`a${i}`, { type: 'string' }])));
    assert.equal(argumentsFromSchema(wide).type, null);
  });
});

const typeOf = (schema: object): RecordArgument => {
  const { type } = argumentsFromSchema(schema);
  assert.ok(type !== null);
  return type;
};

const OPEN = typeOf(
  of(
    {
      n: { type: 'integer' },
      d: { type: 'number' },
      s: { type: 'string' },
      l: { type: 'array', items: { type: 'integer' } },
      o: of({ b: { type: 'boolean' } }),
    },
    { required: ['n'] },
  ),
);

describe('values from payloads', () => {
  test('integers are exact or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.double(), fc.bigInt().map(String).map(Number)), (n) => {
        if (Number.isSafeInteger(n)) {
          const [value] = argumentsFrom(OPEN, { n }).fields.values();
          assert.ok(value === n || (value === 0 && !Object.is(value, -0)));
        } else assert.throws(() => argumentsFrom(OPEN, { n }), Misfit);
      }),
    );
  });

  test('fractions are exact to the fourth digit or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer().map((units) => units / 10_000),
          fc.double(),
        ),
        (d) => {
          // As people write it: the shortest digits that mean this number.
          const exact = /^-?\d+(\.\d{1,4})?$/.test(String(d)) && Math.abs(d) < 2 ** 49;
          if (!exact) {
            if (Math.abs(d) < 2 ** 49 || Math.abs(d) > 1e15)
              assert.throws(() => argumentsFrom(OPEN, { n: 0, d }), Misfit);
            return;
          }
          const wanted = fromJson({ __extn: { fn: 'decimal', arg: withPoint(String(d + 0)) } });
          assert.ok(equals(argumentsFrom(OPEN, { n: 0, d }).fields.get('d') ?? 0, wanted));
        },
      ),
    );
  });

  test('what is not declared is not seen, also when it is called like what objects have', () => {
    const data = JSON.parse('{"n":1,"__proto__":{"s":"x"},"constructor":1,"more":null}');
    assert.deepEqual([...argumentsFrom(OPEN, data).fields.keys()], ['n']);
  });

  test('any JSON ends as a value or as a sentence about it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ n: fc.jsonValue(), d: fc.jsonValue(), l: fc.jsonValue(), o: fc.jsonValue() }),
        ),
        (data) => {
          try {
            assert.ok(argumentsFrom(OPEN, data) instanceof CedarRecord);
          } catch (thrown) {
            assert.ok(thrown instanceof Misfit, String(thrown));
          }
        },
      ),
    );
  });

  test('a list of one number twice is a set of one', () => {
    const set = argumentsFrom(OPEN, { n: 1, l: [2, 2] }).fields.get('l');
    assert.ok(set instanceof CedarSet && set.items.length === 1);
  });
});

const READS: readonly (readonly [condition: string, reads: boolean])[] = [
  ['context.depth > 1', false],
  ['context has depth && resource.name == "args"', false],
  ['principal has args', false],
  ['context.args.n == 1', true],
  ['context["args"]["n"] == 1', true],
  ['context has args', true],
  ['context has args.n', true],
  ['!(if context.depth > 1 then [1].contains(context.args.n) else false)', true],
  ['context == {depth: 1}', true],
  ['[context].contains(context)', true],
  ['{a: context}.a.args.n == 1', true],
  ['{"Var": 1, ".": 2}["."] == context.depth', false],
  ['{".": context.args.n}["."] == 1', true],
];

describe('which policies read arguments', () => {
  for (const [condition, reads] of READS) {
    test(`${condition}: ${reads ? 'yes' : 'no'}`, () => {
      const est = withCedar((cedar) =>
        cedar.policyToJson(`permit(principal, action, resource) unless { ${condition} };`),
      );
      assert.ok(est?.type === 'success');
      assert.equal(readsArguments(est.json as unknown as Est), reads);
    });
  }
});
