/**
 * Takes the count of tokens out of a stream again, where the caller did not ask for it: Airspace asks every provider for it, because
 * it comes with nothing else, and a client that did not ask may stumble over a chunk without choices.
 */
import { Buffer } from 'node:buffer';

const LF = 0x0a;
/** A longer line is no such chunk, and nobody keeps it. */
const LONGEST = 64 * 1024;
const MARK = Buffer.from('"usage"');
const EMPTY = Buffer.from('"choices"');

/** Everything else passes as it came; only a line whose end has not come waits, and only as long as it may be one of those. */
export async function* withoutUsage(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let kept: Buffer = Buffer.alloc(0);
  let open = false;
  let drops = false;
  for await (const chunk of chunks) {
    let bytes: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    // The rest of a line that is too long to be kept.
    if (open) {
      const end = bytes.indexOf(LF) + 1;
      if (end === 0) {
        yield bytes;
        continue;
      }
      yield bytes.subarray(0, end);
      bytes = bytes.subarray(end);
      open = false;
    }
    if (kept.byteLength > 0) bytes = Buffer.concat([kept, bytes]);
    const end = bytes.lastIndexOf(LF) + 1;
    kept = Buffer.from(bytes.subarray(end));
    const whole = bytes.subarray(0, end);
    if (drops || whole.includes(MARK)) {
      const out = lines(whole, drops);
      drops = out.drops;
      if (out.bytes.byteLength > 0) yield out.bytes;
    } else if (whole.byteLength > 0) yield whole;
    if (kept.byteLength > LONGEST) {
      yield kept;
      kept = Buffer.alloc(0);
      open = true;
    }
  }
  if (kept.byteLength > 0) yield kept;
}

/** `drops`: the empty line that ends an event which was dropped goes with it. */
const lines = (bytes: Buffer, dropping: boolean): { readonly bytes: Buffer; readonly drops: boolean } => {
  const out: Buffer[] = [];
  let drops = dropping;
  for (let from = 0; from < bytes.byteLength; ) {
    const end = bytes.indexOf(LF, from) + 1;
    const line = bytes.subarray(from, end);
    from = end;
    const isBreak = line.byteLength === 1 || (line.byteLength === 2 && line[0] === 0x0d);
    if (drops && isBreak) {
      drops = false;
      continue;
    }
    drops = isUsage(line);
    if (!drops) out.push(line);
  }
  return { bytes: Buffer.concat(out), drops };
};

const isUsage = (line: Buffer): boolean => {
  if (!line.includes(MARK) || !line.includes(EMPTY) || !line.subarray(0, 5).equals(DATA)) return false;
  try {
    const { choices, usage } = JSON.parse(line.subarray(5).toString()) as {
      readonly choices?: unknown;
      readonly usage?: unknown;
    };
    return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object' && usage !== null;
  } catch {
    return false;
  }
};

const DATA = Buffer.from('data:');
