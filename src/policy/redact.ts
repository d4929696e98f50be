/** Takes fields out of JSON, named by JSON pointers (RFC 6901), without touching what the rest means. */

/** What stands where something was taken out. */
export const REDACTED = '[redacted]';

/** A pointer to a field; the whole document (the empty pointer) is none, and what comes after `~` is `0` or `1`. */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;

export const isPointer = (text: string): boolean => POINTER.test(text);

/** Replaces in place what is there, whatever it is; what is not there stays away. Returns the tree. */
export const redact = (json: unknown, pointers: readonly string[]): unknown => {
  for (const pointer of pointers) redactOne(json, pointer.slice(1).split('/').map(unescaped));
  return json;
};

const unescaped = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~');

const redactOne = (json: unknown, path: readonly string[]): void => {
  const last = path.at(-1) ?? '';
  const holder = path.slice(0, -1).reduce(fieldOf, json);
  if (hasField(holder, last)) holder[last] = REDACTED; // its own field, so `__proto__` is a name like any other
};

const fieldOf = (holder: unknown, name: string): unknown => (hasField(holder, name) ? holder[name] : undefined);

/** Elements of arrays by their index, `length` not. */
const hasField = (holder: unknown, name: string): holder is Record<string, unknown> =>
  typeof holder === 'object' &&
  holder !== null &&
  Object.hasOwn(holder, name) &&
  (!Array.isArray(holder) || /^(?:0|[1-9]\d*)$/.test(name));
