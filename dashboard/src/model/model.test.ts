/** What the screens are drawn from: trees of calls, waits, the path that counts, and what people type. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent, StepEvent } from '../../../src/contract/index.ts';
import { criticalPath } from './critical.ts';
import { filterOf, toggled } from './filter.ts';
import { amount, duration, percent } from './format.ts';
import { bucketsOf, requestsOf } from './requests.ts';
import { scaleOf } from './scale.ts';
import { spansOf, totalsOf, withoutDetails } from './spans.ts';
import { cut, plain } from './visible.ts';

const NOW = 1_000_000;
const step = (span: string, name: string, offsetMs: number, durationMs: number, attributes = {}): StepEvent => ({
  ...{ span, name, offsetMs, durationMs, attributes },
});
const call = (given: Partial<CallEvent>): CallEvent => ({
  ...{ callId: 'c1', trace: 't1', span: 's1', tenant: 'default', node: 'hub-1', role: 'hub' },
  principal: { kind: 'user', id: 'ann' },
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  lineage: { root: 'c1', depth: 0 },
  ...{ startedAtMs: NOW, durationMs: 100, status: 'ok', code: '', httpStatus: 200, requestBytes: 2, replyBytes: 2 },
  ...{ snapshotSeq: 1, attributes: {}, steps: [] },
  ...given,
});
const below = (span: string, parentSpan: string, from: number, durationMs: number, given: Partial<CallEvent> = {}) =>
  call({
    callId: span,
    span,
    parentSpan,
    startedAtMs: NOW + from,
    durationMs,
    lineage: { root: 'c1', depth: 1 },
    ...given,
  });

const HELD = call({
  span: 'h',
  durationMs: 10,
  httpStatus: 202,
  steps: [step('x', 'hold', 1, 1, { outcome: 'reply' })],
});
const WENT_ON = call({
  span: 'w',
  startedAtMs: NOW + 60_010,
  durationMs: 40,
  steps: [step('y', 'hold', 1, 1, { outcome: 'granted' })],
});

test('a request is a tree of calls: one row, with what all of them cost', () => {
  const model = below('s2', 's1', 10, 50, {
    target: { kind: 'model', name: 'small', operation: 'chat' },
    attributes: { 'cost.micros': 300, 'usage.input_tokens': 7, 'usage.output_tokens': 5 },
  });
  const [row, ...others] = requestsOf([model, call({ attributes: { 'cost.micros': 200 } })], NOW + 200);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [row?.target, row?.costMicros, row?.tokens, row?.agents, row?.spans, row?.status],
    ['orders', 500, 12, 1, 2, 'ok'],
  );
});

test('how a request stands: running, held, gone on, or without its root', () => {
  const status = (events: readonly CallEvent[], nowMs = NOW + 100) => requestsOf(events, nowMs)[0]?.status;
  assert.equal(status([below('s2', 's1', 0, 10)]), 'running');
  assert.equal(status([below('s2', 's1', 0, 10)], NOW + 600_000), 'part');
  assert.equal(status([HELD]), 'held');
  assert.equal(status([HELD, WENT_ON], NOW + 70_000), 'ok');
  assert.equal(status([call({ status: 'denied', code: 'denied' })]), 'denied');
});

test('spans stand below what they came from, a circle is cut, and a record that came twice counts once', () => {
  const root = call({ steps: [step('a1', 'attempt', 5, 90, { attempt: 1 }), step('p', 'send', 6, 80)] });
  const spans = spansOf([below('s2', 'p', 10, 50), root, root]);
  assert.deepEqual(
    spans.map(({ id, depth }) => [id, depth]),
    [
      ['s1', 0],
      ['a1', 1],
      ['p', 2],
      ['s2', 3],
    ],
  );
  assert.deepEqual(
    withoutDetails(spans).map(({ id, depth, parent }) => [id, depth, parent]),
    [
      ['s1', 0, null],
      ['s2', 1, 's1'],
    ],
  );
  const circle = spansOf([below('a', 'b', 0, 10), below('b', 'a', 0, 10)]);
  assert.equal(circle.length, 2);
  assert.equal(spansOf([below('orphan', 'nobody', 0, 10)])[0]?.depth, 0);
});

test('an hour of waiting for people takes as much room as a word, and can be unfolded', () => {
  const spans = spansOf([HELD, WENT_ON]);
  assert.equal(totalsOf(spans).waitedMs, 60_000);
  const folded = scaleOf(spans, 500, true);
  assert.equal(folded.folds.length, 1);
  assert.ok(Math.abs(folded.folds[0]!.width - 56) < 0.01);
  assert.ok(Math.abs(folded.x(NOW + 60_050) - 500) < 0.01);
  assert.deepEqual(scaleOf(spans, 500, false).folds, []);
  assert.ok(folded.ticks.length < 20);
  const busy = below('s3', 's1', 20_000, 5_000);
  assert.deepEqual(scaleOf(spansOf([HELD, WENT_ON, busy]), 500, true).folds, [], 'something ran meanwhile');
});

test('the critical path is what the end waited for, and its pieces cover the whole time once', () => {
  const spans = spansOf([call({}), below('a', 's1', 10, 20), below('b', 's1', 15, 60), below('c', 's1', 80, 10)]);
  const path = criticalPath(spans);
  assert.deepEqual(path.get('a'), [[NOW + 10, NOW + 15]]);
  assert.deepEqual(path.get('b'), [[NOW + 15, NOW + 75]]);
  const covered = [...path.values()].flat().reduce((sum, [from, to]) => sum + to - from, 0);
  assert.equal(covered, 100);
});

test('five thousand spans in one chain are drawn without a deep stack', () => {
  const chain = Array.from({ length: 5_000 }, (_, at) => below(`s${at + 1}`, `s${at}`, at, 10_000 - at));
  const spans = spansOf(chain);
  assert.equal(spans.at(-1)?.depth, 4_999);
  assert.ok(criticalPath(spans).size > 0);
});

test('filters say what they look for, and a condition that nobody knows is named', () => {
  const [row] = requestsOf(
    [call({ status: 'denied', code: 'denied', attributes: { 'policy.rule': ['org/no'] } })],
    NOW,
  );
  for (const text of ['status:denied', 'agent:ord', 'rule:no', 'ms<200', 'ann where', 'ID:t1', ''])
    assert.ok(filterOf(text).matches(row!), text);
  for (const text of ['status:ok', 'agent:other', 'ms>200', 'nothing']) assert.ok(!filterOf(text).matches(row!), text);
  assert.match(filterOf('colour:red').problem, /`colour`; known: status/);
  assert.match(filterOf('constructor:x').problem, /`constructor`/);
  assert.equal(toggled('agent:a status:ok', 'status:held'), 'agent:a status:held');
  assert.equal(toggled('agent:a status:held', 'status:held'), 'agent:a');
});

test('buckets count each request once, by how it went', () => {
  const rows = requestsOf([call({}), call({ trace: 't2', startedAtMs: NOW + 50, status: 'failed' })], NOW + 200);
  const buckets = bucketsOf(rows, { fromMs: NOW, toMs: NOW + 100, buckets: 2 });
  assert.deepEqual(
    buckets.map(({ ok, bad }) => [ok, bad]),
    [
      [1, 0],
      [0, 1],
    ],
  );
});

test('what nobody would see stands there by its number, and what is too long is cut with a word', () => {
  assert.equal(plain('a\u202eb\u0000\ud800'), 'aU+202EbU+0000U+D800');
  assert.match(cut('x'.repeat(400)), /… 100 more characters$/);
});

test('numbers as people read them', () => {
  assert.deepEqual([0.04, 7.2, 260, 1_080, 204_000, 7_500_000].map(duration), [
    '40µs',
    '7.2ms',
    '260ms',
    '1.08s',
    '3m 24s',
    '2h 05m',
  ]);
  assert.deepEqual([percent(0, 0), percent(0, 5), percent(1, 3)], ['–', '0%', '33.3%']);
  assert.deepEqual([amount(68_100, 'micros'), amount(2_100, 'tokens')], ['$0.0681', '2.1k tokens']);
});
