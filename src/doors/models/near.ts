/** Names that a mistyped one may mean: those that share most pairs of letters with it. */

const MOST = 5;
const MOST_NAMES = 1_000;

/** The nearest first, and none that has little in common with it; where nothing is near, the first ones. */
export const near = (name: string, known: readonly string[]): readonly string[] => {
  const wanted = pairsOf(name.slice(0, 200).toLowerCase());
  const ranked = known
    .slice(0, MOST_NAMES)
    .map((one) => ({ one, likeness: likeness(wanted, pairsOf(one.toLowerCase())) }))
    .sort((a, b) => b.likeness - a.likeness);
  const alike = ranked.filter((each) => each.likeness > 0.3);
  return (alike.length > 0 ? alike : ranked).slice(0, MOST).map(({ one }) => one);
};

const pairsOf = (text: string): ReadonlySet<string> => {
  const padded = ` ${text} `;
  return new Set(Array.from({ length: padded.length - 1 }, (_, at) => padded.slice(at, at + 2)));
};

/** Dice's coefficient. */
const likeness = (a: ReadonlySet<string>, b: ReadonlySet<string>): number =>
  (2 * [...a].filter((pair) => b.has(pair)).length) / (a.size + b.size);
