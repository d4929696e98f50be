/** The time axis of a trace: even, except where only people were waited for; minutes of that take as much room as a word. */
import type { Span } from './spans.ts';

export interface Scale {
  /** Pixels from the left, of an instant in Unix ms. */
  readonly x: (atMs: number) => number;
  readonly ticks: readonly { readonly x: number; readonly afterMs: number }[];
  readonly folds: readonly { readonly x: number; readonly width: number; readonly lastedMs: number }[];
}

/** A wait that is shorter is drawn as it is. */
const FOLDED_FROM_MS = 2_000;
const FOLD_PX = 56;
const TICK_PX = 64;
const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
  21_600_000, 86_400_000,
];

/** `width`: pixels of the whole axis. */
export const scaleOf = (spans: readonly Span[], width: number, isFolding: boolean): Scale => {
  if (spans.length === 0) return { x: () => 0, ticks: [], folds: [] };
  const fromMs = Math.min(...spans.map((span) => span.fromMs));
  const toMs = Math.max(...spans.map((span) => span.toMs));
  const waits = isFolding ? idleWaits(spans) : [];
  const waitedMs = waits.reduce((sum, [from, to]) => sum + to - from, 0);
  const room = Math.max(1, width - waits.length * FOLD_PX);
  const perMs = room / Math.max(0.001, toMs - fromMs - waitedMs);
  const x = (atMs: number): number => {
    let px = 0;
    let sinceMs = fromMs;
    for (const [from, to] of waits) {
      if (atMs <= from) break;
      px += (from - sinceMs) * perMs;
      if (atMs < to) return px + ((atMs - from) / (to - from)) * FOLD_PX;
      px += FOLD_PX;
      sinceMs = to;
    }
    return px + (atMs - sinceMs) * perMs;
  };
  const step = STEPS.find((ms) => ms * perMs >= TICK_PX) ?? 7 * 86_400_000;
  const most = Math.ceil(width / TICK_PX) + waits.length + 1;
  const ticks = ticksOf({ fromMs, toMs, step, waits, most }).map((afterMs) => ({ afterMs, x: x(fromMs + afterMs) }));
  return { x, ticks, folds: waits.map(([from, to]) => ({ x: x(from), width: x(to) - x(from), lastedMs: to - from })) };
};

interface Ticking {
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: number;
  readonly waits: readonly (readonly [number, number])[];
  readonly most: number;
}

/** Milliseconds after the beginning. Over a fold it goes on behind it, so that days of waiting cost no time here either. */
const ticksOf = ({ fromMs, toMs, step, waits, most }: Ticking): readonly number[] => {
  const ticks: number[] = [];
  for (let after = 0; fromMs + after <= toMs && ticks.length < most; after += step) {
    const wait = waits.find(([from, to]) => fromMs + after > from - step * 0.2 && fromMs + after < to + step * 0.3);
    if (wait === undefined) ticks.push(after);
    else after = Math.max(after, Math.floor((wait[1] - fromMs) / step) * step);
  }
  return ticks;
};

/** While people were asked, and nothing else ran. Other spans that cover all of it, such as the root, wait as well. */
const idleWaits = (spans: readonly Span[]): readonly (readonly [number, number])[] => {
  const waits = spans
    .filter(({ verb, fromMs, toMs }) => verb === 'approval' && toMs - fromMs >= FOLDED_FROM_MS)
    .map(({ fromMs, toMs }) => [fromMs, toMs] as const)
    .sort((a, b) => a[0] - b[0]);
  const busy = spans
    .filter(({ verb }) => verb !== 'approval')
    .filter(({ fromMs, toMs }) => !waits.some(([from, to]) => fromMs <= from && toMs >= to));
  return disjoint(waits).filter(([from, to]) => !busy.some(({ fromMs, toMs }) => fromMs < to - 1 && toMs > from + 1));
};

const disjoint = (sorted: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] => {
  const merged: (readonly [number, number])[] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
    else merged.push([from, to]);
  }
  return merged;
};
