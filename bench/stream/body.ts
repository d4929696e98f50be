/** Takes one chunked HTTP/1.1 reply apart into its events: little work, so that the reader of a thousand streams is not the limit. */

type Expecting = 'head' | 'size' | 'data' | 'line' | 'nothing';

const MAX_TEXT = 64 * 1024;

export interface ReplyEvents {
  readonly status: (status: number) => void;
  /** Without the empty line at its end. */
  readonly event: (text: string) => void;
  /** The reply is complete. Without it, it was cut. */
  readonly end: () => void;
}

/** Throws on anything but a chunked reply with lines of reasonable length. */
export class EventReply {
  readonly #events: ReplyEvents;
  #expecting: Expecting = 'head';
  /** Bytes of the reply that are not understood yet, one character each. */
  #raw = '';
  #left = 0;
  /** An event whose end has not come. */
  #text = '';

  constructor(events: ReplyEvents) {
    this.#events = events;
  }

  push(bytes: Buffer): void {
    this.#raw += bytes.toString('latin1');
    while (this.#step());
    if (this.#raw.length > MAX_TEXT || this.#text.length > MAX_TEXT) throw new Error('a line or event is over 64 KB');
  }

  /** Whether there may be more to understand. */
  #step(): boolean {
    if (this.#expecting === 'nothing') {
      if (this.#raw !== '') throw new Error('bytes came after the end of the reply');
      return false;
    }
    if (this.#expecting === 'data') return this.#data();
    const end = this.#expecting === 'head' ? '\r\n\r\n' : '\r\n';
    const at = this.#raw.indexOf(end);
    if (at < 0) return false;
    const text = this.#raw.slice(0, at);
    this.#raw = this.#raw.slice(at + end.length);
    if (this.#expecting === 'head') this.#head(text);
    else if (this.#expecting === 'size') this.#size(text);
    else this.#expecting = this.#left < 0 ? this.#ended() : 'size';
    return true;
  }

  #head(text: string): void {
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
    this.#events.status(status);
    if (status === 200 && !/\r\ntransfer-encoding: chunked/i.test(text)) throw new Error('the reply is not chunked');
    this.#expecting = 'size';
  }

  #size(text: string): void {
    if (!/^[0-9a-f]{1,6}$/i.test(text)) throw new Error('a chunk has no size');
    const size = Number.parseInt(text, 16);
    this.#left = size === 0 ? -1 : size;
    this.#expecting = size === 0 ? 'line' : 'data';
  }

  #data(): boolean {
    if (this.#raw === '') return false;
    const part = this.#raw.slice(0, this.#left);
    this.#raw = this.#raw.slice(part.length);
    this.#left -= part.length;
    if (this.#left === 0) this.#expecting = 'line';
    const texts = (this.#text + part).split('\n\n');
    this.#text = texts.pop()!;
    for (const text of texts) if (!text.startsWith(':')) this.#events.event(text);
    return true;
  }

  #ended(): Expecting {
    if (this.#text !== '') throw new Error('the reply ended inside an event');
    this.#events.end();
    return 'nothing';
  }
}
