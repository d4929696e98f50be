/** Events of a session that a client can pick up again after its connection broke: numbered, kept for a while, and bounded. */
import { Fault } from '../../contract/index.ts';
import { writeEvent } from '../../dialects/index.ts';
import type { Json } from './message.ts';

const MOST_EVENTS = 500;
const MOST_BYTES = 1024 * 1024;

interface Kept {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export class EventStream {
  readonly id: string;
  readonly #kept: Kept[] = [];
  #size = 0;
  #next = 1;
  #read = 0;
  #ended = false;
  /** Counts readers; only the newest reads. */
  #readers = 0;
  #isRead = false;
  #wake: () => void = () => {};

  constructor(id: string) {
    this.id = id;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** It ended, and its last event went out. */
  get isDone(): boolean {
    return this.#ended && this.#read === this.#next - 1;
  }

  /** Somebody reads it now. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** The newest event that was read. */
  get read(): number {
    return this.#read;
  }

  push(message: Json): void {
    if (!this.#ended) this.#keep(writeEvent(JSON.stringify(message), 'message'));
  }

  /** An event without a message, so that a client has a number to come back with before there is anything to say. */
  prime(): void {
    this.#keep(new TextEncoder().encode('data: \n\n'));
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #keep(event: Uint8Array): void {
    const at = this.#next++;
    const bytes = Buffer.concat([Buffer.from(`id: ${this.id}.${at}\n`), event]);
    this.#kept.push({ at, bytes });
    this.#size += bytes.byteLength;
    while (this.#kept.length > 1 && (this.#kept.length > MOST_EVENTS || this.#size > MOST_BYTES))
      this.#size -= this.#kept.shift()!.bytes.byteLength;
    this.#wake();
  }

  /** Is everything after this event still here? */
  has(after: number): boolean {
    return after < this.#next && after + 1 >= (this.#kept[0]?.at ?? this.#next);
  }

  /** Throws `slow_consumer` when what comes next is gone. A second reader ends the first. */
  async *after(seen: number): AsyncGenerator<Uint8Array> {
    const mine = ++this.#readers;
    this.#isRead = true;
    this.#wake();
    try {
      for (let at = seen; mine === this.#readers; ) {
        if (!this.has(at)) throw new Fault('slow_consumer', 'what was not read in time is gone');
        const event = this.#kept.find((kept) => kept.at > at);
        if (event !== undefined) {
          at = event.at;
          this.#read = at;
          yield event.bytes;
        } else if (this.#ended) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      if (mine === this.#readers) this.#isRead = false;
    }
  }
}
