/** Server-sent events from a byte stream, as the HTML standard reads them: any chunking, any line ends. */

export interface ServerEvent {
  /** `message` unless the sender named it. */
  readonly event: string;
  /** Lines of data, joined by line feeds. */
  readonly data: string;
  /** The last id that was seen; empty when there was none. */
  readonly id: string;
}

/** Yields complete events only: what the stream breaks off in the middle of is dropped. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const parser = new EventParser();
  for await (const line of readLines(chunks)) {
    const event = parser.take(line);
    if (event !== undefined) yield event;
  }
}

class EventParser {
  #event = '';
  #data: string[] = [];
  #id = '';

  /** A line without its end. Answers an event when the line completes one. */
  take(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    const empty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    return empty ? undefined : event;
  }
}

/** Nobody's line may fill our memory. */
const MAX_LINE = 8 * 1024 * 1024;

async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Drops a byte order mark, as the standard says.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a pair: it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new Error(`a line of the event stream is longer than ${MAX_LINE} characters`);
    yield* lines;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}
