/** Finds where HTTP/1.1 messages end, and nothing more: what the load generator and the upstream must know of each other. */

/** What the first lines of a message say that matters here. */
export interface Head {
  /** `HTTP/1.1 200 OK` or `POST /path HTTP/1.1`. */
  readonly startLine: string;
  readonly closes: boolean;
}

type Expecting = 'head' | 'body' | 'chunk-size' | 'chunk' | 'trailer';

const MAX_LINES = 64 * 1024;

/**
 * Reads a byte stream of messages that each carry a `content-length` or chunks; one without either has no body.
 * Throws on a head or chunk line over 64 KB, a length that is no number: the peer is no HTTP/1.1 speaker.
 */
export class MessageReader {
  readonly #onMessage: (head: Head) => void;
  #expecting: Expecting = 'head';
  /** Text of an unfinished head, chunk size line or trailer. */
  #text = '';
  /** Bytes of body or chunk still to come, for a chunk with its line end. */
  #left = 0;
  #head: Head = { startLine: '', closes: false };

  constructor(onMessage: (head: Head) => void) {
    this.#onMessage = onMessage;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length)
      at =
        this.#expecting === 'body' || this.#expecting === 'chunk' ? this.#skip(bytes, at) : this.#readText(bytes, at);
  }

  #skip(bytes: Buffer, at: number): number {
    const taken = Math.min(this.#left, bytes.length - at);
    this.#left -= taken;
    if (this.#left === 0) {
      if (this.#expecting === 'body') this.#finish();
      else this.#expecting = 'chunk-size';
    }
    return at + taken;
  }

  #readText(bytes: Buffer, at: number): number {
    const end = this.#expecting === 'head' ? '\r\n\r\n' : '\r\n';
    // An end may be split over two reads, so the search starts inside what is already held.
    const held = this.#text.length;
    const text = this.#text + bytes.toString('latin1', at);
    const found = text.indexOf(end, Math.max(0, held - end.length + 1));
    if (text.length > MAX_LINES && (found < 0 || found > MAX_LINES))
      throw new Error('a head or chunk line is over 64 KB');
    if (found < 0) {
      this.#text = text;
      return bytes.length;
    }
    this.#text = '';
    this.#understand(text.slice(0, found));
    return at + found + end.length - held;
  }

  #understand(text: string): void {
    if (this.#expecting === 'head') this.#startMessage(text);
    else if (this.#expecting === 'chunk-size') this.#startChunk(text);
    else if (text === '') this.#finish(); // the empty line after the trailers
  }

  #startMessage(text: string): void {
    const lineEnd = text.indexOf('\r\n');
    const startLine = lineEnd < 0 ? text : text.slice(0, lineEnd);
    const headers = text.slice(startLine.length).toLowerCase();
    this.#head = { startLine, closes: headers.includes('\r\nconnection: close') };
    if (headers.includes('\r\ntransfer-encoding: chunked')) {
      this.#expecting = 'chunk-size';
      return;
    }
    this.#left = contentLength(headers);
    this.#expecting = 'body';
    if (this.#left === 0) this.#finish();
  }

  #startChunk(text: string): void {
    const size = /^[0-9a-f]{1,8}(?=$|[; \t])/i.exec(text);
    if (size === null) throw new Error('a chunk has no size');
    const bytes = Number.parseInt(size[0], 16);
    this.#left = bytes + 2;
    this.#expecting = bytes === 0 ? 'trailer' : 'chunk';
  }

  #finish(): void {
    this.#expecting = 'head';
    this.#onMessage(this.#head);
  }
}

function contentLength(headers: string): number {
  const at = headers.indexOf('\r\ncontent-length:');
  if (at < 0) return 0;
  const length = Number.parseInt(headers.slice(at + 17, at + 40), 10);
  if (!(length >= 0)) throw new Error('a content-length is no number');
  return length;
}
