/** Which entries somebody means: every constraint must hold, and of the words at least one must be somewhere. */
import { Fault } from '../../contract/index.ts';
import { vocabularyOf, wordsIn } from './vocabulary.ts';
import type { Entry } from './words.ts';

export type Filter = Readonly<Record<string, string | readonly string[]>>;

export interface Query {
  readonly text?: string | undefined;
  readonly filter?: Filter | undefined;
}

export interface Scored {
  readonly entry: Entry;
  /** 0 to 100, of what was asked for; without words 100. It says nothing about trust. */
  readonly score: number;
}

/** The best first, and the same order for the same question. */
export const matching = (entries: readonly Entry[], { text = '', filter = {} }: Query): readonly Scored[] => {
  const words = wordsOf(text);
  return entries
    .filter((entry) => fits(entry, filter))
    .map((entry) => ({ entry, score: words.length === 0 ? 100 : scoreOf(entry, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.entry.identifier < b.entry.identifier ? -1 : 1));
};

const fits = (entry: Entry, filter: Filter): boolean =>
  Object.entries(filter).every(([field, wanted]) => {
    const values = valuesOf(entry, field);
    return [wanted].flat().some((one) => values.includes(one));
  });

const PLAIN = ['identifier', 'displayName', 'type', 'url', 'description', 'tags', 'capabilities'] as const;

/** What an entry has under a name. Throws `bad_request` for a name that no entry has. */
export const valuesOf = (entry: Entry, field: string): readonly string[] => {
  if (field === 'publisher') return [entry.identifier.split(':')[2] ?? ''];
  const plain = PLAIN.find((name) => name === field);
  if (plain !== undefined) return [entry[plain] ?? []].flat();
  const [, inside] = /^metadata\.(kind|domain)$/.exec(field) ?? [];
  if (inside === undefined)
    throw new Fault(
      'bad_request',
      `entries have no field \`${field.slice(0, 80)}\`; there is publisher, ${PLAIN.join(', ')}, metadata.kind and metadata.domain`,
    );
  const value = entry.metadata?.[inside];
  return value === undefined ? [] : [value];
};

const MOST_WORDS = 20;

/** As people write them; what says nothing about a thing counts nothing. */
const EMPTY_WORDS = new Set(
  'a an and any are by can do find for i in is it me my need of on or that the to want what which with'.split(' '),
);

const wordsOf = (text: string): readonly string[] => [
  ...new Set(
    wordsIn(text)
      .filter((word) => !EMPTY_WORDS.has(word))
      .slice(0, MOST_WORDS),
  ),
];

const WEAK = 0.6;

const scoreOf = (entry: Entry, words: readonly string[]): number => {
  const { strong, weak } = vocabularyOf(entry);
  const sum = words.reduce((total, word) => total + (weightIn(strong, word) || WEAK * weightIn(weak, word)), 0);
  return Math.round((100 * sum) / words.length);
};

/** `orders` is found for `order`. */
const weightIn = (words: ReadonlySet<string>, word: string): number => {
  if (words.has(word)) return 1;
  const near = word.length > 2 && (words.has(`${word}s`) || (word.endsWith('s') && words.has(word.slice(0, -1))));
  return near ? 0.8 : 0;
};
