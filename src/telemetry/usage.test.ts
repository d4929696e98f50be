import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent, StepEvent } from '../contract/index.ts';
import { type UsageGround, usageOf } from './usage.ts';

const GROUND: UsageGround = {
  isTarget: (tenant, kind, name) => `${tenant}/${kind}/${name}` === 'default/model/big',
  isOperation: (_, { operation }) => operation === 'chat',
};

const event = (change: Partial<CallEvent> = {}): CallEvent => ({
  ...{ callId: 'c', trace: 'a', span: 'b', tenant: 'default', principal: { kind: 'agent', id: 'shop' } },
  ...{ target: { kind: 'model', name: 'big', operation: 'chat' }, lineage: { root: 'c', depth: 0 } },
  ...{ node: 'n', role: 'hub', startedAtMs: 1_000, durationMs: 100, status: 'ok', code: '', httpStatus: 200 },
  ...{ requestBytes: 0, replyBytes: 0, snapshotSeq: 1, attributes: {}, steps: [] },
  ...change,
});

const attempt = (offsetMs: number, durationMs: number): StepEvent => ({
  ...{ span: 's', name: 'attempt', offsetMs, durationMs, attributes: {} },
});

const used = (change: Partial<CallEvent> = {}) => usageOf(event(change), GROUND);

test('a call is counted by who called what, with what it came to', () => {
  const attributes = { 'cost.micros': 7, 'usage.input_tokens': 11, 'usage.output_tokens': 13 };
  assert.deepEqual(used({ attributes, steps: [attempt(10, 80)] }), {
    ...{ tenant: 'default', caller: 'agent/shop', target: 'model/big', operation: 'chat', endedAtMs: 1_100 },
    ...{ isHeld: false, error: null, isDenied: false, attempts: 1, costMicros: 7, inputTokens: 11, outputTokens: 13 },
    ...{ tookMicros: 100_000, waitedMicros: 10_000 },
  });
});

test('waiting is what passed while no try was under way, and not what a reply took to come in', () => {
  const waited = (...steps: readonly StepEvent[]) => (used({ steps })?.waitedMicros ?? 0) / 1_000;
  assert.equal(waited(), 100, 'never sent');
  assert.equal(waited(attempt(0, 20)), 0, 'its reply streamed for 80 ms');
  assert.equal(waited(attempt(30, 10), attempt(60, 20)), 50, 'before the first try and between them');
  assert.equal(waited(attempt(0, 1e9)), 0);
  assert.equal(waited(attempt(1e9, 5)), 100, 'a node that lies waits no longer than its call took');
});

test('each error has one cause', () => {
  const errors = (
    [
      ['failed', '', 500],
      ['failed', '', 404],
      ['unknown', 'upstream_broken', 0],
      ['unknown', 'timeout', 0],
      ['refused', 'expired', 0],
      ['refused', 'unreachable', 0],
      ['refused', 'unavailable', 0],
      ['refused', 'overloaded', 0],
      ['refused', 'storage', 0],
      ['failed', 'constructor', 0],
      ['refused', 'budget_exhausted', 0],
      ['denied', 'denied', 0],
      ['refused', 'bad_request', 0],
      ['cancelled', 'cancelled', 0],
    ] as const
  ).map(([status, code, httpStatus]) => used({ status, code, httpStatus })?.error);
  assert.deepEqual(errors, [
    ...['target', null, 'target', 'timeout', 'timeout', 'unreachable', 'unreachable', 'overloaded', 'own', 'own'],
    ...[null, null, null, null],
  ]);
  assert.deepEqual(
    [used({ status: 'denied', code: 'denied' })?.isDenied, used({ code: 'budget_exhausted' })?.isDenied],
    [true, true],
  );
});

test('names that nobody declared and nobody answered are not kept, and users are not named', () => {
  const names = (change: Partial<CallEvent>) => {
    const { caller, target, operation } = used(change)!;
    return [caller, target, operation];
  };
  const odd = { kind: 'model', name: 'big', operation: 'odd' } as const;
  assert.deepEqual(names({ target: odd }), ['agent/shop', 'model/big', 'odd'], 'the target took it');
  assert.deepEqual(names({ target: odd, httpStatus: 404 }), ['agent/shop', 'model/big', '']);
  assert.deepEqual(names({ target: odd, status: 'denied', code: 'denied', httpStatus: 0 })[2], '');
  assert.deepEqual(names({ target: { ...odd, name: 'bigger' } }), ['agent/shop', 'unknown', '']);
  assert.deepEqual(names({ principal: null }), ['nobody', 'unknown', '']);
  assert.deepEqual(names({ principal: { kind: 'user', id: 'ada' } })[0], 'user');
  assert.deepEqual(names({ principal: { kind: 'ghost-1', id: 'x' } })[0], 'other');
});

test('a call that another node counts, or of another tenant, adds nothing; one of nobody belongs to the node', () => {
  assert.equal(used({ attributes: { 'tree.found': 'told' } }), undefined);
  const own = { ...GROUND, tenant: 'acme' };
  assert.equal(usageOf(event(), own), undefined);
  assert.equal(usageOf(event({ tenant: '' }), own)?.tenant, 'acme');
});

test('a call that begins to wait for people says so', () => {
  assert.equal(used({ attributes: { notes: ['held'] } })?.isHeld, true);
});

test('numbers that are none count nothing', () => {
  const attributes = { 'cost.micros': -1, 'usage.input_tokens': 0.5, 'usage.output_tokens': '9' };
  const { costMicros, inputTokens, outputTokens, tookMicros } = used({ attributes, durationMs: Number.NaN })!;
  assert.deepEqual([costMicros, inputTokens, outputTokens, tookMicros], [0, 0, 0, 0]);
});
