/** What agents say of themselves: drawn where it belongs, and never in the place of what nodes saw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentSpan, CallEvent } from '../../../src/contract/index.ts';
import { criticalPath } from './critical.ts';
import { seenIn, spansOf, totalsOf } from './spans.ts';

const call = (span: string, given: Partial<CallEvent> = {}): CallEvent => ({
  ...{ callId: span, trace: 't', span, tenant: 'default', node: 'hub-1', role: 'hub' },
  principal: { kind: 'user', id: 'ann' },
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  lineage: { root: span, depth: 0 },
  ...{ startedAtMs: 1_000, durationMs: 100, status: 'ok', code: '', httpStatus: 200, requestBytes: 2, replyBytes: 2 },
  ...{ snapshotSeq: 1, attributes: {}, steps: [] },
  ...given,
});
const said = (span: string, parentSpan: string, given: Partial<AgentSpan> = {}): AgentSpan => ({
  ...{ tenant: 'default', principal: { kind: 'agent', id: 'orders' }, receivedAtMs: 0, trace: 't', span, parentSpan },
  ...{ name: `“${span}”`, kind: 'internal', startedAtMs: 1_010, durationMs: 50, status: 'unset', message: '' },
  ...{ service: '', attributes: {}, left: 0 },
  ...given,
});
const byOrders = { kind: 'agent', id: 'orders' } as const;
const tree = (events: readonly CallEvent[], spans: readonly AgentSpan[]) =>
  spansOf(events, spans).map(({ depth, id }) => `${'-'.repeat(depth)}${id}`);

test('a span of an agent stands below the call that it answers, and its calls stand below the span', () => {
  const model = call('m', { principal: byOrders, parentSpan: 'think', startedAtMs: 1_020, durationMs: 30 });
  assert.deepEqual(tree([call('a'), model], [said('think', 'a')]), ['a', '-think', '--m']);
});

test('nobody takes the calls of others, nor the place of what a node saw', () => {
  const foreign = call('m', { parentSpan: 'think', startedAtMs: 1_020 });
  assert.deepEqual(tree([call('a'), foreign], [said('think', 'a')]), ['a', '-think', 'm']);
  assert.deepEqual(tree([call('a')], [said('a', 'a'), said('x', 'y'), said('y', 'x')]), ['a', 'y', '-x']);
});

test('times and failures of agents move nothing, and the row says how far their clock is off', () => {
  const late = said('think', 'a', { startedAtMs: 61_000, durationMs: 10, status: 'error', message: 'no' });
  const spans = spansOf([call('a')], [late]);
  assert.deepEqual(
    spans.map(({ fromMs, toMs, note, error }) => [fromMs, toMs, note, error]),
    [
      [1_000, 1_100, 'at hub-1', ''],
      [1_100, 1_100, 'said by agent/orders · its clock is off by 59.91s at least', 'no'],
    ],
  );
  const { totalMs, errors, agents } = totalsOf(spans);
  assert.deepEqual([totalMs, errors, agents], [100, 0, 1]);
  assert.deepEqual([...criticalPath(seenIn(spans)).keys()], ['a']);
});

test('what is below a span of an agent counts on the critical path as if it were below the call', () => {
  const model = call('m', { principal: byOrders, parentSpan: 'think', startedAtMs: 1_020, durationMs: 30 });
  const path = criticalPath(seenIn(spansOf([call('a'), model], [said('think', 'a')])));
  assert.deepEqual(path.get('m'), [[1_020, 1_050]]);
});

test('an outcome is told with its task and score, and an exception with its words', () => {
  const done = said('o', 'a', { outcome: { task: 'refund', result: 'completed', score: 0.9 } });
  const attributes = { 'exception.type': 'TypeError', 'exception.message': 'x' };
  const broken = said('b', 'a', { status: 'error', events: [{ name: 'exception', atMs: 1_020, attributes }] });
  const [, first, second] = spansOf([call('a')], [done, broken]);
  assert.deepEqual(
    [first?.verb, first?.name, first?.note],
    ['completed', 'refund', 'said by agent/orders · score 0.9'],
  );
  assert.equal(second?.error, 'TypeError: x');
});
