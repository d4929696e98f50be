/** Reads a stream of model events as it passes: how much text has come, and what the last report of usage said. */
import { Buffer } from 'node:buffer';
import { merged, type Report, reportIn } from './usage.ts';

/** A line that grows beyond this is no event of a model; its bytes are counted and it is let go. */
const LONGEST_LINE = 1024 * 1024;
const LF = 0x0a;

export class ModelEvents {
  /** UTF-8 bytes of text that the model wrote. */
  textBytes = 0;
  /** Events with text: a token each at the least. */
  pieces = 0;
  report: Report | undefined;
  /** The beginning of a line whose end has not come; it grows by doubling, for whoever sends a line byte by byte. */
  #kept: Buffer = Buffer.alloc(0);
  #size = 0;

  saw(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
      this.#line(this.#ended(bytes.subarray(from, at)).toString().trim());
      from = at + 1;
    }
    this.#keep(bytes.subarray(from));
    if (this.#size <= LONGEST_LINE) return;
    this.textBytes += this.#size;
    this.#kept = Buffer.alloc(0);
    this.#size = 0;
  }

  /** The line that ends with this. */
  #ended(end: Buffer): Buffer {
    if (this.#size === 0) return end;
    this.#keep(end);
    const line = this.#kept.subarray(0, this.#size);
    this.#size = 0;
    return line;
  }

  /** A copy: the chunk belongs to somebody else, and a view of it would keep it whole. */
  #keep(bytes: Buffer): void {
    const size = this.#size + bytes.byteLength;
    if (size > this.#kept.byteLength) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#kept.byteLength));
      larger.set(this.#kept.subarray(0, this.#size));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#size);
    this.#size = size;
  }

  #line(line: string): void {
    if (!line.startsWith('data:')) return;
    const text = line.slice(5).trim();
    if (text === '' || text === '[DONE]') return;
    const json = parsed(text);
    if (typeof json !== 'object' || json === null) {
      this.#count(Buffer.byteLength(text));
      return;
    }
    const report = reportIn(json);
    if (report !== undefined) this.report = merged(this.report, report);
    this.#count(textIn(json) ?? (report === undefined && !isFrame(json) ? Buffer.byteLength(text) : 0));
  }

  #count(bytes: number): void {
    if (bytes === 0) return;
    this.textBytes += bytes;
    this.pieces += 1;
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Bytes of what the model wrote, in the shapes of chat APIs; undefined for an event of another shape. */
const textIn = ({ choices, delta }: Shape): number | undefined => {
  if (Array.isArray(choices))
    return choices.reduce((sum: number, choice: Shape) => sum + leaves(choice?.delta ?? choice?.text), 0);
  return delta === undefined ? undefined : leaves(delta);
};

interface Shape {
  readonly choices?: unknown;
  readonly delta?: unknown;
  readonly text?: unknown;
  readonly type?: unknown;
}

/** Bookkeeping of a stream: a beginning, an end, a ping. */
const isFrame = ({ type }: Shape): boolean =>
  typeof type === 'string' &&
  // Responses say everything twice: in pieces, and then as a whole.
  (type.startsWith('response.') || /(start|stop|ping|created|completed|in_progress)$/.test(type));

/** Fields that say what a piece is, not what it says. */
const NAMES: ReadonlySet<string> = new Set(['role', 'type', 'id', 'index', 'object', 'stop_reason', 'finish_reason']);

const leaves = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, inner]) => sum + (NAMES.has(name) ? 0 : leaves(inner)), 0);
};
