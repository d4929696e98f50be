import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../contract/index.ts';
import { Notable } from './worth.ts';

const event = (change: Partial<CallEvent> = {}): CallEvent => ({
  ...{ callId: 'c', trace: 'a', span: 'b', tenant: 'default', principal: { kind: 'agent', id: 'shop' } },
  ...{ target: { kind: 'model', name: 'big', operation: 'chat' }, lineage: { root: 'c', depth: 0 } },
  ...{ node: 'n', role: 'hub', startedAtMs: 1_000, durationMs: 10, status: 'ok', code: '', httpStatus: 200 },
  ...{ requestBytes: 0, replyBytes: 0, snapshotSeq: 1, attributes: {}, steps: [] },
  ...change,
});

test('whatever did not go well is worth its trace, and an ordinary call is not', () => {
  const notable = new Notable();
  const why = (change: Partial<CallEvent>) => notable.why(event(change));
  assert.equal(why({}), undefined);
  assert.equal(why({ status: 'denied', code: 'denied' }), 'denied');
  assert.equal(why({ status: 'refused', code: 'budget_exhausted' }), 'denied');
  for (const status of ['failed', 'refused', 'unknown', 'cancelled'] as const) assert.equal(why({ status }), 'failed');
  assert.equal(why({ attributes: { notes: ['held'] } }), 'held');
});

test('what is slow or expensive beyond the bounds is, from the first call on', () => {
  const notable = new Notable();
  assert.equal(notable.why(event({ durationMs: 10_001 })), 'slow');
  assert.equal(notable.why(event({ attributes: { 'cost.micros': 1_000_001 } })), 'expensive');
  assert.equal(notable.why(event({ attributes: { 'cost.micros': '9e99' } })), undefined);
});

test('what stands out among its like is, once there are enough of them, and the usual is what came lately', () => {
  const notable = new Notable();
  const at = (durationMs: number, cost = 5, name = 'big') =>
    notable.why(
      event({ durationMs, attributes: { 'cost.micros': cost }, target: { kind: 'model', name, operation: 'chat' } }),
    );
  assert.equal(at(900), undefined, 'nobody knows yet');
  for (let call = 0; call < 200; call++) assert.equal(at(10), undefined, 'all alike: none stands out');
  assert.equal(at(1_000), 'slow');
  assert.equal(at(10, 900), 'expensive');
  assert.equal(at(1_000, 5, 'other'), undefined, 'another operation has its own');
  for (let call = 0; call < 2_000; call++) at(1_000);
  assert.equal(at(1_000), undefined, 'now that is usual');
});

test('names that never end take no memory without end, and no slow call is missed for it', () => {
  const notable = new Notable();
  for (let at = 0; at < 1_200; at++) notable.why(event({ target: { kind: 'tool', name: `t${at}`, operation: 'x' } }));
  const late = { kind: 'tool', name: 't1199', operation: 'x' } as const;
  for (let at = 0; at < 300; at++) notable.why(event({ target: late }));
  assert.equal(notable.why(event({ target: late, durationMs: 5_000 })), undefined);
  assert.equal(notable.why(event({ target: late, durationMs: 11_000 })), 'slow');
});
