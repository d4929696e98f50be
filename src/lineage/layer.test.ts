import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, Fault } from '../contract/index.ts';
import { compose, loopback, loopbackCall, rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import { lineage, MAX_DEPTH } from './index.ts';

const outcome = async (call: Partial<Call>): Promise<string> => {
  const { scope } = rootScope(new VirtualWorld(1), silentSpan('s'));
  return compose(lineage('hub-1'))(loopback().handler)(loopbackCall(call), scope).then(
    () => 'sent',
    (thrown) => Fault.from(thrown).message,
  );
};

test('a call that comes by a second time ends, and the circle is named', async () => {
  assert.equal(await outcome({ via: ['hub-2'] }), 'sent');
  assert.match(await outcome({ via: ['hub-1', 'hub-2'] }), /hub-1 -> hub-2 -> hub-1/);
});

test('a call tree ends where it has grown enough', async () => {
  assert.equal(await outcome({ lineage: { root: 'r', depth: MAX_DEPTH } }), 'sent');
  assert.match(await outcome({ lineage: { root: 'r', depth: MAX_DEPTH + 1 } }), /9 calls deep and 8 are allowed/);
});
