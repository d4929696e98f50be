/** Reads fields of payloads that somebody else wrote: what is not as it should be is refused by its name, never guessed at. */
import { Fault, type FaultCode } from '../contract/index.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Reading {
  fields(value: unknown, where: string): Fields;
  list(value: unknown, where: string): readonly unknown[];
  text(value: unknown, where: string): string;
  /** Undefined and null are absent. */
  maybeText(value: unknown, where: string): string | undefined;
  maybeNumber(value: unknown, where: string): number | undefined;
  /** A document that is written as text. */
  json(value: unknown, where: string): unknown;
}

const reading = (code: FaultCode): Reading => {
  const wrong = (where: string, must: string): Fault =>
    new Fault(code, `\`${where}\` must be ${must}`, { facts: { param: where } });
  const text = (value: unknown, where: string): string => {
    if (typeof value !== 'string') throw wrong(where, 'text');
    return value;
  };
  return {
    text,
    fields: (value, where) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'an object');
      return value as Fields;
    },
    list: (value, where) => {
      if (!Array.isArray(value)) throw wrong(where, 'a list');
      return value;
    },
    maybeText: (value, where) => (value === undefined || value === null ? undefined : text(value, where)),
    maybeNumber: (value, where) => {
      if (value === undefined || value === null) return undefined;
      if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(where, 'a number');
      return value;
    },
    json: (value, where) => {
      const written = text(value, where);
      try {
        return written === '' ? {} : JSON.parse(written);
      } catch {
        throw wrong(where, 'JSON that is written as text');
      }
    },
  };
};

/** Of a caller. */
export const asked = reading('bad_request');
/** Of a target. */
export const answered = reading('upstream_invalid');

/** Fields that are there, say something, and are none of `known`. */
export const others = (fields: Fields, known: ReadonlySet<string>, prefix = ''): readonly string[] =>
  Object.keys(fields)
    .filter((name) => !known.has(name) && !saysNothing(fields[name]))
    .map((name) => `${prefix}${name}`.slice(0, 100));

/** Absent in other words. */
const saysNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Without fields that are not known. */
export const known = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

export const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

const DATA_URL = /^data:([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)?(?:;[a-z0-9=_.-]+)*;base64,([A-Za-z0-9+/]*={0,2})$/i;

/** A file by its URL, which may hold the file itself. */
export const fileAt = (
  url: string,
  otherwise: string,
): { readonly mediaType: string; readonly base64?: string; readonly url?: string } => {
  const [, mediaType, base64] = url.startsWith('data:') ? (DATA_URL.exec(url) ?? []) : [];
  return base64 === undefined ? { mediaType: otherwise, url } : { mediaType: mediaType ?? otherwise, base64 };
};
