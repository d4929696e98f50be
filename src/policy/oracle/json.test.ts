/** What goes to cedar-wasm is what we hold: every value survives the way out and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Decimal } from '../extension/decimal.ts';
import { parseIp } from '../extension/ip.ts';
import { Datetime, Duration } from '../extension/time.ts';
import { CedarRecord, CedarSet, EntityRef, equals, fromJson, type Value } from '../value.ts';
import { toJson } from './json.ts';

const safe = fc.maxSafeInteger();
/** The border lets no record in that has a name like Cedar's escapes. */
const names = fc.string().filter((name) => !name.startsWith('__'));

const leaves: fc.Arbitrary<Value> = fc.oneof(
  fc.boolean(),
  safe,
  fc.string(),
  fc.string().map((id) => new EntityRef('User', id)),
  safe.map((units) => new Decimal(BigInt(units))),
  fc.integer({ min: -1e14, max: 1e14 }).map((ms) => new Datetime(ms)),
  fc.integer({ min: -1e14, max: 1e14 }).map((ms) => new Duration(ms)),
  fc.oneof(fc.ipV4(), fc.constantFrom('::1', '2001:db8::/32', '10.1.2.3/9', '0.0.0.0/0', 'ff02::1:2')).map(parseIp),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaves,
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new CedarSet(items)),
    fc
      .dictionary(names, tie('value'), { maxKeys: 3 })
      .map((fields) => new CedarRecord(new Map(Object.entries(fields)))),
  ),
}));

test('a value survives the way to cedar and back', () => {
  fc.assert(
    fc.property(value, (each) => {
      assert.ok(equals(fromJson(JSON.parse(JSON.stringify(toJson(each)))), each), JSON.stringify(toJson(each)));
    }),
    { numRuns: 500 },
  );
});

test('an integer that json would round is refused', () => {
  assert.throws(() => toJson(2n ** 60n), RangeError);
});
