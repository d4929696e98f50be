/** Server-sent events from bytes: the little of the format that the node link needs, with a limit. */
import { Fault } from '../contract/index.ts';

export interface ServerEvent {
  /** `message` when the sender named none. */
  readonly event: string;
  readonly data: string;
}

/** Reads `event:` and `data:`; comments and everything else are skipped. Throws `too_large` for an event above `limit` characters. */
export async function* serverEvents(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<ServerEvent, void, undefined> {
  const lines = new Lines(limit);
  let event = 'message';
  let data: string[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    for (const line of lines.push(chunk)) {
      if (line === '') {
        if (data.length > 0) yield { event, data: data.join('\n') };
        event = 'message';
        data = [];
        size = 0;
      } else if (line.startsWith('data:')) {
        size += line.length;
        if (size > limit) throw tooLarge(limit);
        data.push(fieldValue(line));
      } else if (line.startsWith('event:')) event = fieldValue(line);
    }
  }
}

const fieldValue = (line: string): string => line.slice(line.indexOf(':') + 1).replace(/^ /, '');

const tooLarge = (limit: number): Fault =>
  new Fault('too_large', `the hub sent an event of more than ${limit} characters`);

/** Cuts text into lines wherever chunks end, without looking at any character twice. */
class Lines {
  readonly #decoder = new TextDecoder('utf-8');
  readonly #limit: number;
  #parts: string[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): readonly string[] {
    const pieces = this.#decoder.decode(chunk, { stream: true }).split('\n');
    const last = pieces.pop() ?? '';
    const lines = pieces.map((piece) => this.#finish(piece));
    this.#size += last.length;
    if (this.#size > this.#limit) throw tooLarge(this.#limit);
    if (last !== '') this.#parts.push(last);
    return lines;
  }

  #finish(piece: string): string {
    const line = [...this.#parts, piece].join('');
    this.#parts = [];
    this.#size = 0;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
