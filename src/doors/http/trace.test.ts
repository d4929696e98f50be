import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTraceparent } from './trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a valid traceparent is read', () => {
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), { trace: TRACE, parentSpan: SPAN, sampled: true });
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled, false);
  assert.equal(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`)?.trace, TRACE);
});

/** The simple twin of the table. */
const byRegex = (text: string): boolean => {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(text);
  if (match === null || match[1] === 'ff' || (match[1] === '00' && match[4] !== undefined)) return false;
  return !/^0+$/.test(match[2]!) && !/^0+$/.test(match[3]!);
};

test('the table and the regular expression agree on whole and damaged headers', () => {
  const whole = `00-${TRACE}-${SPAN}-01`;
  const damaged = fc
    .tuple(fc.nat(56), fc.nat(2), fc.constantFrom('', '0', 'f', 'F', '-', 'g', 'é', ' ', '0'.repeat(32), '-x'))
    .map(([at, cut, insert]) => whole.slice(0, at) + insert + whole.slice(at + cut));
  fc.assert(fc.property(damaged, (text) => assert.equal(parseTraceparent(text) !== undefined, byRegex(text), text)));
});
