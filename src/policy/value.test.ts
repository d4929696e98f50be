/** Values: what is refused at the border, and the small pieces that the corpus does not reach. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Fault, type LogPayload, type RateLimit } from '../contract/index.ts';
import { matcher } from './compile/data.ts';
import { compileEntry } from './compile/index.ts';
import { meet } from './constraints.ts';
import { EntityStore, entity } from './entities.ts';
import type { PatternPart } from './est.ts';
import { EvaluationError } from './evaluation-error.ts';
import { add, type Long, longOf, multiply, subtract } from './long.ts';
import { joinRates } from './rate.ts';
import { CedarRecord, EntityRef, equals, fromJson } from './value.ts';

const refused = (run: () => unknown, message: RegExp): void =>
  assert.throws(
    run,
    (thrown) => thrown instanceof Fault && thrown.code === 'bad_request' && message.test(thrown.message),
  );

describe('what Cedar has no word for is refused', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  const table: readonly (readonly [string, unknown, RegExp])[] = [
    ['null', null, /null is not a value/],
    ['null inside', { a: [null] }, /null is not a value/],
    ['undefined', undefined, /undefined is not a value/],
    ['a float', 1.5, /1\.5 is no integer/],
    ['NaN', Number.NaN, /NaN is no integer/],
    ['an unsafe integer', 2 ** 53, /is no integer within/],
    ['a bigint', 1n, /bigint is not a value/],
    ['an entity without id', { __entity: { type: 'User' } }, /needs a type and an id/],
    ['a type with a quote', { __entity: { type: 'User::"a', id: 'b' } }, /must not contain a quote/],
    ['an unknown extension', { __extn: { fn: 'regex', arg: 'a' } }, /no value is made by `regex`/],
    ['a wrong decimal', { __extn: { fn: 'decimal', arg: '1' } }, /a decimal looks like/],
    ['endless nesting', nested(1000), /nest deeper/],
  ];
  for (const [name, data, message] of table) test(name, () => refused(() => fromJson(data), message));
});

test('a field called __proto__ is a field and nothing more', () => {
  const value = fromJson(JSON.parse('{"__proto__": {"admin": true}, "a": 1}'));
  assert.ok(value instanceof CedarRecord);
  assert.deepEqual([...value.fields.keys()], ['__proto__', 'a']);
});

test('names with colons and quotes never make two entities one', () => {
  assert.equal(equals(new EntityRef('A', 'B::c'), new EntityRef('A::B', 'c')), false);
  assert.notEqual(new EntityRef('A', 'b"').key, new EntityRef('A', 'b').key);
});

test('minus zero is zero', () => {
  assert.ok(Object.is(multiply(-1, 0), 0) && Object.is(fromJson(-0), 0));
});

test('Long is exact in 64 bits and overflows beyond', () => {
  const longs = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
  const exact = (run: () => Long): bigint | 'overflow' => {
    try {
      return BigInt(run());
    } catch (thrown) {
      assert.ok(thrown instanceof EvaluationError);
      return 'overflow';
    }
  };
  const fit = (value: bigint) => (BigInt.asIntN(64, value) === value ? value : 'overflow');
  const small = fc.oneof(longs, fc.bigInt({ min: -10n, max: 10n }));
  fc.assert(
    fc.property(small, small, (a, b) => {
      const [left, right] = [longOf(a), longOf(b)];
      assert.equal(
        exact(() => add(left, right)),
        fit(a + b),
      );
      assert.equal(
        exact(() => subtract(left, right)),
        fit(a - b),
      );
      assert.equal(
        exact(() => multiply(left, right)),
        fit(a * b),
      );
    }),
  );
});

test('like agrees with a regular expression', () => {
  const part = fc.oneof(
    fc.constant('Wildcard' as const),
    fc.constantFrom('a', 'b', '*', 'é').map((Literal) => ({ Literal })),
  );
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', 'é', '\n'), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), text, (pattern, candidate) => {
      const source = pattern.map((each) => (each === 'Wildcard' ? '[^]*' : each.Literal.replace('*', '\\*'))).join('');
      assert.equal(matcher(pattern)(candidate), new RegExp(`^${source}$`, 'u').test(candidate));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern of many wildcards stays fast on a hostile text', { timeout: 2000 }, () => {
  const pattern = Array.from({ length: 60 }, (_, i): PatternPart => (i % 2 === 0 ? 'Wildcard' : { Literal: 'a' }));
  assert.equal(matcher([...pattern, { Literal: 'b' }])('a'.repeat(100_000)), false);
});

const constraints = fc.record(
  {
    timeoutMs: fc.integer({ min: 1, max: 9 }),
    maxTokens: fc.integer({ min: 1, max: 9 }),
    models: fc.uniqueArray(fc.constantFrom<string[]>('s', 'm', 'l')).map((names) => names.sort()),
    priority: fc.integer({ min: 1, max: 3 }),
    rates: fc
      .array(
        fc.record(
          {
            count: fc.integer({ min: 1, max: 2 }),
            windowMs: fc.constantFrom(1_000, 60_000),
            rule: fc.constantFrom('org/a', 'org/b'),
          },
          { noNullPrototype: true },
        ),
      )
      .map((rates) => joinRates(rates, [])),
    redactIn: fc.subarray(['/a', '/b', '/c']),
    redactOut: fc.subarray(['/a', '/b', '/c']),
    budgetClass: fc.subarray(['dear', 'standard'], { minLength: 1 }).map((names) => names.join('+')),
    logPayload: fc.constantFrom<LogPayload>('full', 'hash-only', 'none'),
  },
  { requiredKeys: [], noNullPrototype: true },
);

test('limits merge in any order and any number, and only tighten', () => {
  fc.assert(
    fc.property(constraints, constraints, constraints, (a, b, c) => {
      assert.deepEqual(meet(a, b), meet(b, a));
      assert.deepEqual(meet(meet(a, b), c), meet(a, meet(b, c)));
      assert.deepEqual(meet(a, a), a);
      const both = meet(a, b);
      const { timeoutMs, maxTokens, models, priority } = both;
      if (a.timeoutMs !== undefined) assert.ok((timeoutMs ?? Number.POSITIVE_INFINITY) <= a.timeoutMs);
      if (a.maxTokens !== undefined) assert.ok((maxTokens ?? Number.POSITIVE_INFINITY) <= a.maxTokens);
      if (a.models !== undefined) assert.ok(models?.every((name) => a.models?.includes(name)));
      if (a.priority !== undefined) assert.ok((priority ?? 0) >= a.priority);
      const asText = ({ count, windowMs }: RateLimit): string => `${count}/${windowMs}`;
      assert.ok(a.rates?.every((rate) => both.rates?.map(asText).includes(asText(rate))) ?? true);
      assert.ok(a.redactIn?.every((pointer) => both.redactIn?.includes(pointer)) ?? true);
      assert.ok(a.redactOut?.every((pointer) => both.redactOut?.includes(pointer)) ?? true);
      assert.ok(a.budgetClass?.split('+').every((name) => both.budgetClass?.split('+').includes(name)) ?? true);
      if (a.logPayload === 'none') assert.equal(both.logPayload, 'none');
      if (a.logPayload === 'hash-only') assert.notEqual(both.logPayload, 'full');
    }),
  );
});

test('entities in a circle end', () => {
  const [a, b] = [new EntityRef('Domain', 'a'), new EntityRef('Domain', 'b')];
  const store = new EntityStore([entity(a, [b]), entity(b, [a])]);
  assert.equal(store.isIn(a, b) && store.isIn(b, a), true);
  assert.equal(store.isIn(a, new EntityRef('Domain', 'c')), false);
});

describe('a tree that is not exactly Cedar 4.5 is refused and never skipped', () => {
  const all = { op: 'All' };
  const tree = (body: unknown, rest: object = {}) => ({
    effect: 'forbid',
    principal: all,
    action: all,
    resource: all,
    conditions: [{ kind: 'when', body }],
    ...rest,
  });
  let deep: unknown = { Value: true };
  for (let i = 0; i < 20_000; i++) deep = { '!': { arg: deep } };
  const table: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'an unknown operator',
      tree({ matches: { left: { Value: 'a' }, right: { Value: 'a' } } }),
      /operator `matches` is not known/,
    ],
    ['an unknown function', tree({ regex: [{ Value: 'a' }] }), /operator `regex` is not known/],
    ['an operator of every object', tree({ constructor: [{ Value: 'a' }] }), /operator `constructor` is not known/],
    ['__proto__', tree(JSON.parse('{"__proto__": [{"Value": 1}]}')), /operator `__proto__` is not known/],
    ['two operators', tree({ Value: true, Var: 'principal' }), /exactly one operator/],
    ['no operator', tree({}), /exactly one operator/],
    ['a missing operand', tree({ '==': { left: { Value: 1 } } }), /exactly one operator/],
    ['a missing body', tree({ '==': null }), /not a policy tree/],
    ['a slot', tree({ Slot: '?principal' }), /operator `Slot` is not known/],
    ['an unknown variable', tree({ Var: 'self' }), /no variable `self`/],
    [
      'an unknown condition',
      { ...tree({ Value: true }), conditions: [{ kind: 'while', body: { Value: true } }] },
      /condition `while`/,
    ],
    ['an unknown scope', tree({ Value: true }, { principal: { op: 'near' } }), /scope operator `near`/],
    [
      'a scope with a slot',
      tree({ Value: true }, { principal: { op: '==', slot: '?principal' } }),
      /needs a type and an id/,
    ],
    ['another effect', tree({ Value: true }, { effect: 'permit' }), /effect of entry and tree differ/],
    ['a tree without end', tree(deep), /nests deeper than 1000/],
    ['no tree', null, /not a policy tree/],
    ['a text', 'permit', /cannot be compiled/],
    [
      'a pattern of numbers',
      tree({ like: { left: { Value: 'a' }, pattern: [{ Literal: 1 }] } }),
      /needs the text of a pattern/,
    ],
    ['a path of numbers', tree({ has: { left: { Var: 'context' }, attr: [1] } }), /needs the name of an attribute/],
    ['an empty path', tree({ has: { left: { Var: 'context' }, attr: [] } }), /needs the name of an attribute/],
    ['a scope without a type', tree({ Value: true }, { principal: { op: 'is' } }), /needs the name of a type/],
    ['a pattern that is none', tree({ like: { left: { Value: 'a' }, pattern: [null] } }), /not a policy tree/],
    [
      'an attribute that is no name',
      tree({ '.': { left: { Var: 'context' }, attr: 1 } }),
      /needs the name of an attribute/,
    ],
    ['a type that is no name', tree({ is: { left: { Var: 'context' } } }), /needs the name of a type/],
  ];
  for (const [name, est, message] of table)
    test(name, () => refused(() => compileEntry({ id: 'p', effect: 'forbid', annotations: {}, est }), message));
});
