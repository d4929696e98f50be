/**
 * Takes the count of tokens out of a stream again, where the caller did not ask for it: Airspace asks every provider for it, because
 * it comes with nothing else, and a client that did not ask may stumble over a chunk without choices.
 */
import { Buffer } from 'node:buffer';
import { edited } from '../models/index.ts';

const MARK = Buffer.from('"usage"');
const DATA = Buffer.from('data:');

export const withoutUsage = (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  edited(chunks, { mark: MARK, edit: (line) => (isUsage(line) ? null : line) });

const isUsage = (line: Buffer): boolean => {
  // Every chunk says `"usage":null` there; only one has no choices.
  if (!line.includes('"choices":[]') && !line.includes('"choices": []')) return false;
  if (!line.subarray(0, DATA.byteLength).equals(DATA)) return false;
  try {
    const { choices, usage } = JSON.parse(line.subarray(DATA.byteLength).toString()) as Readonly<
      Record<string, unknown>
    >;
    return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object' && usage !== null;
  } catch {
    return false;
  }
};
