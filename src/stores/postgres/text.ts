/** Values on their way to PostgreSQL and back: what SQLite and PostgreSQL do not mean alike is made alike here. */
import pg from 'pg';

/**
 * PostgreSQL's text cannot hold U+0000, and names, keys and reasons may contain anything. It travels as two characters, and the
 * character that begins such a pair as two others. The order of texts stays what it was, so ranges over prefixes hold.
 */
export const toText = (text: string): string =>
  SPECIAL.test(text)
    ? text.replace(ALL_SPECIAL, (found) => (found === '\u0000' ? '\u0001\u0001' : '\u0001\u0002'))
    : text;

export const fromText = (text: string): string =>
  text.includes('\u0001') ? text.replace(PAIRS, (pair) => (pair === '\u0001\u0001' ? '\u0000' : '\u0001')) : text;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these two are what it is about
const SPECIAL = /[\u0000\u0001]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ALL_SPECIAL = /[\u0000\u0001]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const PAIRS = /\u0001[\u0001\u0002]/g;

/** PostgreSQL's numbers for the few types of our tables. */
const BYTEA = 17;
const INT8 = 20;
const TEXT = 25;

/** Throws for a number that JavaScript cannot hold: a wrong one would be worse than none. */
const toInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is more than a number can hold exactly`);
  return value;
};

/** An array of its own, as SQLite gives it, and not a view into a shared buffer. */
const toBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex'));

const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [BYTEA]: toBytes,
  [INT8]: toInteger,
  [TEXT]: fromText,
};

export const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    PARSERS[oid] ?? pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};
