import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessionTrace } from '../../contract/index.ts';
import { agentSpan, callEvent, served, TRACE } from './testing/served.ts';

const outcome = (session?: string) => ({
  ...{ ...agentSpan('orders'), span: `outcome/${session ?? 'trace'}` },
  outcome: { task: 'refund', result: 'failed' as const, ...(session === undefined ? {} : { session }) },
});

const door = () =>
  served({
    traces: {
      trace: async (tenant, id) => (tenant === 'default' && TRACE.startsWith(id) ? [callEvent({ session: 's1' })] : []),
      recent: async () => [],
    },
    agentSpans: async (tenant, trace) => {
      if (tenant !== 'default') return [];
      if (trace === sessionTrace('s1')) return [outcome('s1')];
      return trace === TRACE ? [agentSpan('orders'), outcome()] : [];
    },
  });

test('a trace in OTLP is what its collector gets: with what agents said in it, without what is said of its session', async () => {
  await using open = await door();
  const answer = await open.get(`/v1/traces/${TRACE.slice(0, 8)}/otlp`, 'viewer');
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.deepEqual(await answer.json(), { events: 1, said: ['e'.repeat(16), 'outcome/trace'] });
  const both = (await (await open.get(`/v1/traces/${TRACE}`, 'viewer')).json()) as { agentSpans: readonly unknown[] };
  assert.equal(both.agentSpans.length, 3, 'people see all of it');
});

test('what is not there, and what is of another tenant, is not found in OTLP either', async () => {
  await using open = await door();
  assert.equal((await open.get(`/v1/traces/${TRACE}/otlp`, 'foreign')).status, 404);
  assert.equal((await open.get(`/v1/traces/${'9'.repeat(32)}/otlp`, 'viewer')).status, 404);
  assert.equal((await open.get(`/v1/traces/${TRACE}/otlp?names=x`, 'viewer')).status, 400);
});
