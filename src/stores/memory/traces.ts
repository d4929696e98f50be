/** Finished calls in order of arrival: every question is answered by looking at all of them. */
import type { CallEvent, TraceFilter, TraceStore } from '../../contract/index.ts';
import { MIN_PREFIX } from '../identity.ts';
import { REFUSALS } from '../refusals.ts';

export class MemoryTraces implements TraceStore {
  /** By what makes an event the same when its batch is delivered twice. */
  readonly #events = new Map<string, CallEvent>();

  async append(events: readonly CallEvent[]): Promise<void> {
    for (const event of events) {
      const identity = identityOf(event);
      if (!this.#events.has(identity)) this.#events.set(identity, asJson(event));
    }
  }

  async trace(tenant: string | null, id: string): Promise<readonly CallEvent[]> {
    const visible = [...this.#events.values()].filter((event) => tenant === null || event.tenant === tenant);
    const matches = findTraces(visible, id);
    if (matches.length > 1) throw REFUSALS.ambiguousPrefix(id, matches);
    return asJson(visible.filter((event) => event.trace === matches[0]).sort(byStart));
  }

  async recent(filter: TraceFilter): Promise<readonly CallEvent[]> {
    const wanted = [...this.#events.values()].filter(
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
    const old = [...this.#events].filter(([, event]) => event.startedAtMs < beforeMs);
    for (const [identity] of old) this.#events.delete(identity);
    return old.length;
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
