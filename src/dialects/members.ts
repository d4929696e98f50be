/**
 * Members of the outermost object of a JSON text, found without building it: what passes through keeps every byte but those of the
 * members that are replaced.
 */
import { Buffer } from 'node:buffer';

/** Where its value stands. */
interface Place {
  readonly from: number;
  readonly to: number;
}

export type Members = ReadonlyMap<string, Place>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Undefined when it is no object. The text must be valid JSON: what is not is found by whoever parses it, not here. */
export const membersIn = (bytes: Uint8Array): Members | undefined => {
  const members = new Map<string, Place>();
  let at = spaceAfter(bytes, 0);
  if (bytes[at] !== OPEN) return undefined;
  at = spaceAfter(bytes, at + 1);
  while (at < bytes.length && bytes[at] !== CLOSE) {
    const named = endOfString(bytes, at);
    const from = spaceAfter(bytes, spaceAfter(bytes, named) + 1);
    if (bytes[at] !== QUOTE || bytes[spaceAfter(bytes, named)] !== COLON) return undefined;
    const to = endOfValue(bytes, from);
    members.set(nameOf(view(bytes).subarray(at, named)), { from, to });
    at = spaceAfter(bytes, to);
    if (bytes[at] === COMMA) at = spaceAfter(bytes, at + 1);
    else if (bytes[at] !== CLOSE) return undefined;
  }
  return at < bytes.length ? members : undefined;
};

/** Undefined when it is not there. Throws SyntaxError. */
export const memberIn = (bytes: Uint8Array, members: Members, name: string): unknown => {
  const place = members.get(name);
  return place === undefined ? undefined : JSON.parse(view(bytes).subarray(place.from, place.to).toString());
};

/** The same text with other values; what is not there yet comes first. The same bytes when nothing changes. */
export const withMembers = (
  bytes: Uint8Array,
  members: Members,
  changes: Readonly<Record<string, unknown>>,
): Uint8Array => {
  const all = view(bytes);
  const added: string[] = [];
  const replaced: { readonly place: Place; readonly text: string }[] = [];
  for (const [name, value] of Object.entries(changes)) {
    const place = members.get(name);
    const text = JSON.stringify(value);
    if (place === undefined) added.push(`${JSON.stringify(name)}:${text}`);
    else if (all.subarray(place.from, place.to).toString() !== text) replaced.push({ place, text });
  }
  if (added.length === 0 && replaced.length === 0) return bytes;
  const open = spaceAfter(bytes, 0) + 1;
  const parts: Buffer[] = [all.subarray(0, open)];
  if (added.length > 0) parts.push(Buffer.from(`${added.join(',')}${members.size > 0 ? ',' : ''}`));
  let at = open;
  for (const { place, text } of replaced.sort((a, b) => a.place.from - b.place.from)) {
    parts.push(all.subarray(at, place.from), Buffer.from(text));
    at = place.to;
  }
  parts.push(all.subarray(at));
  return Buffer.concat(parts);
};

const nameOf = (text: Buffer): string => {
  try {
    return JSON.parse(text.toString()) as string;
  } catch {
    return '';
  }
};

const spaceAfter = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
};

/** Behind the closing quote. */
const endOfString = (bytes: Uint8Array, from: number): number => {
  for (let at = bytes.indexOf(QUOTE, from + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return bytes.length;
};

const endOfValue = (bytes: Uint8Array, from: number): number => {
  let depth = 0;
  for (let at = from; at < bytes.length; ) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09))
      return at;
    at++;
  }
  return bytes.length;
};
