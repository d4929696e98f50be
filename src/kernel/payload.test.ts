import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Body } from '../contract/index.ts';
import { payloadOf } from './payload.ts';

const bytes = (text: string): Body => ({ kind: 'bytes', bytes: new TextEncoder().encode(text) });

test('a payload is parsed once, however many look', () => {
  const call = { contentType: 'application/json', body: bytes('{"a":[1]}') };
  const first = payloadOf(call);
  assert.deepEqual(first, { data: { a: [1] } });
  assert.equal(payloadOf({ ...call }), first);
  assert.notEqual(payloadOf({ ...call, body: bytes('{"a":[1]}') }), first);
});

test('bytes in the middle of a larger buffer are read alone', () => {
  const body: Body = { kind: 'bytes', bytes: new TextEncoder().encode('xx{}yy').subarray(2, 4) };
  assert.deepEqual(payloadOf({ contentType: 'application/problem+json; charset=utf-8', body }), { data: {} });
});

const UNREADABLE: readonly (readonly [contentType: string, text: string, problem: string])[] = [
  ['text/plain', '{}', 'is not sent as `application/json`'],
  ['', '{}', 'is not sent as `application/json`'],
  ['application/jsonp', '{}', 'is not sent as `application/json`'],
  ['application/json', '', 'is empty'],
  ['application/json', '{"a":1', 'is not valid JSON'],
  ['application/json', '\ufeff{}', 'is not valid JSON'],
];
for (const [contentType, text, problem] of UNREADABLE) {
  test(`${JSON.stringify(text)} as ${JSON.stringify(contentType)} ${problem}`, () => {
    assert.deepEqual(payloadOf({ contentType, body: bytes(text) }), { problem });
  });
}

test('a stream stays the target’s', async () => {
  const chunks = (async function* () {
    yield new Uint8Array([123, 125]);
  })();
  const body: Body = { kind: 'stream', chunks };
  assert.deepEqual(payloadOf({ contentType: 'application/json', body }), { problem: 'is a stream' });
  assert.deepEqual((await chunks.next()).value, new Uint8Array([123, 125]));
});
