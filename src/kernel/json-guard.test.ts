import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../contract/index.ts';
import { guardJson } from './json-guard.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const refusalOf = (input: string | Uint8Array): string | undefined => {
  try {
    guardJson(typeof input === 'string' ? bytesOf(input) : input);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof Fault);
    assert.equal(thrown.code, 'bad_request');
    return String(thrown.facts['problem']);
  }
};

const REFUSED: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing', ''],
  ['only space', ' \n'],
  ['something after the end', '{} {}'],
  ['a comma too many', '[1,]'],
  ['a comma too few', '[1 2]'],
  ['a missing colon', '{"a" 1}'],
  ['a missing value', '{"a":}'],
  ['a bare key', '{a:1}'],
  ['single quotes', "{'a':1}"],
  ['a comment', '{/**/}'],
  ['a leading zero', '01'],
  ['a leading plus', '+1'],
  ['a bare dot', '.5'],
  ['a trailing dot', '5.'],
  ['an empty exponent', '1e'],
  ['a lonely minus', '-'],
  ['NaN', 'NaN'],
  ['a cut literal', 'tru'],
  ['a control character', '"\u0001"'],
  ['a raw newline in a string', '"a\nb"'],
  ['an unknown escape', '"\\x"'],
  ['a cut escape', '"\\u12"'],
  ['an open string', '"abc'],
  ['an open object', '{"a":1'],
  ['an open list', '[1'],
  ['the wrong bracket', '[1}'],
  ['a byte order mark', '\ufeff{}'],
  ['a form feed as space', '\f{}'],
  ['a duplicate key', '{"tool":"safe","tool":"danger"}'],
  ['a duplicate key in disguise', '{"a":1,"\\u0061":2}'],
  ['a duplicate key after its disguise', '{"\\u0061":1,"a":2}'],
  ['a duplicate key deep inside', '[{"x":{"k":1,"k":2}}]'],
  ['a duplicate key after a nested object', '{"a":{"b":1},"a":2}'],
  ['a duplicate key among many', `{${Array.from({ length: 40 }, (_, i) => `"k${i}":0`).join(',')},"k3":1}`],
  ['__proto__', '{"__proto__":{}}'],
  ['__proto__ in disguise', '{"__pro\\u0074o__":{}}'],
  ['constructor.prototype', '{"constructor":{"prototype":{}}}'],
  ['constructor.prototype in disguise', '{"constructo\\u0072":{"p\\u0072ototype":{}}}'],
  ['a lone high surrogate', '"\\ud800"'],
  ['a lone low surrogate', '"\\udc00"'],
  ['two high surrogates', '"\\ud800\\ud800"'],
  ['a surrogate encoded as UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ['an overlong encoding', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)],
  ['a cut UTF-8 sequence', Uint8Array.of(0x22, 0xe2, 0x82, 0x22)],
  ['65 levels', '['.repeat(65) + ']'.repeat(65)],
  ['50,001 tokens', `[${'1,'.repeat(49_999)}1]`],
  ['a million open brackets', '['.repeat(1_000_000)],
];

for (const [what, input] of REFUSED) {
  test(`${what} is refused`, () => assert.notEqual(refusalOf(input), undefined));
}

const ACCEPTED: readonly string[] = [
  'null',
  ' true ',
  '-0.5e+10',
  '"\\ud83d\\ude00 😀 \\" \\/ \\b"',
  '{"prototype":1,"constructor":1}',
  '{"constructor":{"x":{"prototype":1}}}',
  '{"a":{"k":1},"b":{"k":1},"k":[{"k":1},{"k":2}]}',
  '['.repeat(64) + ']'.repeat(64),
  `[${'1,'.repeat(49_998)}1]`,
  '{"":0," ":1}',
];

for (const text of ACCEPTED) {
  test(`${text.slice(0, 50)} is accepted`, () => assert.equal(refusalOf(text), undefined));
}

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test('every JSON value that parsers agree on is accepted', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const special = /__proto__|"constructor"|\\ud[89a-f]/i.test(text);
      assert.ok(special || refusalOf(text) === undefined, text);
    }),
    { numRuns: 500 },
  );
});

test('damaged JSON is accepted only if JSON.parse accepts it, and refused only for a reason of ours', () => {
  const piece = fc.constantFrom(...'{}[]:,"\\u0a1-+.eE \n', 'true', 'null', '"a"', '"b":', '\\ud83d', '1.5', 'é');
  const damage = fc.tuple(fc.nat(60), fc.nat(3), piece);
  const ours = /twice|prototypes|surrogate|nested|more than/;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.array(damage, { maxLength: 3 }), (value, damages) => {
      let text = JSON.stringify(value);
      for (const [at, cut, insert] of damages) text = text.slice(0, at) + insert + text.slice(at + cut);
      if (!text.isWellFormed()) return;
      const refusal = refusalOf(text);
      if (parses(text)) assert.ok(refusal === undefined || ours.test(refusal), `${text}: ${refusal}`);
      else assert.notEqual(refusal, undefined, text);
    }),
    { numRuns: 3_000 },
  );
});

test('a flood of different keys costs linear time', () => {
  const keys = (count: number): Uint8Array =>
    bytesOf(`{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join(',')}}`);
  // The guard compares each key with a set beyond 16 keys; row by row this would be 300 million comparisons.
  const started = performance.now();
  guardJson(keys(24_000));
  assert.ok(performance.now() - started < 2_000);
});
