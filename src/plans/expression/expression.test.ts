import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExpressionError } from './ast.ts';
import { expression } from './expression.ts';
import { celOf } from './json.ts';
import { template } from './template.ts';
import { DYN, type Type, typeOfSchema } from './type.ts';

const evaluated = (text: string, values: Readonly<Record<string, unknown>> = {}): unknown =>
  expression(text).evaluate(Object.fromEntries(Object.entries(values).map(([name, json]) => [name, celOf(json)])));

test('JSON goes in and comes out, and whole numbers stay exact', () => {
  const input = { n: 9_007_199_254_740_991, half: 0.5, list: [1, 'a', null, true], deep: { a: { b: [{}] } } };
  assert.deepEqual(evaluated('input', { input }), input);
  assert.equal(evaluated('input.n - 1', { input }), 9_007_199_254_740_990);
  assert.equal(evaluated('input.half * 2.0', { input }), 1);
  assert.throws(() => evaluated('input.n + 1', { input }), /beyond 2\^53/);
});

test('a key that looks like a prototype is a key', () => {
  const input = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
  assert.equal(JSON.stringify(evaluated('input', { input })), '{"__proto__":{"x":1},"constructor":2}');
  assert.equal(evaluated('has(input.toString)', { input }), false);
});

test('what is too long, too big or too deep is refused when it is read', () => {
  const refused: readonly [string, RegExp][] = [
    [`"${'a'.repeat(4_000)}"`, /4000 are the most/],
    [Array.from({ length: 600 }, () => '1').join('+'), /1000 are the most/],
    ['a.map(x, b.map(y, c.map(z, z)))', /loops in loops in loops/],
    ['('.repeat(1_990) + ')'.repeat(1_990), /no expression/],
    ['a +', /no expression/],
  ];
  for (const [text, why] of refused)
    assert.throws(
      () => expression(text),
      (thrown) => thrown instanceof ExpressionError && why.test(thrown.message),
      text.slice(0, 30),
    );
});

test('an evaluation that takes too long is ended', () => {
  const list = Array.from({ length: 20_000 }, (_, at) => at);
  const startMs = performance.now();
  assert.throws(() => evaluated('list.all(x, list.all(y, x + y >= 0))', { list }), /longer than/);
  assert.ok(performance.now() - startMs < 5_000);
});

test('patterns that make others run for ever are harmless here', () => {
  const startMs = performance.now();
  assert.equal(evaluated(`"${'a'.repeat(60)}!".matches("^(a+)+$")`), false);
  assert.ok(performance.now() - startMs < 2_000);
});

test('it has no clock, no chance and nothing to read but what it is given', () => {
  for (const text of ['now()', 'random()', 'process.env', 'globalThis', 'this', 'constructor', 'x.constructor("a")'])
    assert.ok(expression(text).check(new Map<string, Type>([['x', DYN]])).remarks.length > 0, text);
});

const names = new Map<string, Type>([
  [
    'input',
    typeOfSchema({
      type: 'object',
      properties: {
        n: { type: 'integer' },
        name: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        any: {},
      },
    }),
  ],
]);

test('what cannot be right is found before it runs, with its column', () => {
  const wrong: readonly [string, number, RegExp][] = [
    ['input.m', 6, /there is no `m` here; there is `n`, `name`/],
    ['inputs.n', 1, /`inputs` is unknown here; there is `input`/],
    ['input.n && true', 1, /needs a bool/],
    ['input.n + input.name', 9, /an int and a string/],
    ['input.n + 0.5', 9, /mix an int and a double/],
    ['input.name.x', 11, /asks for a field, and this is a string/],
    ['input.tags.map(t, t + 1)', 20, /a string and an int/],
    ['input.n.startsWith("a")', 8, /is for string, and this is an int/],
    ['frobnicate(input.n)', 1, /no function `frobnicate`/],
    ['input.n == "a"', 9, /never true/],
    ['input.n ? 1 : 2', 1, /a bool before/],
  ];
  for (const [text, column, message] of wrong) {
    const [remark] = expression(text).check(names).remarks;
    assert.match(remark?.message ?? 'nothing', message, text);
    assert.equal(remark?.column, column, text);
  }
});

test('what may be right passes, and its type is known as far as it can be', () => {
  const right: readonly [string, Type['is']][] = [
    ['input.n > 1 && input.name != ""', 'bool'],
    ['input.tags.exists(t, t == input.name)', 'bool'],
    ['input.tags.filter(t, t.size() > 1)', 'list'],
    ['input.any.whatever.it["is"] + 1', 'dyn'],
    ['timestamp("2026-01-01T00:00:00Z") + duration("1h")', 'timestamp'],
    ['{"a": input.n}.a', 'int'],
    ['has(input.any.x) ? 1 : 2', 'int'],
    ['input.name.split(",")[0]', 'string'],
    ['type(input.n) == int', 'bool'],
  ];
  for (const [text, is] of right) {
    const { type, remarks } = expression(text).check(names);
    assert.deepEqual(remarks, [], text);
    assert.equal(type.is, is, text);
  }
});

test('a template is JSON with values in it, and a text is itself', () => {
  const { template: one, problems } = template({
    a: '${ input.n + 1 }',
    b: ['x ${ y }', '$${ literal }', 3],
    c: { d: null },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(one.fill({ input: celOf({ n: 1 }) }), { a: 2, b: ['x ${ y }', '${ literal }', 3], c: { d: null } });
});

test('what a value is can never become another field, an expression or a name', () => {
  const evil = '${ input.secret }';
  const { template: one } = template({ a: '${ input.text }' });
  assert.deepEqual(one.fill({ input: celOf({ text: evil, secret: 1 }) }), { a: evil });
});

test('a template that is one result passes its bytes on, and nothing else does', () => {
  const wholeOf = (json: unknown) => template(json).template.whole;
  assert.equal(wholeOf('${ steps.a.result }'), 'a');
  for (const json of ['${ steps.a.result.x }', '${ steps.a.results }', ['${ steps.a.result }'], 'steps.a.result'])
    assert.equal(wholeOf(json), undefined);
});
