/** Finished calls that wait for their upload, on the node's own disk. Bounded: telemetry may be lost, and is counted then. */
import type { CallEvent, EventBatch, MarkStore, NumberedEvent, SpoolStore } from '../contract/index.ts';
import { MAX_BATCH } from './reports.ts';

export interface SpoolParts {
  readonly store: SpoolStore;
  readonly marks: MarkStore;
  readonly random: () => number;
  /** Events that may wait. */
  readonly most: () => number;
}

const EPOCH = 'spool epoch';
/** Of one batch; a hub takes no more than 4 MiB at once. */
const MOST_CHARACTERS = 1024 * 1024;

export class Spool {
  readonly #parts: SpoolParts;
  /** Of this store: its numbers mean nothing in another one. */
  readonly #epoch: string;
  #lost: number;
  #size = MAX_BATCH;

  private constructor(parts: SpoolParts, epoch: string, lost: number) {
    this.#parts = parts;
    this.#epoch = epoch;
    this.#lost = lost;
  }

  static async open(parts: SpoolParts): Promise<Spool> {
    const { store, marks, random } = parts;
    const known = (await marks.read())[EPOCH];
    const epoch = known ?? Math.floor(random() * Number.MAX_SAFE_INTEGER);
    if (known === undefined) await marks.write({ put: { [EPOCH]: epoch } });
    return new Spool(parts, epoch.toString(16).padStart(32, '0'), await store.dropped());
  }

  /** Events dropped, because the hub was away for too long or refused them. */
  get lost(): number {
    return this.#lost;
  }

  /** Events that the hub does not have yet. */
  waiting(): Promise<number> {
    return this.#parts.store.waiting();
  }

  /** Resolves when they are durable. Drops the oldest when full. */
  async add(events: readonly CallEvent[]): Promise<void> {
    const { dropped } = await this.#parts.store.add(events, this.#parts.most());
    this.#lost += dropped;
  }

  /** What to send now. INVARIANT: the same events have the same numbers until they have arrived, over any restart. */
  async next(): Promise<{ readonly batch: EventBatch; readonly isFull: boolean } | undefined> {
    const found = await this.#parts.store.next(this.#size);
    const [first] = found;
    if (first === undefined) return undefined;
    const events = withinSize(found).map(({ event }) => event);
    // More waits, or most likely does: nothing needs to be gathered.
    const isFull = events.length < found.length || found.length === this.#size;
    return { batch: { epoch: this.#epoch, from: first.seq, events }, isFull };
  }

  /** The hub has it. */
  async arrived({ from, events }: EventBatch): Promise<void> {
    await this.#parts.store.remove(from + events.length - 1);
    this.#size = Math.min(MAX_BATCH, this.#size * 2);
  }

  /** The hub will never take it: what of it is wrong is found by halves, so that nothing else is lost. */
  async refused({ from, events }: EventBatch): Promise<void> {
    if (events.length > 1) {
      this.#size = Math.ceil(events.length / 2);
      return;
    }
    await this.#parts.store.remove(from);
    this.#lost += 1;
  }
}

const withinSize = (events: readonly NumberedEvent[]): readonly NumberedEvent[] => {
  let size = 0;
  const beyond = events.findIndex(({ event }, at) => {
    size += JSON.stringify(event).length;
    return at > 0 && size > MOST_CHARACTERS;
  });
  return beyond < 0 ? events : events.slice(0, beyond);
};
