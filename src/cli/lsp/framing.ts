/**
 * Messages on a byte stream as the base protocol of the Language Server Protocol 3.17 frames them: headers, an empty line, and as many
 * bytes as `Content-Length` says. What comes may be anything: what is no message is reported, and reading goes on at the next header.
 */
import { Buffer } from 'node:buffer';

export type Frame =
  | { readonly kind: 'message'; readonly text: string }
  /** Bytes that are no message; told once for each run of them. */
  | { readonly kind: 'bad'; readonly reason: string };

/** A large document is some megabytes; what claims to be more is a mistake, or meant to fill our memory. */
const MAX_CONTENT = 16 * 1024 * 1024;
const MAX_HEADER = 8 * 1024;
const END_OF_HEADER = '\r\n\r\n';
const LENGTH = 'content-length:';

export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes of the message whose header was read. */
  #wanted: number | undefined;
  /** Something was wrong: whatever comes before the next header is no message. */
  #lost = false;

  /** Everything that is complete by now. */
  push(chunk: Uint8Array): readonly Frame[] {
    this.#chunks.push(Buffer.from(chunk));
    this.#size += chunk.byteLength;
    // Joined only when there is enough, so that many small pieces of a large message cost what their bytes cost.
    if (this.#wanted !== undefined && this.#size < this.#wanted) return [];
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    if (this.#wanted !== undefined) return this.#content(this.#wanted);
    if (this.#lost && !this.#find(this.#all())) return undefined;
    const end = this.#all().toString('latin1', 0, MAX_HEADER).indexOf(END_OF_HEADER);
    if (end < 0) return this.#size < MAX_HEADER ? undefined : this.#lose(1, 'a header without end');
    const header = this.#all().toString('latin1', 0, end);
    const length = /^content-length: *(\d{1,15}) *$/im.exec(header)?.[1];
    if (length === undefined) return this.#lose(end + END_OF_HEADER.length, 'a header without `Content-Length`');
    if (Number(length) > MAX_CONTENT)
      return this.#lose(end + END_OF_HEADER.length, `a message of ${length} bytes; at most ${MAX_CONTENT} are read`);
    this.#lost = false;
    this.#keep(this.#all().subarray(end + END_OF_HEADER.length));
    this.#wanted = Number(length);
    return this.#content(this.#wanted);
  }

  #content(length: number): Frame | undefined {
    if (this.#size < length) return undefined;
    const bytes = this.#all();
    this.#keep(bytes.subarray(length));
    this.#wanted = undefined;
    return { kind: 'message', text: bytes.toString('utf8', 0, length) };
  }

  #lose(bytes: number, reason: string): Frame | undefined {
    this.#keep(this.#all().subarray(bytes));
    const isNews = !this.#lost;
    this.#lost = true;
    return isNews ? { kind: 'bad', reason } : this.#next();
  }

  /** Goes forward to the next header, and forgets what is before it. */
  #find(bytes: Buffer): boolean {
    const at = bytes.toString('latin1').toLowerCase().indexOf(LENGTH);
    this.#keep(at < 0 ? bytes.subarray(Math.max(0, bytes.length - LENGTH.length)) : bytes.subarray(at));
    return at >= 0;
  }

  #all(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#size);
    this.#keep(all);
    return all;
  }

  #keep(bytes: Buffer): void {
    this.#chunks = [bytes];
    this.#size = bytes.length;
  }
}

export const framed = (message: object): string => {
  const text = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(text)}${END_OF_HEADER}${text}`;
};
