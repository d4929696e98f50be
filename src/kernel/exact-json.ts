/** JSON that is read, changed and written again: numbers keep their digits, so that an id of 20 digits goes on as it came. */
import { Buffer } from 'node:buffer';

interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}
const { parse, rawJSON, isRawJSON } = JSON as unknown as ExactJson;

/** Throws SyntaxError. Treat what it answers as a tree to change and to write with `bytesOf`. */
export const exactJson = (bytes: Uint8Array): unknown =>
  parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(), (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value,
  );

/** A number of a tree, however it was written. */
export const numberIn = (value: unknown): number | undefined =>
  isRawJSON(value) ? Number(value.rawJSON) : typeof value === 'number' ? value : undefined;

export const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

/** Cheap, and true for every text that has such a number. */
const SUSPECT = /\d{16}|\d[.eE]|\.\d{16}/;

/** The first number that is another one when it is read as a double, shortened; undefined: there is none. Throws SyntaxError. */
export const numberLostIn = (text: string): string | undefined => {
  if (!SUSPECT.test(text)) return undefined;
  let found: string | undefined;
  parse(text, (_key, value, { source }) => {
    if (typeof value === 'number' && source !== undefined && found === undefined && isAnother(value, source))
      found = source.length > 40 ? `${source.slice(0, 40)}…` : source;
    return value;
  });
  return found;
};

/** A double tells numbers of 15 digits apart; one with more is what it says when it is written as doubles are. */
const isAnother = (value: number, source: string): boolean => {
  if (!Number.isFinite(value)) return true;
  const [mantissa = ''] = source.split(/[eE]/);
  const digits = mantissa.replace(/[-.]/g, '').replace(/^0+/, '');
  if (value === 0) return digits !== '';
  const significant = mantissa.includes('.') ? digits.replace(/0+$/, '') : digits;
  return significant.length > 15 && String(value) !== source;
};
