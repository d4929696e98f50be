/** The time axis of a trace in cells: even, except where only people were waited for; hours of that take as much room as a word. */

export interface Interval {
  /** Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Axis {
  /** Cells from the left, not rounded. Instants outside of the picture are outside of it here, too. */
  readonly x: (atMs: number) => number;
  readonly cells: number;
  readonly folds: readonly Interval[];
}

/** A wait that is shorter is drawn as it is. The dashboard says the same. */
const FOLDED_FROM_MS = 2_000;
const FOLD_CELLS = 4;
/** The longest ones: more would leave no room for what ran. */
const MOST_FOLDS = 3;

/** `waits`: from `foldable`. */
export const axisOf = ({ fromMs, toMs }: Interval, cells: number, waits: readonly Interval[]): Axis => {
  const folds = longest(waits.filter((wait) => wait.fromMs >= fromMs && wait.toMs <= toMs));
  const foldedMs = folds.reduce((sum, fold) => sum + lengthOf(fold), 0);
  const activeMs = toMs - fromMs - foldedMs;
  const cellMs = activeMs > 0 ? activeMs / (cells - folds.length * FOLD_CELLS) : 1;
  const x = (atMs: number): number => {
    let before = 0;
    let skippedMs = 0;
    for (const fold of folds) {
      if (atMs <= fold.fromMs) break;
      const share = Math.min(1, (atMs - fold.fromMs) / lengthOf(fold));
      before += FOLD_CELLS * share;
      skippedMs += lengthOf(fold) * share;
    }
    return before + (atMs - fromMs - skippedMs) / cellMs;
  };
  return { x, cells, folds };
};

const lengthOf = ({ fromMs, toMs }: Interval): number => toMs - fromMs;

const longest = (waits: readonly Interval[]): readonly Interval[] =>
  waits
    .toSorted((a, b) => lengthOf(b) - lengthOf(a))
    .slice(0, MOST_FOLDS)
    .toSorted((a, b) => a.fromMs - b.fromMs);

/** While people were asked, and nothing else ran. What covers the whole of a wait, such as the root, waits as well. */
export const foldable = (waits: readonly Interval[], spans: readonly Interval[]): readonly Interval[] => {
  const long = waits.filter((wait) => lengthOf(wait) >= FOLDED_FROM_MS).toSorted((a, b) => a.fromMs - b.fromMs);
  const busy = spans.filter((span) => !long.some((wait) => span.fromMs <= wait.fromMs && span.toMs >= wait.toMs));
  return disjoint(long).filter(
    ({ fromMs, toMs }) => !busy.some((span) => span.fromMs < toMs - 1 && span.toMs > fromMs + 1),
  );
};

const disjoint = (sorted: readonly Interval[]): readonly Interval[] => {
  const merged: Interval[] = [];
  for (const { fromMs, toMs } of sorted) {
    const last = merged.at(-1);
    if (last === undefined || fromMs > last.toMs) merged.push({ fromMs, toMs });
    else merged[merged.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) };
  }
  return merged;
};

/** Clocks of nodes differ by a little, so a child may seem to begin before its parent; a bar never leaves its place. */
export const barOf = ({ fromMs, toMs }: Interval, { x, cells, folds }: Axis): string => {
  const length = x(toMs) - x(fromMs);
  const from = Math.min(cells - 1, Math.max(0, Math.floor(x(fromMs))));
  // A hundred-thousandth of a cell: two ways to the same number differ by less.
  const to = from + Math.min(cells - from, Math.max(1, Math.round(length + 1e-5)));
  const mark = length < 0.5 ? '▏' : '█';
  const isFolded = (at: number): boolean => folds.some((fold) => at + 0.5 > x(fold.fromMs) && at + 0.5 < x(fold.toMs));
  const cellAt = (_: unknown, at: number): string => (at < from || at >= to ? ' ' : isFolded(at) ? FOLDED : mark);
  return Array.from({ length: cells }, cellAt).join('');
};

export const FOLDED = '░';
