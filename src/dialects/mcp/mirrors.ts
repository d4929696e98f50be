/** Headers that repeat what the body of a modern request says, so that whoever is in between needs not open it. */
import { Buffer, isUtf8 } from 'node:buffer';

/** An argument that a tool wants repeated in a header. */
export interface Mirror {
  /** In lower case, with its prefix. */
  readonly header: string;
  readonly path: readonly string[];
}

const PREFIX = 'mcp-param-';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const KINDS = new Set(['string', 'integer', 'boolean']);
const MOST_DEPTH = 16;
const MOST_MIRRORS = 32;

/**
 * From the `inputSchema` of a tool. A string says why the schema is not valid: mirrors are allowed on strings, integers and booleans
 * that only `properties` lead to, each under a name of its own.
 */
export const mirrorsIn = (schema: unknown): readonly Mirror[] | string => {
  const found: Mirror[] = [];
  const problem = collect(schema, [], true, found);
  if (problem !== undefined) return problem;
  if (found.length > MOST_MIRRORS) return `more than ${MOST_MIRRORS} arguments want a header`;
  const names = new Set(found.map(({ header }) => header));
  return names.size < found.length ? 'two arguments want the same header' : found;
};

const collect = (
  schema: unknown,
  path: readonly string[],
  isReachable: boolean,
  into: Mirror[],
): string | undefined => {
  if (typeof schema !== 'object' || schema === null || path.length > MOST_DEPTH) return undefined;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'x-mcp-header') {
      const { type } = schema as { readonly type?: unknown };
      if (!isReachable || path.length === 0) return `\`${path.join('.')}\` cannot be repeated in a header`;
      if (typeof value !== 'string' || !TOKEN.test(value)) return `\`${path.join('.')}\` wants a header that is none`;
      if (typeof type !== 'string' || !KINDS.has(type)) return `\`${path.join('.')}\` is no string, integer or boolean`;
      into.push({ header: PREFIX + value.toLowerCase(), path });
    } else if (key === 'properties' && typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        const problem = collect(inner, [...path, name], isReachable, into);
        if (problem !== undefined) return problem;
      }
    } else if (key !== 'const' && key !== 'enum' && key !== 'default' && key !== 'examples') {
      const problem = collect(value, path, false, into);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
};

/** Names and values in turns. What is absent, null or of another type has no header. */
export const mirrored = (mirrors: readonly Mirror[], args: unknown): readonly string[] =>
  mirrors.flatMap(({ header, path }) => {
    const text = textOf(at(args, path));
    return text === undefined ? [] : [header, fieldValue(text)];
  });

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Readonly<Record<string, unknown>>)[name]
        : undefined,
    value,
  );

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' &&
    Number.isFinite(value) &&
    (!Number.isInteger(value) || Number.isSafeInteger(value))
    ? String(value)
    : undefined;
};

const PLAIN = /^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$/;
const SEALED = /^=\?base64\?(.*)\?=$/;

/** As a header can carry it: what is no plain ASCII goes as base64, marked. */
export const fieldValue = (text: string): string =>
  PLAIN.test(text) && !SEALED.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;

/** The other way round. Undefined: it is marked as base64, and is not exactly that of a text. */
export const fieldText = (value: string): string | undefined => {
  const sealed = SEALED.exec(value)?.[1];
  if (sealed === undefined) return value;
  const bytes = Buffer.from(sealed, 'base64');
  return bytes.toString('base64') === sealed && isUtf8(bytes) ? bytes.toString() : undefined;
};
