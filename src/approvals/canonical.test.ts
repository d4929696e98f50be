import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, NotCanonical } from './canonical.ts';

const of = (text: string): string => canonicalJson(Buffer.from(text));

test('order of members and spaces do not matter; everything else does', () => {
  const same = of('{"a":[1,{"y":null,"x":"é"}],"b":true}');
  assert.equal(of(' { "b" : true , "a" : [ 1 , { "x" : "\\u00e9" , "y" : null } ] } '), same);
  assert.equal(same, '{"a":[1,{"x":"é","y":null}],"b":true}');
  const others = [
    '{"a":[{"y":null,"x":"é"},1],"b":true}',
    '{"a":["1",{"y":null,"x":"é"}],"b":true}',
    '{"a":[1.0,{"y":null,"x":"é"}],"b":true}',
    '{"a":[1e0,{"y":null,"x":"é"}],"b":true}',
    '{"a":[1,{"x":"é"}],"b":true}',
    '{"a":[1,{"y":null,"x":"é"}],"b":true,"c":0}',
    '{"a":[1,{"y":null,"x":"é"}],"b":"true"}',
    '{"a":[1,{"y":null,"x":"e\\u0301"}],"b":true}',
  ];
  for (const text of others) assert.notEqual(of(text), same, text);
});

test('what readers disagree about has no canonical form', () => {
  const refused: readonly [string, RegExp][] = [
    ['{"a":1,"a":2}', /the key `a` twice/],
    ['{"a":1,"\\u0061":2}', /the key `a` twice/],
    ['{"a":9007199254740993}', /9007199254740993/],
    ['-1e400', /which not every reader can hold/],
    ['"\\ud800"', /lone surrogate/],
    ['{"\\udc00":1}', /lone surrogate/],
    ['"\u0001"', /not valid JSON/],
    ['"\\x"', /not valid JSON/],
    ['01', /not valid JSON/],
    ['1 2', /not valid JSON/],
    ['[1,]', /not valid JSON/],
    ['{"a":1,}', /not valid JSON/],
    ['{a:1}', /not valid JSON/],
    ['', /not valid JSON/],
    // A matcher that goes back over it would take longer than anybody lives.
    [`"${'x'.repeat(100_000)}`, /not valid JSON/],
    [`${'['.repeat(99)}${']'.repeat(99)}`, /nested deeper/],
  ];
  for (const [text, why] of refused)
    assert.throws(
      () => of(text),
      (thrown) => thrown instanceof NotCanonical && why.test(thrown.message),
      text,
    );
  assert.throws(() => canonicalJson(Uint8Array.of(0x22, 0xff, 0x22)), /UTF-8/);
});

test('what it accepts is what a parser accepts, and the canonical form is a fixed point that means the same', () => {
  const samples = [
    '0',
    '-0',
    '1.50',
    '[]',
    '{}',
    '[[],{}]',
    '"\\/\\b\\u2028"',
    ' null ',
    '{"__proto__":{"a":1}}',
    '{"":""}',
  ];
  for (const text of samples) {
    const canonical = of(text);
    assert.deepEqual(JSON.parse(canonical), JSON.parse(text));
    assert.equal(of(canonical), canonical);
  }
});

test('a megabyte of text or escapes is read', () => {
  for (const unit of ['x', '\\n', '[],'])
    assert.ok(of(unit === '[],' ? `[${unit.repeat(300_000)}0]` : `"${unit.repeat(500_000)}"`).length > 500_000);
});

test('a string that never ends is refused at once, and fifteen megabytes of escapes are read', () => {
  // With a pattern that could read the same text in many ways, each character more took twice as long: these, four minutes.
  const startMs = performance.now();
  for (const open of [`"${'x'.repeat(34)}`, `"${'x'.repeat(34)}\\`, '"'])
    assert.throws(
      () => of(open),
      (thrown) => thrown instanceof NotCanonical && /not valid JSON/.test(thrown.message),
    );
  assert.ok(performance.now() - startMs < 5_000);
  assert.ok(of(`"${'a\\n'.repeat(5_000_000)}"`).length > 10_000_000);
});
