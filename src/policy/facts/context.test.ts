/** Answers as records keep them: what was written comes back, and what nobody wrote is nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answersFrom, answersText, declaredPart, type FactAnswers } from './context.ts';

test('what was written comes back', () => {
  const values = fc.dictionary(
    fc.string(),
    fc.jsonValue().filter((value) => !Object.is(value, -0)),
  );
  fc.assert(
    fc.property(
      values,
      fc.option(fc.record({ fact: fc.string(), why: fc.string() }), { nil: undefined }),
      (data, failed) => {
        const given = { values: data, ...(failed === undefined ? {} : { failed }) };
        const answers = JSON.parse(JSON.stringify(given)) as FactAnswers;
        const text = answersText(answers);
        assert.deepEqual(text === undefined ? answers : answersFrom(text), answers);
      },
    ),
  );
});

for (const text of ['', 'null', '1', '{}', '{"values":null}', '{"values":1}', '{"values":'])
  test(`${text || 'nothing'} is no record`, () => assert.equal(answersFrom(text), undefined));

test('answers that are too long for a record are left out whole', () =>
  assert.equal(answersText({ values: { a: 'x'.repeat(8_000) } }), undefined));

test('only declared fields are kept, at every depth', () => {
  const item = { is: 'record', fields: [{ name: 'n', required: true, type: { is: 'long' } }], closed: false } as const;
  const type = {
    is: 'record',
    fields: [
      { name: 'list', required: true, type: { is: 'set', of: item } },
      { name: 'untyped', required: true, type: null },
    ],
    closed: false,
  } as const;
  const data = { list: [{ n: 1, secret: 2 }, 'odd'], untyped: 3, other: 4 };
  assert.deepEqual(declaredPart(type, data), { list: [{ n: 1 }, 'odd'] });
});
