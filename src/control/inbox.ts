/** Takes batches of finished calls from nodes and stores each once, however often it comes, and to whichever hub over one store. */
import type { CallEvent, Counting, EventBatch, NodeEntry, TraceStore } from '../contract/index.ts';

export interface EventReaders {
  /** Hears of those that were not here before. */
  readonly heard?: ((events: readonly CallEvent[]) => void) | undefined;
  /** Counts those that were not here before, with the transaction that keeps them. */
  readonly counting?: Counting | undefined;
}

/** Rejects with what the store throws; the batch may come again then. */
export const takeEvents = async (
  traces: TraceStore,
  { id, role, tenant }: NodeEntry,
  { epoch, from, events }: EventBatch,
  { heard, counting }: EventReaders = {},
): Promise<{ readonly stored: boolean }> => {
  // A node speaks about calls of its own tenant, under its own name; calls of nobody belong to it too.
  const own = events
    .map((event, at) => ({ seq: from + at, event: { ...event, tenant, node: nameOf({ id, role }, event.node) } }))
    .filter((_, at) => events[at]?.tenant === tenant || events[at]?.tenant === '');
  const { before } = await traces.take(id, epoch, own, counting);
  const fresh = own.filter(({ seq }) => seq > before).map(({ event }) => event);
  if (fresh.length > 0) heard?.(fresh);
  return { stored: from + events.length - 1 > before };
};

/** A hub hands on what nodes below it say: as its own word, and with whose it was. */
export const nameOf = ({ id, role }: Pick<NodeEntry, 'id' | 'role'>, said: string): string =>
  role !== 'domain' || said === id ? id : `${id}/${said}`.slice(0, 255);
