import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, mesh, step } from '../testing/events.ts';
import { passageColumns, passagesOf } from './passage.ts';
import { table } from './table.ts';

test('a call over two nodes is one passage: its way, its nodes in order, and where it was answered', () => {
  const events = mesh().map((one) =>
    one.role === 'sidecar-out' ? { ...one, attributes: { route: 'orders', via: 'mesh' } } : one,
  );
  const behind = events.map((one) => (one.role === 'sidecar-in' ? { ...one, startedAtMs: 900 } : one));
  // Whoever reports first, and whoever has which clock.
  for (const seen of [events, events.toReversed(), behind]) {
    const [passage, ...others] = passagesOf(seen);
    assert.deepEqual(others, []);
    assert.deepEqual(passage, {
      ...{ callId: 'c1'.repeat(16), depth: 0, from: 'agent/concierge', to: 'agent/orders/where' },
      ...{ route: 'orders', way: 'directly', instead: '', endpoint: 'orders@127.0.0.1:9000', attempts: 2 },
      nodes: [
        { node: 'sc-a', role: 'sidecar-out' },
        { node: 'sc-b', role: 'sidecar-in' },
      ],
      ...{ status: 'ok', startedAtMs: 1_000, durationMs: 100 },
    });
  }
});

const hub = { node: 'hub-1', role: 'hub', attributes: { route: 'orders', via: 'hub' } } as const;

test('callers come before those whom they called, and what a call went through instead is told', () => {
  const events = [
    event({ callId: 'd2'.repeat(16), span: 'b', parentSpan: 'sent', lineage: { root: 'c1', depth: 1 }, ...hub }),
    event({
      span: 'a',
      attributes: { route: 'help', via: 'hub', 'via.instead': 'nobody there' },
      steps: [step('send', 1, 90, {}, 'sent')],
    }),
    event({ ...hub, span: 'a-hub', parentSpan: 'sent', startedAtMs: 1_001 }),
  ];
  const [first, second] = passagesOf(events);
  assert.deepEqual([first!.depth, first!.way, first!.instead], [0, 'hub', 'nobody there']);
  assert.deepEqual(
    first!.nodes.map(({ node }) => node),
    ['sc-a', 'hub-1'],
  );
  assert.deepEqual([second!.callId.slice(0, 2), second!.depth, second!.way], ['d2', 1, 'hub']);
});

test('of a call that was refused before a route was chosen no way is told', () => {
  const [passage] = passagesOf([event({ status: 'denied', attributes: {} })]);
  assert.deepEqual([passage!.route, passage!.way, passage!.endpoint], ['', '', '']);
  const [inner] = passagesOf([event({ role: 'sidecar-in', attributes: { route: 'x', via: 'mesh' } })]);
  assert.equal(inner!.way, '', 'whoever chose it has not reported');
});

test('a call that waited for people is one passage, and went as it went in the end', () => {
  const [passage, ...others] = passagesOf([
    event({ ...hub, span: 'on', status: 'failed', startedAtMs: 90_000 }),
    event({ ...hub, span: 'held', httpStatus: 202, steps: [step('hold', 1, 5, {})] }),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([passage!.status, passage!.startedAtMs, passage!.nodes.length], ['failed', 1_000, 1]);
});

test('names of strangers move nothing', () => {
  const bad = '\u001b[2J\u202e\n';
  const rows = passagesOf([event({ node: bad, role: bad, attributes: { route: bad, 'via.instead': bad } })]);
  const text = table(rows, passageColumns(0), { width: null, wide: true });
  assert.equal(text.split('\n').length, 2);
  for (const char of ['\u001b', '\u202e']) assert.ok(!text.includes(char));
});
