/** Decides whether a reply says the same as the recorded one, so that a replay can be counted and its differences shown. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonReply } from './desk.ts';

/**
 * `same`: equal JSON, or equal text. `renamed`: equal but for a field that the published database and the recordings spell
 * differently (see `recordedNames`). `different`: anything else, with a short account of the first place.
 */
export type Agreement =
  | { readonly verdict: 'same' }
  | { readonly verdict: 'renamed' }
  | { readonly verdict: 'different'; readonly difference: string };

/**
 * Recorded name to the database's name. The conversations were recorded on an earlier edition of the database, in which an
 * address had a `province`; the edition that comes with them says `state`. The values are the same, and the desk serves the
 * edition it is given. Counted apart, never hidden in `same`.
 */
const recordedNames: ReadonlyMap<string, string> = new Map([['province', 'state']]);

export const compareReplies = (recorded: string, actual: string): Agreement => {
  const [wanted, got] = [meaning(recorded), meaning(actual)];
  if (isDeepStrictEqual(wanted, got)) return { verdict: 'same' };
  if (isDeepStrictEqual(renamed(wanted), got)) return { verdict: 'renamed' };
  return { verdict: 'different', difference: firstDifference(renamed(wanted), got, 'reply') };
};

const meaning = (reply: string): unknown => {
  if (!isJsonReply(reply)) return reply;
  try {
    return JSON.parse(reply);
  } catch {
    return reply;
  }
};

const renamed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [recordedNames.get(key) ?? key, renamed(part)]));
};

const firstDifference = (wanted: unknown, got: unknown, where: string): string => {
  if (!isContainer(wanted) || !isContainer(got)) return `${where}: recorded ${short(wanted)}, now ${short(got)}`;
  const keys = new Set([...Object.keys(wanted), ...Object.keys(got)]);
  const key = [...keys].find((candidate) => !isDeepStrictEqual(wanted[candidate], got[candidate]));
  return key === undefined
    ? `${where}: recorded ${short(wanted)}, now ${short(got)}`
    : firstDifference(wanted[key], got[key], `${where}.${key}`);
};

const isContainer = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const short = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
};
