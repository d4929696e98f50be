/** Declarations of facts: everything they name exists, what they ask only reads, and nothing waits for itself. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FactSpec } from '../../contract/resources/fact.ts';
import { declareFacts } from './declare.ts';
import { at } from './pointer.ts';

const REGISTRY = {
  targets: [
    {
      tenant: 't',
      kind: 'agent' as const,
      name: 'desk',
      operations: [
        { name: 'look', effect: 'read' },
        { name: 'change', effect: 'write' },
      ],
    },
  ],
};

const FACT = {
  for: [{ name: 'desk', operations: ['change'] }],
  ask: { name: 'desk', operation: 'look' },
  as: { type: 'object', properties: { n: { type: 'integer' } } },
};

const declared = (facts: Readonly<Record<string, object>>) =>
  declareFacts(
    Object.entries(facts).map(([name, spec]) => ({ tenant: 't', name, spec: FactSpec.parse(spec), source: 'f:1' })),
    REGISTRY,
    't',
  );

const ask = (body: object) => ({ ...FACT, ask: { ...FACT.ask, body } });

const WRONG: readonly (readonly [string, Readonly<Record<string, object>>, RegExp])[] = [
  [
    'a target that does not exist',
    { a: { ...FACT, for: [{ name: 'dsk' }] } },
    /`spec.for` names the agent `dsk`, which does not exist; did you mean `desk`/,
  ],
  [
    'an operation that does not exist',
    { a: { ...FACT, ask: { name: 'desk', operation: 'lok' } } },
    /`spec.ask`: agent `desk` has no operation `lok`; did you mean `look`/,
  ],
  [
    'a question that changes something',
    { a: { ...FACT, ask: { name: 'desk', operation: 'change' } } },
    /effect `write`.* must be `read`/,
  ],
  [
    'a fact about a call that a fact asks',
    { a: { ...FACT, for: [{ name: 'desk', operations: ['look'] }] } },
    /names `agent\/desk\/look`, which a fact asks/,
  ],
  [
    'another fact that does not exist',
    { acount: FACT, b: ask({ id: { fact: 'account' } }) },
    /names the fact `account`, which does not exist; did you mean `acount`/,
  ],
  [
    'facts that wait for each other',
    { a: ask({ x: { fact: 'b' } }), b: ask({ x: { fact: 'a' } }) },
    /waits for itself: `a` -> `b` -> `a`/,
  ],
  ['a fact that waits for itself', { a: ask({ x: { fact: 'a' } }) }, /waits for itself: `a` -> `a`/],
  ['an answer that is no object', { a: { ...FACT, as: { type: 'string' } } }, /`spec.as`/],
  [
    'a part that policies have no type for',
    { a: { ...FACT, as: { type: 'object', properties: { n: { oneOf: [] } } } } },
    /`spec.as`: `n` has no type/,
  ],
];

describe('refused with the place, the field and the nearest name', () => {
  for (const [what, facts, says] of WRONG) {
    test(what, () => {
      const { problems } = declared(facts);
      assert.equal(problems.length > 0, true);
      assert.match(problems.join('\n'), says);
      for (const problem of problems) assert.match(problem, /^f:1: Fact `[a-z]+`: /);
    });
  }

  for (const [what, spec] of [
    ['neither asked nor given', { ...FACT, ask: undefined }],
    ['both asked and given', { ...FACT, value: 1 }],
    ['a pointer that is none', { ...FACT, take: 'x' }],
    ['a source that says two things', ask({ x: { fact: 'a', argument: '' } })],
  ] as const)
    test(what, () => assert.equal(FactSpec.safeParse(spec).success, false));
});

test('facts come after what they are built from, and serve all but what is asked', () => {
  const { entries, problems } = declared({
    a: ask({ x: { fact: 'z' } }),
    z: { ...FACT, for: [{ name: 'desk' }] },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    entries.map(({ name, serves }) => [name, serves]),
    [
      ['z', ['agent/desk/change']],
      ['a', ['agent/desk/change']],
    ],
  );
});

const POINTERS: readonly (readonly [unknown, string, unknown])[] = [
  [{ a: [1, { b: 2 }] }, '/a/1/b', 2],
  [{ a: 1 }, '', { a: 1 }],
  [{ 'x/y': { '~': 3 } }, '/x~1y/~0', 3],
  [{ '': 4 }, '/', 4],
  [{}, '/constructor', undefined],
  [[1], '/length', undefined],
  ['text', '/0', undefined],
  [null, '/a', undefined],
];

for (const [document, pointer, value] of POINTERS)
  test(`${pointer} of ${JSON.stringify(document)}`, () => assert.deepEqual(at(document, pointer), value));
