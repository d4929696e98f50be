/**
 * What stands in a sidecar where a hub has stores: what its agent says waits for the hub, and of its own calls and outcomes it knows the
 * newest, so that it can say at once what is wrong. What it has forgotten the hub still keeps once.
 */
import type { AgentSpan, AgentSpanStore, CallEvent, SpanOutcome, TraceStore } from '../../contract/index.ts';
import type { Saying } from '../../control/index.ts';
import { Recent } from '../../kernel/index.ts';
import { MOST_OUTCOMES_PER_TRACE } from '../../telemetry/index.ts';

const MOST_CALLS = 2_000;
const MOST_TRACES = 1_000;

export interface WaitingStores {
  readonly traces: Pick<TraceStore, 'trace'>;
  readonly agentSpans: Pick<AgentSpanStore, 'append' | 'trace'>;
  /** Calls that have ended here. */
  remember(events: readonly CallEvent[]): void;
}

export const waitingStores = (said: Pick<Saying, 'add'>): WaitingStores => {
  const calls = new Recent<CallEvent>(MOST_CALLS);
  const outcomes = new Recent<Map<string, AgentSpan>>(MOST_TRACES);
  const outcome = (span: AgentSpan): SpanOutcome => {
    const own = outcomes.get(span.trace) ?? new Map<string, AgentSpan>();
    if (own.has(span.span)) return 'repeated';
    if (own.size >= MOST_OUTCOMES_PER_TRACE) return 'crowded';
    if (said.add([span]) === 0) return 'full';
    outcomes.set(span.trace, own.set(span.span, span));
    return 'kept';
  };
  return {
    // Steps are not asked about here, and are most of it.
    remember: (events) => {
      for (const event of events) calls.set(event.callId, { ...event, steps: [], attributes: {} });
    },
    traces: {
      trace: async (tenant, id) => {
        const call = calls.get(id);
        return call === undefined || (tenant !== null && call.tenant !== tenant) ? [] : [call];
      },
    },
    agentSpans: {
      append: async (spans) => {
        const plain = spans.filter((span) => span.outcome === undefined);
        const last = plain[said.add(plain) - 1];
        let isFull = last === undefined;
        return spans.map((span) => {
          if (span.outcome !== undefined) return outcome(span);
          const became = isFull ? 'full' : 'kept';
          isFull ||= span === last;
          return became;
        });
      },
      trace: async (_, trace) => [...(outcomes.get(trace)?.values() ?? [])],
    },
  };
};
