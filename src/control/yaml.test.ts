import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_FILE_BYTES, parseYaml } from './yaml.ts';

const deepFlow = `${'['.repeat(70)}${']'.repeat(70)}`;
const laughs = [
  'a: &a [x, x]',
  'b: &b [*a, *a]',
  ...'cdefghijklmnopqr'
    .split('')
    .map((name, at) => `${name}: &${name} [*${'bcdefghijklmnopq'[at]}, *${'bcdefghijklmnopq'[at]}]`),
].join('\n');

/** Text, and the one sentence that it must be answered with. */
const hostile: readonly (readonly [string, string, string])[] = [
  ['a key given twice', 'a: 1\nb: 2\na: 3\n', 'f.yaml:3: the key `a` is given twice in one map; keep one of them'],
  [
    'a nested key given twice',
    'x:\n  y: 1\n  y: 2\n',
    'f.yaml:3: the key `y` is given twice in one map; keep one of them',
  ],
  [
    'a key given twice in flow style',
    'x: {y: 1, y: 2}',
    'f.yaml:1: the key `y` is given twice in one map; keep one of them',
  ],
  [
    '__proto__ given twice',
    '__proto__: 1\n__proto__: 2',
    'f.yaml:2: the key `__proto__` is given twice in one map; keep one of them',
  ],
  ['a billion laughs', laughs, 'f.yaml:4: uses more than 100 aliases; write the values out'],
  ['an alias to itself', 'a: &x [*x]', 'f.yaml:1: is nested more than 64 levels deep'],
  ['an unknown alias', 'a: *nobody', 'f.yaml:1: refers to an anchor that is not defined before it'],
  ['a list 70 deep', deepFlow, 'f.yaml:1: is nested more than 64 levels deep'],
  ['a list that exhausts the stack', '['.repeat(50_000), 'f.yaml:1: is nested more than 64 levels deep'],
  ['a language tag', 'a: !!js/function "x"', 'f.yaml:1: the tag `!!js/function` is not allowed; write a plain value'],
  ['a tag of ours', 'a: !include /etc/passwd', 'f.yaml:1: the tag `!include` is not allowed; write a plain value'],
  [
    'binary',
    'a: !!binary aGk=',
    'f.yaml:1: is not a value that a configuration can hold; write text, a number, true or false',
  ],
  ['infinity', 'a: .inf', 'f.yaml:1: is not a finite number'],
  ['not a number', 'a:\n  - .nan', 'f.yaml:2: is not a finite number'],
  ['a merge key', '<<: {a: 1}', 'f.yaml:1: merge keys (`<<`) are not supported; write the fields out'],
  ['a list as key', '? [1, 2]\n: 3', 'f.yaml:1: has a key that is not text; put it in quotes'],
  ['a number as key', '1: x', 'f.yaml:1: has a key that is not text; put it in quotes'],
  ['a null as key', 'a: 1\n~: x', 'f.yaml:2: has a key that is not text; put it in quotes'],
  ['a tab as indent', 'a:\n\t- b', 'f.yaml:2: indented with a tab; use spaces'],
  [
    'a map inside a line',
    'a: b: c',
    'f.yaml:1: is not valid YAML: nested mappings are not allowed in compact mappings',
  ],
  [
    'an open list',
    'a: [1, 2',
    'f.yaml:1: is not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['an open quote', 'a: "x', 'f.yaml:1: is not valid YAML: missing closing "quote'],
  [
    'a file of a mebibyte and one',
    ' '.repeat(MAX_FILE_BYTES + 1),
    `f.yaml: is larger than ${MAX_FILE_BYTES} bytes; split it into several files`,
  ],
  [
    'control characters in a key',
    '"a\\u001b[31m\\u202e": 1\n"a\\u001b[31m\\u202e": 2',
    'f.yaml:2: the key `a?[31m?` is given twice in one map; keep one of them',
  ],
  [
    'a very long key',
    `${'k'.repeat(500)}: 1\n${'k'.repeat(500)}: 2`,
    `f.yaml:2: the key \`${'k'.repeat(80)}…\` is given twice in one map; keep one of them`,
  ],
  ['a wrong escape', 'a: "\\q"', 'f.yaml:1: is not valid YAML: invalid escape sequence \\q'],
  ['a reserved character', 'a: @b', 'f.yaml:1: is not valid YAML: plain value cannot start with reserved character @'],
];

for (const [what, text, sentence] of hostile) {
  test(`refused in one sentence: ${what}`, () => {
    const parsed = parseYaml(text, 'f.yaml');
    assert.deepEqual(parsed.problems, [sentence]);
    assert.deepEqual(parsed.documents, []);
  });
}

test('sixty thousand keys take no time to speak of', { timeout: 10_000 }, () => {
  const text = Array.from({ length: 60_000 }, (_, at) => `k${at}: 1`).join('\n');
  assert.equal(parseYaml(text, 'f.yaml').documents.length, 1);
});

test('aliases in moderation are what they stand for', () => {
  const parsed = parseYaml('a: &x {b: 1}\nc: *x\n', 'f.yaml');
  assert.equal(JSON.stringify(parsed.documents[0]?.value), '{"a":{"b":1},"c":{"b":1}}');
});

test('values keep the types of YAML 1.2, whatever version the file claims', () => {
  const parsed = parseYaml('%YAML 1.1\n---\nyes: yes\non: off\noctal: 0o17\ndate: 2026-01-01\nnothing:\n', 'f.yaml');
  assert.equal(
    JSON.stringify(parsed.documents[0]?.value),
    '{"yes":"yes","on":"off","octal":15,"date":"2026-01-01","nothing":null}',
  );
});

test('documents are told apart, empty ones skipped, and each knows its lines', () => {
  const text = '# heading\n---\n---\na: 1\nb:\n  c:\n    - d: 1\n    - e: 2\n---\nz: 1\n...\n';
  const { documents, problems } = parseYaml(text, 'f.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    documents.map(({ origin }) => origin),
    ['f.yaml:4', 'f.yaml:10'],
  );
  const [first] = documents;
  assert.equal(first!.locate(['b', 'c', 1, 'e']), 'f.yaml:8');
  assert.equal(first!.locate(['b', 'c', 7]), 'f.yaml:6');
  assert.equal(first!.locate(['b', 'missing']), 'f.yaml:5');
  assert.equal(first!.locate([]), 'f.yaml:4');
  assert.equal(first!.locate(['a', 'deeper']), 'f.yaml:4');
});

test('each bad document is reported once, and good ones beside it are kept', () => {
  const { documents, problems } = parseYaml('a: [\n---\nb: 1\n---\nc: {d\n', 'f.yaml');
  assert.equal(problems.length, 2);
  assert.equal(documents.length, 1);
});

test('no text at all makes the parser throw', () => {
  const pieces = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&x ',
    '*x',
    '"',
    "'",
    '\n',
    '  ',
    '|',
    '>',
    '!',
    '%',
    '---\n',
    '#',
    ',',
    '? ',
  );
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => void parseYaml(parts.join(''), 'f.yaml')));
});
