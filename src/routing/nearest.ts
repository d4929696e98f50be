/** Finds the known name that a mistyped one most likely meant, at a cost that a hostile name cannot drive up. */

const MAX_EDITS = 2;
const MAX_NAMES = 1000;

/** The known name within two edits, the closest first, ties in the order given. Looks at the first 1,000 names only. */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined;
  let limit = MAX_EDITS;
  let looked = 0;
  for (const candidate of known) {
    if (++looked > MAX_NAMES || limit < 0) break;
    const edits = editsUpTo(name, candidate, limit);
    if (edits > limit) continue;
    best = candidate;
    limit = edits - 1;
  }
  return best;
};

/** Levenshtein distance; gives up, answering more than `limit`, once no alignment can stay within it. */
const editsUpTo = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > limit) return limit + 1;
    row = next;
  }
  return row[b.length] ?? limit + 1;
};
