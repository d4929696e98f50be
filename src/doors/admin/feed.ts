/** Hands finished calls to whoever watches now: an event sink for the node's fan-out, a feed for the door. */
import { type CallEvent, DEFAULT_TENANT, type EventSink } from '../../contract/index.ts';
import type { Feed } from './ports.ts';

interface Reader {
  readonly tenant: string;
  readonly take: (event: CallEvent) => void;
}

export class EventFeed implements EventSink, Feed {
  readonly #readers = new Set<Reader>();

  /** How many watch. */
  get readers(): number {
    return this.#readers.size;
  }

  emit(event: CallEvent): void {
    for (const reader of this.#readers) if (reader.tenant === ownerOf(event)) reader.take(event);
  }

  subscribe(tenant: string, take: (event: CallEvent) => void): () => void {
    const reader: Reader = { tenant, take };
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}

/** A caller that nobody knows has no tenant; who runs the node hears of it. */
const ownerOf = ({ tenant }: CallEvent): string => (tenant === '' ? DEFAULT_TENANT : tenant);
