import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AgentSpan, CallEvent } from '../../contract/index.ts';
import { event, mesh, step } from '../testing/events.ts';
import { plain } from './paint.ts';
import { callsIn, treeOf } from './tree.ts';
import { waterfall } from './waterfall.ts';

test('a call that found nobody to go to directly says so on its line', () => {
  const line = (attributes: Record<string, string | number>): string =>
    waterfall([event({ attributes })], { width: null, paint: plain }).split('\n')[1] ?? '';
  assert.match(line({ via: 'hub', 'via.instead': 'nobody' }), /through the hub instead$/);
  assert.match(line({ via: 'mesh', 'route.mesh_percent': 25 }), /via mesh of 25 % mesh$/);
});

test('one call over two nodes is one tree, with its attempts and their steps below it', () => {
  assert.equal(
    waterfall(mesh(), { width: null, paint: plain }),
    `
trace abababababababababababababababab  1 call on 2 nodes  100ms
agent/orders/where @sc-a                 ok           100ms  ████████████████████████████
├ decide                                 allow        0.2ms  ▏
├ attempt 1 orders-a                     failed        10ms  ███                           unreachable
│ └ route orders-a                                    0.1ms  ▏
└ attempt 2 orders-b                     ok            45ms                █████████████
  └ send orders-b                        200           42ms                ████████████
    └ agent/orders/where @sc-b           ok            30ms                   ████████
      ├ decide                           allow        0.2ms                   ▏
      └ attempt 1 orders@127.0.0.1:9000  ok            27ms                   ████████
        └ send orders@127.0.0.1:9000     200           26ms                    ███████
`
      .trim()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
});

test('on a terminal long names are cut and the bars stay', () => {
  const lines = waterfall(mesh(), { width: 90, paint: plain }).split('\n');
  assert.match(lines.at(-1)!, /^ {8}└ send orders@127\S*… /);
  assert.ok(lines.every((line) => line.length <= 95));
});

test('names from agents cannot draw on the terminal', () => {
  const hostile = event({
    node: '\u001b[2Jgone',
    target: { kind: 'agent', name: 'a', operation: 'b\u001b]0;x\u0007' },
  });
  assert.ok(!waterfall([hostile], { width: null, paint: plain }).includes('\u001b'));
});

test('a span that came twice is shown once, and a circle of parents still ends', () => {
  assert.equal(treeOf([event(), event()]).length, 1);
  const a = event({ span: 'a', parentSpan: 'b' });
  const b = event({ span: 'b', parentSpan: 'a' });
  const self = event({ span: 's', parentSpan: 's' });
  const text = waterfall([a, b, self], { width: null, paint: plain });
  assert.equal(text.split('\n').length, 4);
});

test('every event of any set is shown exactly once', () => {
  const spans = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const some = fc.uniqueArray(fc.record({ span: spans, parentSpan: spans, inner: spans, startedAtMs: fc.nat(9) }), {
    selector: (one) => one.span,
  });
  fc.assert(
    fc.property(some, (parts) => {
      const events = parts.map(({ inner, ...part }) => event({ ...part, steps: [step('send', 0, 1, {}, inner)] }));
      const seen: string[] = [];
      seen.push(...callsIn(treeOf(events)).map(({ event: one }) => one.span));
      assert.deepEqual(seen.toSorted(), events.map((one) => one.span).toSorted());
    }),
    { numRuns: 500 },
  );
});

const TRACE = 'ab'.repeat(16);

const said = (span: string, given: Partial<AgentSpan> = {}): AgentSpan => ({
  ...{ trace: TRACE, span, name: span, kind: 'internal', status: 'unset', message: '', service: '', attributes: {} },
  ...{ left: 0, startedAtMs: 1_000, durationMs: 1, receivedAtMs: 2_000, tenant: 'default' },
  principal: { kind: 'agent', id: 'concierge' },
  ...given,
});

const drawnWith = (events: readonly CallEvent[], spans: readonly AgentSpan[]): readonly string[] =>
  waterfall(events, { width: null, paint: plain }, spans).split('\n');

test('what an agent says hangs where it belongs, and is told from what nodes saw', () => {
  const call = event({ parentSpan: 'plan', steps: [step('send', 1, 90, {}, 'sent')] });
  const lines = drawnWith(
    [call],
    [
      said('plan', { durationMs: 120, status: 'ok' }),
      said('inner', { parentSpan: 'sent' }),
      said('lost', { parentSpan: 'x' }),
    ],
  );
  assert.match(lines[0]!, /1 call on 1 node .* 3 spans said by agents$/);
  assert.match(lines[1]!, /^“plan” said by agent\/concierge +ok/);
  assert.match(lines[2]!, /^└ agent\/orders\/where @sc-a/);
  assert.match(lines[3]!, /^ {2}└ send/);
  assert.match(lines[4]!, /^ {4}└ “inner” said by/);
  assert.match(lines[5]!, /^“lost” said by/, 'a parent that nobody reported');
});

test('an agent takes no place of a node, and no calls of others', () => {
  const call = event({ parentSpan: 'theirs', steps: [step('send', 1, 90, {}, 'sent')] });
  const mallory = { principal: { kind: 'agent', id: 'mallory' } };
  const lines = drawnWith(
    [call],
    [said('root', mallory), said('sent', mallory), said('theirs', { ...mallory, name: 'agent/orders/where @sc-a' })],
  );
  assert.ok(
    lines.some((line) => /^agent\/orders\/where @sc-a +ok/.test(line)),
    'the call is a root still',
  );
  assert.equal(lines.filter((line) => line.includes('said by agent/mallory')).length, 1);
});

test('spans out of order, in circles and in chains of 5,000 are drawn, in few lines', () => {
  const chain = Array.from({ length: 5_000 }, (_, at) =>
    said(`s${at}`, { startedAtMs: 6_000 - at, ...(at === 0 ? { parentSpan: 'root' } : { parentSpan: `s${at - 1}` }) }),
  );
  const deep = drawnWith([event()], chain);
  assert.ok(deep.length < 100, String(deep.length));
  assert.match(deep.join('\n'), /… \d+ more spans that agents said; -o json has them/);
  const circle = drawnWith([event()], [said('a', { parentSpan: 'b' }), said('b', { parentSpan: 'a' })]);
  assert.equal(circle.filter((line) => line.includes('said by agent/')).length, 2);
});

test('of 5,000 spans beside each other what failed is shown, and what led to a call always', () => {
  const many = Array.from({ length: 5_000 }, (_, at) =>
    said(`s${at}`, { parentSpan: 'root', startedAtMs: 1_000 + at / 100, ...(at === 4_000 ? { status: 'error' } : {}) }),
  );
  const led = event({ callId: 'c2'.repeat(16), span: 'led', parentSpan: 's4999', startedAtMs: 1_060, durationMs: 2 });
  const lines = drawnWith([event(), led], many);
  assert.ok(lines.length < 40, String(lines.length));
  assert.ok(lines.some((line) => line.includes('“s4000”') && line.includes('failed')));
  const at = lines.findIndex((line) => line.includes('“s4999”'));
  assert.match(lines[at + 1]!, /agent\/orders\/where/);
});

test('a clock that is off spoils no picture and is told', () => {
  const lines = drawnWith([event()], [said('late', { parentSpan: 'root', startedAtMs: 9e12 })]);
  assert.match(lines[1]!, /100ms +█{28}/);
  assert.match(lines[2]!, /“late” .*after all else by its clock$/);
  const endless = said('endless', { parentSpan: 'root', startedAtMs: 1_050, durationMs: 9e9 });
  assert.match(drawnWith([event()], [endless])[1]!, /100ms +█{28}/);
  const longer = said('longer', { startedAtMs: 950, durationMs: 200 });
  assert.match(drawnWith([event()], [longer])[2]!, /100ms {9}█{14}$/, 'it is part of the picture');
});

test('what happened in a span is drawn below it: what was thrown by its type and message, of others the first', () => {
  const thrown = { 'exception.type': 'TypeError', 'exception.message': 'boom\u001b[31m\nagain' };
  const events = [
    ...Array.from({ length: 9 }, (_, at) => ({ name: `retry ${at}`, atMs: 1_000, attributes: {} })),
    { name: 'exception', atMs: 1_001, attributes: thrown },
  ];
  const links = [{ trace: 'f'.repeat(32), span: 'e'.repeat(16) }];
  const lines = drawnWith([], [said('look', { events, links }), said('inner', { parentSpan: 'look' })]);
  assert.match(lines[1]!, /^“look” said by/);
  assert.match(lines[2]!, /^├ event “retry 0”/);
  assert.match(lines[7]!, /^├ event “exception” .* TypeError: boom/);
  assert.ok(!lines[7]!.includes('\u001b'));
  assert.match(lines[8]!, /^├ link to trace f{32} .* span e{16}$/);
  assert.match(lines[9]!, /^└ “inner” said by/);
  assert.equal(lines.length, 10);
});
