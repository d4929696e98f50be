import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AgentSpan, CallEvent } from '../../contract/index.ts';
import { event, mesh, step } from '../testing/events.ts';
import { plain } from './paint.ts';
import type { Wanted } from './sift.ts';
import { waterfall } from './waterfall.ts';

const drawn = (events: readonly CallEvent[], wanted: Wanted, said: readonly AgentSpan[] = []): readonly string[] =>
  waterfall(events, { width: null, paint: plain, wanted }, said).split('\n');

/** Without bars and numbers. */
const names = (lines: readonly string[]): readonly string[] =>
  lines.slice(1).map((line) => line.replace(/^[├└│ ]+/, '').split('  ')[0]!);

test('shorter spans are left out and counted, and what led to a longer one stays', () => {
  const lines = drawn(mesh(), { minMs: 29 });
  assert.deepEqual(names(lines), [
    'agent/orders/where @sc-a',
    'attempt 2 orders-b',
    'send orders-b',
    'agent/orders/where @sc-b',
    '… 6 of 10 spans are left out: shorter than 29ms',
  ]);
  // The attempt is shorter than what it led to.
  const quick = event({ durationMs: 5, steps: [step('send', 1, 2, {}, 'sent')] });
  const slow = event({ callId: 'c2'.repeat(16), span: 'slow', parentSpan: 'sent', durationMs: 80 });
  assert.deepEqual(names(drawn([quick, slow], { minMs: 50 })), [
    'agent/orders/where @sc-a',
    'send',
    'agent/orders/where @sc-a',
  ]);
});

const call = (span: string, kind: 'agent' | 'model' | 'tool', given: Partial<CallEvent> = {}): CallEvent =>
  event({ callId: span.padEnd(32, '0'), span, target: { kind, name: span, operation: 'run' }, ...given });

const AGENTS = [
  call('a1', 'agent', { steps: [step('decide', 0, 1, {}), step('send', 1, 90, {}, 'sent')] }),
  call('f2', 'tool', { parentSpan: 'sent' }),
  call('b3', 'model', { parentSpan: 'sent', startedAtMs: 1_010, steps: [step('price', 0, 1, {})] }),
];

test('of one kind calls with their steps and what led to them are left', () => {
  assert.deepEqual(names(drawn(AGENTS, { kind: 'model' })), [
    'agent/a1/run @sc-a',
    'send',
    'model/b3/run @sc-a',
    'price',
    '… 2 of 6 spans are left out: not of a call of a model',
  ]);
  assert.match(drawn(AGENTS, { kind: 'tool', minMs: 5_000 }).at(-1)!, /shorter than 5s, or not of a call of a tool$/);
});

test('what an agent says stays where it led to a call, and how its task came out always', () => {
  const said = (span: string, given: Partial<AgentSpan> = {}): AgentSpan => ({
    ...{ trace: 'ab'.repeat(16), span, name: span, kind: 'internal', status: 'unset', message: '', service: '' },
    ...{ attributes: {}, left: 0, startedAtMs: 1_000, durationMs: 1, receivedAtMs: 2_000, tenant: 'default' },
    principal: { kind: 'agent', id: 'concierge' },
    ...given,
  });
  const spans = [said('plan'), said('idle'), said('done', { outcome: { task: 'refund', result: 'completed' } })];
  const led = call('a1', 'agent', { parentSpan: 'plan' });
  assert.deepEqual(names(drawn([led], { minMs: 50 }, spans)).toSorted(), [
    'agent/a1/run @sc-a',
    'outcome “refund” said by agent/concierge',
    '“plan” said by agent/concierge',
    '… 1 of 4 spans are left out: shorter than 50ms',
  ]);
});

test('times are of the whole trace, whatever of it is shown', () => {
  const late = call('c4', 'tool', { startedAtMs: 5_000, durationMs: 1_000 });
  const [head, first] = drawn([...AGENTS, late], { kind: 'agent' });
  assert.match(head!, /4 calls on 1 node {2}5s$/);
  assert.match(first!, / 100ms {2}█$/);
});

test('a part has every span that is long enough, and nothing that leads to none', () => {
  const spans = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const some = fc.uniqueArray(fc.record({ span: spans, parentSpan: spans, durationMs: fc.nat(99) }), {
    selector: (one) => one.span,
  });
  fc.assert(
    fc.property(some, fc.nat(99), (parts, minMs) => {
      const events = parts.map((part) => call(part.span, 'agent', part));
      const lines = drawn(events, { minMs });
      for (const { span, durationMs } of parts)
        if (durationMs >= minMs) assert.ok(lines.some((line) => line.includes(`agent/${span}/run`)));
      const shown = lines.filter((line) => line.includes('agent/'));
      const long = parts.filter(({ durationMs }) => durationMs >= minMs);
      assert.equal(shown.length === 0, long.length === 0);
      const left = /… (\d+) of/.exec(lines.at(-1)!)?.[1] ?? '0';
      assert.equal(shown.length + Number(left), events.length);
    }),
    { numRuns: 300 },
  );
});
