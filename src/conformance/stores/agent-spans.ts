/** Promises about what agents say of themselves: each span once, whoever says it first, and no more than so many of a trace. */
import assert from 'node:assert/strict';
import { type AgentSpan, sessionTrace } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { HOSTILE, hexId } from './samples.ts';

const TRACE = 'abcdabcdabcdabcdabcdabcdabcdabcd';

export const said = (id: number, change: Partial<AgentSpan> = {}): AgentSpan => ({
  ...{ trace: TRACE, span: hexId(id).slice(-16), name: 'think', kind: 'internal', tenant: 'default' },
  ...{ startedAtMs: 1_700_000_000_000.25 + id, durationMs: 1.5, receivedAtMs: 1_700_000_000_000 + id },
  ...{ status: 'unset', message: '', service: 'planner', attributes: { step: id, tags: ['a'] }, left: 0 },
  principal: { kind: 'agent', id: 'worker' },
  ...change,
});

const other = { principal: { kind: 'agent', id: 'other' } };
const MANY = 10_000;

export const agentSpanChecks = (promise: StoreCheck): void => {
  promise('spans of agents come back as they were said, by start time, and after reopen', async (stores, again) => {
    const events = [{ name: 'exception', atMs: 1_700_000_000_000.5, attributes: { 'exception.message': 'broke' } }];
    const links = [{ trace: 'e'.repeat(32), span: 'd'.repeat(16) }];
    const spans = [said(1, { parentSpan: 'f'.repeat(16), events, links }), said(2), said(3)];
    assert.deepEqual(await stores.agentSpans.append(spans.toReversed(), MANY), ['kept', 'kept', 'kept']);
    assert.deepEqual(await stores.agentSpans.append([], MANY), []);
    const { agentSpans } = await again();
    assert.deepEqual(await agentSpans.trace('default', TRACE), spans);
    assert.deepEqual(await agentSpans.trace('default', TRACE.slice(0, 16)), []);
  });

  promise('a span is kept once: said again it is repeated, and by somebody else it clashes', async ({ agentSpans }) => {
    assert.deepEqual(await agentSpans.append([said(1), said(1), said(1, other)], MANY), [
      'kept',
      'repeated',
      'clashed',
    ]);
    const later = [said(1, { name: 'changed' }), said(1, { ...other, name: 'mine' }), said(2, other)];
    assert.deepEqual(await agentSpans.append(later, MANY), ['repeated', 'clashed', 'kept']);
    assert.deepEqual(await agentSpans.trace('default', TRACE), [said(1), said(2, other)]);
  });

  promise('a trace has so many and no more; what is there already is not counted twice', async ({ agentSpans }) => {
    assert.deepEqual(await agentSpans.append([said(1), said(2), said(3)], 2), ['kept', 'kept', 'crowded']);
    const more = [said(2), said(4), said(5, { trace: 'e'.repeat(32) })];
    assert.deepEqual(await agentSpans.append(more, 2), ['repeated', 'crowded', 'kept']);
    assert.equal((await agentSpans.trace('default', TRACE)).length, 2);
  });

  promise('a tenant sees what its own agents said, and the same ids elsewhere are no clash', async ({ agentSpans }) => {
    const theirs = said(1, { ...other, tenant: 'acme' });
    assert.deepEqual(await agentSpans.append([said(1), theirs], 1), ['kept', 'kept']);
    assert.deepEqual(await agentSpans.trace('acme', TRACE), [theirs]);
    assert.deepEqual(await agentSpans.trace('', TRACE), []);
  });

  promise('spans of agents are pruned by when they came, whatever they say of their time', async ({ agentSpans }) => {
    const future = said(1, { startedAtMs: 9e12 });
    await agentSpans.append([future, said(2), said(3)], MANY);
    assert.equal(await agentSpans.prune(said(3).receivedAtMs), 2);
    assert.equal(await agentSpans.prune(said(3).receivedAtMs), 0);
    assert.deepEqual(await agentSpans.trace('default', TRACE), [said(3)]);
  });

  promise(
    'an outcome comes back as it was said, beside the spans of its trace, and that of a session apart',
    async ({ agentSpans }) => {
      const outcome = said(1, {
        span: `outcome/${hexId(1)}`,
        outcome: { task: 'refund', result: 'failed', score: 0.5 },
      });
      const ofSession = { ...outcome, trace: sessionTrace('talk'), outcome: { ...outcome.outcome!, session: 'talk' } };
      assert.deepEqual(await agentSpans.append([outcome, said(2), ofSession, outcome], MANY), [
        ...['kept', 'kept', 'kept', 'repeated'],
      ]);
      assert.deepEqual(await agentSpans.trace('default', TRACE), [outcome, said(2)]);
      assert.deepEqual(await agentSpans.trace('default', sessionTrace('talk')), [ofSession]);
    },
  );

  promise('hostile strings of agents come back unchanged', async ({ agentSpans }) => {
    const spans = HOSTILE.map((text, id) =>
      said(id, { name: text, message: text, service: text, attributes: { text }, principal: { kind: text, id: text } }),
    );
    assert.ok((await agentSpans.append(spans, MANY)).every((outcome) => outcome === 'kept'));
    assert.deepEqual(await agentSpans.trace('default', TRACE), spans);
  });
};
