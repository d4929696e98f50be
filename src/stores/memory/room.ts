/** Room in memory: what is there is counted when somebody asks. */
import {
  NOTHING_REMOVED,
  type RemovedTelemetry,
  type RoomStore,
  type TelemetrySize,
  type TraceOf,
} from '../../contract/index.ts';
import { eventBytes, spanBytes } from '../sizes.ts';
import { isBadOutcome } from '../worth.ts';
import type { MemoryAgentSpans } from './agent-spans.ts';
import type { KeptEvent, MemoryTraces } from './traces.ts';

export class MemoryRoom implements RoomStore {
  readonly #traces: MemoryTraces;
  readonly #spans: MemoryAgentSpans;
  #judged: number | null = null;

  constructor(traces: MemoryTraces, spans: MemoryAgentSpans) {
    this.#traces = traces;
    this.#spans = spans;
  }

  async size(): Promise<TelemetrySize> {
    const [events, spans] = [this.#traces.kept(), this.#spans.kept()];
    return {
      ...{ events: events.length, agentSpans: spans.length, fileBytes: null, freeBytes: null },
      bytes:
        events.reduce((sum, { event }) => sum + eventBytes(event), 0) +
        spans.reduce((sum, span) => sum + spanBytes(span), 0),
      oldestMs: events.length === 0 ? null : Math.min(...events.map(({ event }) => event.startedAtMs)),
    };
  }

  async removeOldest(limit: number): Promise<RemovedTelemetry> {
    const events = this.#traces
      .kept()
      .toSorted((a, b) => a.event.startedAtMs - b.event.startedAtMs)
      .slice(0, limit);
    const spans = this.#spans
      .kept()
      .toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)
      .slice(0, limit);
    const ends = [events.at(-1)?.event.startedAtMs, spans.at(-1)?.receivedAtMs].filter((at) => at !== undefined);
    if (ends.length === 0) return NOTHING_REMOVED;
    const throughMs = Math.min(...ends);
    return this.#remove(
      events.filter(({ event }) => event.startedAtMs <= throughMs),
      spans.filter(({ receivedAtMs }) => receivedAtMs <= throughMs),
    );
  }

  async newest(): Promise<number> {
    return this.#traces.kept().at(-1)?.seq ?? 0;
  }

  async arrived(afterSeq: number, throughSeq: number, limit: number): ReturnType<RoomStore['arrived']> {
    const rows = this.#traces
      .kept()
      .filter(({ seq }) => seq > afterSeq && seq <= throughSeq)
      .slice(0, limit);
    const traces = new Map(
      rows.map(({ event: { tenant, trace } }) => [JSON.stringify([tenant, trace]), { tenant, trace }]),
    );
    return { traces: [...traces.values()], seq: rows.length < limit ? throughSeq : rows.at(-1)!.seq };
  }

  async drop(
    traces: readonly TraceOf[],
    { throughSeq, overMs }: { readonly throughSeq: number; readonly overMs: number },
  ): ReturnType<RoomStore['drop']> {
    let removed = { ...NOTHING_REMOVED, traces: 0 };
    for (const place of traces) {
      const found = this.#traces.kept().filter(({ event }) => isOf(event, place));
      if (found.length === 0 || found.some(({ worth }) => worth !== '')) continue;
      const goesOn = found.some(({ seq }) => seq > throughSeq);
      if (goesOn && found.every(({ event }) => event.startedAtMs >= overMs)) continue;
      const spans = this.#spans.kept().filter((span) => isOf(span, place));
      if (spans.some(({ outcome }) => outcome !== undefined && isBadOutcome(outcome))) continue;
      const gone = this.#remove(found, spans);
      removed = {
        events: removed.events + gone.events,
        agentSpans: removed.agentSpans + gone.agentSpans,
        bytes: removed.bytes + gone.bytes,
        traces: removed.traces + 1,
      };
    }
    return removed;
  }

  async judged(): Promise<number | null> {
    return this.#judged;
  }

  async judge(throughSeq: number | null): Promise<void> {
    this.#judged = throughSeq;
  }

  async giveBack(): Promise<boolean> {
    return false;
  }

  #remove(events: readonly KeptEvent[], spans: ReturnType<MemoryAgentSpans['kept']>): RemovedTelemetry {
    for (const { event } of events) this.#traces.remove(event);
    for (const span of spans) this.#spans.remove(span);
    return {
      events: events.length,
      agentSpans: spans.length,
      bytes:
        events.reduce((sum, { event }) => sum + eventBytes(event), 0) +
        spans.reduce((sum, span) => sum + spanBytes(span), 0),
    };
  }
}

const isOf = (of: TraceOf, { tenant, trace }: TraceOf): boolean => of.tenant === tenant && of.trace === trace;
