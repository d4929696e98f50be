/** Changes single lines of a stream of events on their way; everything else passes as it came. */
import { Buffer } from 'node:buffer';
import { type Body, Fault } from '../../contract/index.ts';

export interface LineEdit {
  /** Only lines with these bytes are looked at. */
  readonly mark: Buffer;
  /** Null drops the line, with the empty line behind it. */
  readonly edit: (line: Buffer) => Uint8Array | null;
}

const LF = 0x0a;
const CR = 0x0d;
/** A line is kept until its end has come, and one without end would be kept for ever. */
const LONGEST = 8 * 1024 * 1024;

export async function* edited(chunks: AsyncIterable<Uint8Array>, { mark, edit }: LineEdit): AsyncGenerator<Uint8Array> {
  let kept: Buffer[] = [];
  let size = 0;
  let drops = false;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = bytes.lastIndexOf(LF) + 1;
    if (end === 0) {
      kept.push(Buffer.from(bytes));
      size += bytes.byteLength;
      if (size > LONGEST) throw new Fault('upstream_invalid', 'the target sends an event that does not end');
      continue;
    }
    const whole = kept.length === 0 ? bytes.subarray(0, end) : Buffer.concat([...kept, bytes.subarray(0, end)]);
    // A copy: a view of it would keep the whole chunk.
    kept = end < bytes.byteLength ? [Buffer.from(bytes.subarray(end))] : [];
    size = bytes.byteLength - end;
    if (!drops && !whole.includes(mark)) {
      yield whole;
      continue;
    }
    const out: Uint8Array[] = [];
    for (let from = 0; from < whole.byteLength; ) {
      const line = whole.subarray(from, whole.indexOf(LF, from) + 1);
      from += line.byteLength;
      const isBreak = line.byteLength === 1 || (line.byteLength === 2 && line[0] === CR);
      if (drops && isBreak) drops = false;
      else if (!line.includes(mark)) out.push(line);
      else {
        const changed = edit(line);
        drops = changed === null;
        if (changed !== null) out.push(changed);
      }
    }
    if (out.length > 0) yield Buffer.concat(out);
  }
  if (kept.length > 0) yield Buffer.concat(kept);
}

/** A stream that was kept, and is given again, comes as a whole. */
export const chunksOf = (body: Body): AsyncIterable<Uint8Array> =>
  body.kind === 'stream' ? body.chunks : whole(body.bytes);

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
