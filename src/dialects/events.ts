/** Server-sent events, read from bytes in any pieces and written in one way. */
import { Fault } from '../contract/index.ts';

export interface ServerEvent {
  /** Empty when it has no name. */
  readonly name: string;
  readonly data: string;
  readonly id?: string;
  /** How long to wait before a stream that ended is taken up again, as its sender wishes. */
  readonly retryMs?: number;
}

/** Longest event that is kept: an event without end would be kept for ever. */
export const MAX_EVENT_CHARS = 4 * 1024 * 1024;

/** By the rules of the HTML standard: comments are skipped, lines end with CR, LF or both. Throws `upstream_invalid` for one without end. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  let lines: string[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    rest.push(text);
    size += text.length;
    // Looked at once: a long line in small pieces must not be read anew with each of them.
    const broken = BREAK.test(text) || rest.at(-2)?.endsWith('\r') === true;
    // A CR at the end may be half of a line break.
    const parts = broken ? rest.join('').split(/\r\n|\n|\r(?!$)/) : [];
    if (broken) rest = [parts.pop()!];
    for (const line of parts) {
      if (line !== '') {
        if (!line.startsWith(':')) lines.push(line);
      } else if (lines.length > 0) {
        const event = eventOf(lines);
        lines = [];
        size = rest[0]?.length ?? 0;
        if (event !== undefined) yield event;
      }
    }
    if (size > MAX_EVENT_CHARS) throw new Fault('upstream_invalid', 'the target sends an event that does not end');
  }
  // The last event counts only if its empty line came; whoever closed before that did not finish it.
}

const BREAK = /[\r\n]/;

const eventOf = (lines: readonly string[]): ServerEvent | undefined => {
  let name = '';
  let id: string | undefined;
  let retryMs: number | undefined;
  const data: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
    else if (field === 'id') id = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) retryMs = Number(value);
  }
  if (data.length === 0) return undefined;
  return {
    name,
    data: data.join('\n'),
    ...(id === undefined ? {} : { id }),
    ...(retryMs === undefined ? {} : { retryMs }),
  };
};

const encoder = new TextEncoder();

/** `data` may have line breaks; `name` must not. */
export const writeEvent = (data: string, name = ''): Uint8Array => {
  const lines = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`);
  return encoder.encode(`${name === '' ? '' : `event: ${name}\n`}${lines.join('')}\n`);
};
