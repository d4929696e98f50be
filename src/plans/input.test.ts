import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputReader } from './input.ts';

const SCHEMA = {
  type: 'object',
  required: ['from'],
  properties: { from: { type: 'string' }, seats: { type: 'integer' } },
};

test('what does not fit the schema of a plan is told with its place', () => {
  const { problem, wrong } = inputReader(SCHEMA);
  assert.equal(problem, '');
  assert.deepEqual(wrong({ from: 'BER', seats: 2, other: true }), []);
  assert.equal(wrong({ seats: 1.5 }).length, 2);
  assert.match(wrong({ seats: 1.5 }).join(), /`from`.*`seats`/);
  assert.equal(wrong('BER').length, 1);
});

test('a schema that cannot be used lets nothing through and says why', () => {
  for (const schema of [
    { type: 'string', pattern: '(a+)+$' },
    { type: 'object', properties: { a: { type: 'string', pattern: 'x' } } },
    { type: 'object', dependentRequired: { a: ['b'] } },
  ]) {
    const { problem, wrong } = inputReader(schema);
    assert.notEqual(problem, '');
    assert.deepEqual(wrong({}), [problem]);
  }
});

test('a field that is called like a keyword is a field', () => {
  const { problem } = inputReader({ type: 'object', properties: { pattern: { type: 'string' } } });
  assert.equal(problem, '');
});
