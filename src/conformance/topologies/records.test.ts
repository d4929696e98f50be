import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../../contract/index.ts';
import { entryOf, recordSaid } from './records.ts';
import { problemSaid } from './said.ts';

const CALL = 'c'.repeat(32);

const record = (span: string, more: Partial<CallEvent> = {}): CallEvent => ({
  ...{ callId: CALL, trace: 't'.repeat(32), span, tenant: 'default', principal: null, node: span, role: 'hub' },
  ...{ target: { kind: 'agent', name: 'echo', operation: 'echo' }, lineage: { root: CALL, depth: 0 } },
  ...{ startedAtMs: 1, durationMs: 1, status: 'ok', code: '', httpStatus: 200, requestBytes: 0, replyBytes: 0 },
  ...{ snapshotSeq: 1, attributes: {}, steps: [] },
  ...more,
});

const sent = (span: string): CallEvent['steps'] => [{ span, name: 'send', offsetMs: 0, durationMs: 1, attributes: {} }];

test('the record where a call came in is found in whatever order records arrive, also when all of them began at once', () => {
  const outer = record('outer', { steps: sent('to inner'), parentSpan: 'of the caller' });
  const inner = record('inner', { parentSpan: 'to inner' });
  for (const found of [
    [outer, inner],
    [inner, outer],
  ])
    assert.equal(entryOf(found, CALL), outer);
  assert.equal(entryOf([outer], 'd'.repeat(32)), undefined);
});

test('of a call that was taken and sent later, it is the first one', () => {
  const taken = record('taken');
  const run = record('run', { startedAtMs: 2 });
  assert.equal(entryOf([run, taken], CALL), taken);
});

test('a record says how it ended, and what it cost', () => {
  assert.equal(recordSaid(record('a', { status: 'denied', code: 'denied' })), 'denied denied');
  const attributes = { 'cost.micros': 660, 'usage.input_tokens': 30, 'usage.output_tokens': 60 };
  assert.equal(recordSaid(record('a', { attributes })), 'ok for 660 micros, 30 and 60 tokens');
});

test('a problem is compared with every fact, but for what is another one in each deployment', () => {
  const facts = { code: 'TREE_DEPTH', root: CALL, allowed: 4, chain: ['agent/a', 'agent/b'] };
  const problem = { code: 'loop_detected', executed: 'no', facts };
  assert.deepEqual(problemSaid(problem), [
    ...['loop_detected', 'TREE_DEPTH', 'allowed=4', 'chain=[agent/a, agent/b]', 'root=*'],
  ]);
  assert.notDeepEqual(problemSaid({ ...problem, facts: { ...facts, allowed: 5 } }), problemSaid(problem));
  assert.deepEqual(problemSaid({ ...problem, facts: { ...facts, root: 'd'.repeat(32) } }), problemSaid(problem));
  const ill = { endpoints: ['`http://127.0.0.1:1` is ejected for another 4 s', '`hub-1` is ejected for another 5 s'] };
  assert.deepEqual(problemSaid({ code: 'unavailable', executed: 'unknown', facts: ill }), [
    ...['unavailable', 'unknown', 'endpoints=[* is ejected for another * s]'],
  ]);
  assert.deepEqual(problemSaid({}), []);
});
