/** "Did you mean": the known name that a misspelt one most likely stands for. */

/** Undefined when nothing is near: a third of the letters may differ, two in short names. */
export const nearest = (word: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of known) {
    // Lengths alone already tell that it is too far, and names from hostile texts may be long.
    if (Math.abs(name.length - word.length) >= least) continue;
    const apart = distance(word, name);
    if (apart < least) [best, least] = [name, apart];
  }
  return best;
};

/** The same, where no other name is as near: only then is a correction more than a guess. */
export const onlyNearest = (word: string, known: Iterable<string>): string | undefined => {
  const names = new Set(known);
  const best = nearest(word, names);
  if (best === undefined) return undefined;
  const least = distance(word, best);
  const others = [...names].filter((name) => name !== best && Math.abs(name.length - word.length) <= least);
  return others.some((name) => distance(word, name) === least) ? undefined : best;
};

/** Levenshtein's distance, one row at a time. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};
