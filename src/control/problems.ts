/** Everything that is wrong with a configuration, said at once: people fix files in one go, not error by error. */
import { Fault, type FaultCode } from '../contract/index.ts';

const MOST = 100;

/** Throws one fault, `bad_request` unless told otherwise, when there are problems. The message begins with the first, fact `problems` carries all (at most 100). */
export const refuseIfAny = (problems: readonly string[], code: FaultCode = 'bad_request'): void => {
  const [first] = problems;
  if (first === undefined) return;
  const others = problems.length - 1;
  const message = others === 0 ? first : `${first} (and ${others} more ${others === 1 ? 'problem' : 'problems'})`;
  throw new Fault(code, message, { facts: { count: problems.length, problems: problems.slice(0, MOST) } });
};

/** A value from a file in one short line, without control characters: what people see must be what they wrote, and nothing else. */
export const show = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return '`null`';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return quote(String(value));
};

const LONGEST_QUOTE = 80;

/** Text in backticks, cut and cleaned. */
export const quote = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must not reach a terminal or a log.
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f`\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
  return clean.length > LONGEST_QUOTE ? `\`${clean.slice(0, LONGEST_QUOTE)}…\`` : `\`${clean}\``;
};

/** `, did you mean ...?` when one of the words is close enough to be a slip of the finger; empty otherwise. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const [best] = nearTo(word, known);
  return best === undefined ? '' : `, did you mean \`${best.candidate}\`?`;
};

/** The word that is meant, when one is close enough and no other is as close. */
export const onlyNear = (word: string, known: readonly string[]): string | undefined => {
  const [best, next] = nearTo(word, known);
  return next?.apart === best?.apart ? undefined : best?.candidate;
};

/** Those that are close enough, the closest first. */
const nearTo = (word: string, known: readonly string[]): { readonly candidate: string; readonly apart: number }[] => {
  if (word.length > 64) return [];
  const wanted = word.toLowerCase();
  const most = Math.max(1, Math.floor(wanted.length / 3));
  return known
    .map((candidate) => ({ candidate, apart: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ apart }) => apart <= most)
    .sort((a, b) => a.apart - b.apart);
};

/** Edits (insert, delete, replace, swap of neighbours) between two short words. */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
};

/** `spec.endpoints[0].url` */
export const dotted = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
