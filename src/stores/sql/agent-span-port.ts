/** The port of what agents say over a database: between spans of the contract and rows of their table. */
import type { AgentSpan, AgentSpanStore } from '../../contract/index.ts';
import { spanTextBytes } from '../sizes.ts';
import type { Lane } from './commands.ts';
import { inSteps } from './steps.ts';
import type { AgentSpanRow } from './tables.ts';

export const agentSpansOver = (lane: Lane, part = ''): AgentSpanStore => ({
  append: async (spans, mostPerTrace) =>
    spans.length === 0 ? [] : lane.write('appendAgentSpans', { rows: spans.map(rowOf), mostPerTrace, part }),
  trace: async (tenant, trace) =>
    (await lane.read('readAgentSpans', { tenant, trace })).map((body): AgentSpan => JSON.parse(body)),
  prune: (beforeMs) => inSteps((limit) => lane.write('pruneAgentSpans', { beforeMs, limit, part })),
});

const rowOf = (span: AgentSpan): AgentSpanRow => {
  const body = JSON.stringify(span);
  return { ...columnsOf(span), bytes: spanTextBytes(body), body };
};

const columnsOf = (span: AgentSpan): Omit<AgentSpanRow, 'bytes' | 'body'> => ({
  tenant: span.tenant,
  trace: span.trace,
  span: span.span,
  principal: JSON.stringify([span.principal.kind, span.principal.id]),
  started_at: span.startedAtMs,
  received_at: span.receivedAtMs,
});
