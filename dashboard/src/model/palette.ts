/** What the palette finds: every word must be there, and what begins with them comes first. */

export interface Findable {
  readonly label: string;
  /** `agent`, `screen`, `do`, ... */
  readonly kind: string;
  readonly hint: string;
}

const BEGINS = 0;
const BEGINS_A_WORD = 1;
const HAS = 2;

/** In the order of how well they fit; among those alike, as they came. */
export const foundIn = <T extends Findable>(entries: readonly T[], asked: string, most: number): readonly T[] => {
  const words = asked
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return entries.slice(0, most);
  return entries
    .flatMap((entry) => {
      const rank = rankOf(entry, words);
      return rank === undefined ? [] : [{ entry, rank }];
    })
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ entry }) => entry);
};

const rankOf = ({ label, kind, hint }: Findable, words: readonly string[]): number | undefined => {
  const name = label.toLowerCase();
  const all = `${name} ${kind} ${hint.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return undefined;
  const ranks = words.map((word): number => {
    if (name.startsWith(word)) return BEGINS;
    const at = name.indexOf(word);
    return at > 0 && /[^a-z0-9]/.test(name[at - 1]!) ? BEGINS_A_WORD : HAS;
  });
  return ranks.reduce((sum, rank) => sum + rank, 0);
};

/** Digits of a call or a trace, as lists show them; undefined for anything else. */
export const requestIn = (asked: string): string | undefined =>
  /^[0-9a-f]{8,32}$/.test(asked.trim().toLowerCase()) ? asked.trim().toLowerCase() : undefined;
