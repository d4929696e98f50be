/** Finished calls in order of arrival: every question is answered by looking at all of them. */
import type { CallEvent, Counting, EventWorth, NumberedEvent, TraceFilter, TraceStore } from '../../contract/index.ts';
import { MIN_PREFIX } from '../identity.ts';
import { REFUSALS } from '../refusals.ts';
import { worthOf } from '../worth.ts';
import type { MemorySums } from './sums.ts';
import type { MemoryUsage } from './usage.ts';

/** `seq`: order of arrival. `worth`: why it keeps its trace; empty: it does not. */
export interface KeptEvent {
  readonly seq: number;
  readonly event: CallEvent;
  readonly worth: EventWorth | '';
}

export class MemoryTraces implements TraceStore {
  /** By what makes an event the same when its batch is delivered twice. */
  readonly #events = new Map<string, KeptEvent>();
  #seq = 0;
  readonly #sums: MemorySums;
  readonly #usage: MemoryUsage;

  constructor(sums: MemorySums, usage: MemoryUsage) {
    this.#sums = sums;
    this.#usage = usage;
  }

  async append(events: readonly CallEvent[], counting?: Counting): Promise<void> {
    this.#keep(events, counting);
    this.#count(events, counting);
  }

  #count(events: readonly CallEvent[], counting: Counting | undefined): void {
    this.#sums.count(events, counting);
    this.#usage.count(events, counting);
  }

  #keep(events: readonly CallEvent[], counting: Counting | undefined): void {
    for (const event of events) {
      const identity = identityOf(event);
      if (this.#events.has(identity)) continue;
      this.#seq += 1;
      this.#events.set(identity, { seq: this.#seq, event: asJson(event), worth: worthOf(event, counting) });
    }
  }

  /** In order of arrival. */
  kept(): readonly KeptEvent[] {
    return [...this.#events.values()];
  }

  remove(event: CallEvent): void {
    this.#events.delete(identityOf(event));
  }

  readonly #taken = new Map<string, { readonly epoch: string; readonly seq: number }>();

  async take(
    node: string,
    epoch: string,
    events: readonly NumberedEvent[],
    counting?: Counting,
  ): Promise<{ readonly before: number }> {
    const taken = this.#taken.get(node);
    const before = taken?.epoch === epoch ? taken.seq : 0;
    const fresh = events.filter(({ seq }) => seq > before);
    const kept = fresh.map(({ event }) => event);
    this.#keep(kept, counting);
    this.#count(kept, counting);
    const last = fresh.at(-1);
    if (last !== undefined) this.#taken.set(node, { epoch, seq: last.seq });
    return { before };
  }

  async trace(tenant: string | null, id: string): Promise<readonly CallEvent[]> {
    const visible = this.#all().filter((event) => tenant === null || event.tenant === tenant);
    const matches = findTraces(visible, id);
    if (matches.length > 1) throw REFUSALS.ambiguousPrefix(id, matches);
    return asJson(visible.filter((event) => event.trace === matches[0]).sort(byStart));
  }

  async recent(filter: TraceFilter): Promise<readonly CallEvent[]> {
    const wanted = this.#all().filter(
      (event) =>
        (filter.tenant === undefined || event.tenant === filter.tenant) &&
        (filter.status === undefined || event.status === filter.status) &&
        (filter.target === undefined || event.target.name === filter.target) &&
        (filter.principal === undefined || event.principal?.id === filter.principal) &&
        (filter.sinceMs === undefined || event.startedAtMs >= filter.sinceMs) &&
        (filter.untilMs === undefined || event.startedAtMs <= filter.untilMs),
    );
    return asJson(wanted.sort(byStart).reverse().slice(0, filter.limit));
  }

  async prune(beforeMs: number): Promise<number> {
    const old = [...this.#events].filter(([, { event }]) => event.startedAtMs < beforeMs);
    for (const [identity] of old) this.#events.delete(identity);
    return old.length;
  }

  #all(): readonly CallEvent[] {
    return this.kept().map(({ event }) => event);
  }
}

/** Trace ids that an id means: exact ones win, then prefixes of trace and call ids alike. */
const findTraces = (events: readonly CallEvent[], id: string): readonly string[] => {
  const tracesWhere = (fits: (event: CallEvent) => boolean): readonly string[] => [
    ...new Set(events.filter(fits).map((event) => event.trace)),
  ];
  if (events.some((event) => event.trace === id)) return [id];
  const byCall = tracesWhere((event) => event.callId === id);
  if (byCall.length > 0) return byCall;
  if (id.length < MIN_PREFIX) throw REFUSALS.shortPrefix(id);
  return tracesWhere((event) => event.trace.startsWith(id) || event.callId.startsWith(id));
};

/** One node never says the same span of a call twice. */
const identityOf = ({ trace, callId, span, node, tenant }: CallEvent): string =>
  JSON.stringify([trace, callId, span, node, tenant]);

/** Events that began in the same instant stay in order of arrival. */
const byStart = (a: CallEvent, b: CallEvent): number => a.startedAtMs - b.startedAtMs;

/** Events are JSON wherever they are kept: absent and undefined attributes are the same. */
const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));
