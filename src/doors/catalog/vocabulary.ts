/** The words by which an entry is found, taken apart once for each target: a search over thousands must not stop everybody else. */
import type { TargetEntry } from '../../contract/index.ts';
import type { Entry } from './words.ts';

export interface Vocabulary {
  /** What it is called and what it can do. */
  readonly strong: ReadonlySet<string>;
  /** What is told about it. */
  readonly weak: ReadonlySet<string>;
}

export const wordsIn = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Strangers see fewer of the same target. Both end with the configuration that they are of. */
const ofKnown = new WeakMap<TargetEntry, Vocabulary>();
const ofStrangers = new WeakMap<TargetEntry, Vocabulary>();
const ofEntries = new WeakMap<Entry, Vocabulary>();

/** Says of which target the entry is. */
export const isOf = (entry: Entry, target: TargetEntry, isKnown: boolean): Entry => {
  const kept = isKnown ? ofKnown : ofStrangers;
  let words = kept.get(target);
  if (words === undefined) {
    words = readFrom(entry);
    kept.set(target, words);
  }
  ofEntries.set(entry, words);
  return entry;
};

export const vocabularyOf = (entry: Entry): Vocabulary => ofEntries.get(entry) ?? readFrom(entry);

/** Nothing of it depends on the address at which somebody asked. */
const readFrom = ({
  displayName,
  capabilities = [],
  tags = [],
  description = '',
  representativeQueries = [],
}: Entry) => ({
  strong: new Set([displayName, ...capabilities, ...tags].flatMap(wordsIn)),
  weak: new Set([description, ...representativeQueries].flatMap(wordsIn)),
});
