/** What agents said, by trace. */
import type { AgentSpan, AgentSpanStore, SpanOutcome } from '../../contract/index.ts';

export class MemoryAgentSpans implements AgentSpanStore {
  /** By tenant and trace, then by span. */
  readonly #traces = new Map<string, Map<string, AgentSpan>>();

  async append(spans: readonly AgentSpan[], mostPerTrace: number): Promise<readonly SpanOutcome[]> {
    return spans.map((span) => this.#add(span, mostPerTrace));
  }

  #add(span: AgentSpan, most: number): SpanOutcome {
    const key = keyOf(span.tenant, span.trace);
    const kept = this.#traces.get(key) ?? new Map<string, AgentSpan>();
    const before = kept.get(span.span);
    if (before !== undefined) return isSame(before.principal, span.principal) ? 'repeated' : 'clashed';
    if (kept.size >= most) return 'crowded';
    kept.set(span.span, asJson(span));
    this.#traces.set(key, kept);
    return 'kept';
  }

  async trace(tenant: string, trace: string): Promise<readonly AgentSpan[]> {
    const kept = this.#traces.get(keyOf(tenant, trace)) ?? new Map<string, AgentSpan>();
    return asJson([...kept.values()].sort((a, b) => a.startedAtMs - b.startedAtMs));
  }

  kept(): readonly AgentSpan[] {
    return [...this.#traces.values()].flatMap((spans) => [...spans.values()]);
  }

  remove({ tenant, trace, span }: AgentSpan): void {
    const key = keyOf(tenant, trace);
    const kept = this.#traces.get(key);
    kept?.delete(span);
    if (kept?.size === 0) this.#traces.delete(key);
  }

  async prune(beforeMs: number): Promise<number> {
    let count = 0;
    for (const [key, kept] of this.#traces) {
      for (const [id, { receivedAtMs }] of kept) if (receivedAtMs < beforeMs && kept.delete(id)) count++;
      if (kept.size === 0) this.#traces.delete(key);
    }
    return count;
  }
}

const keyOf = (tenant: string, trace: string): string => JSON.stringify([tenant, trace]);

const isSame = (a: AgentSpan['principal'], b: AgentSpan['principal']): boolean => a.kind === b.kind && a.id === b.id;

const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));
