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
