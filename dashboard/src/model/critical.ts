/** The critical path: what the end of a trace waited for, piece by piece. Shorten anything else, and it takes as long as before. */
import type { Span } from './spans.ts';

export type Piece = readonly [fromMs: number, toMs: number];

/** By span. Walks back from each end: the child that ended last before it is what was waited for, and before its start the next one. */
export const criticalPath = (spans: readonly Span[]): ReadonlyMap<string, readonly Piece[]> => {
  const children = Map.groupBy(spans, ({ parent }) => parent);
  const pieces = new Map<string, Piece[]>();
  const walk = (own: string | null, fromMs: number, toMs: number): void => {
    let atMs = toMs;
    const last = (children.get(own) ?? []).toSorted((a, b) => b.toMs - a.toMs);
    for (const child of last) {
      const endMs = Math.min(child.toMs, atMs);
      if (child.fromMs >= endMs || endMs <= fromMs) continue;
      note(own, endMs, atMs);
      open.push({ id: child.id, fromMs: Math.max(fromMs, child.fromMs), toMs: endMs });
      atMs = Math.max(fromMs, child.fromMs);
    }
    note(own, fromMs, atMs);
  };
  const note = (id: string | null, fromMs: number, toMs: number): void => {
    if (id === null || toMs <= fromMs) return;
    const known = pieces.get(id);
    if (known === undefined) pieces.set(id, [[fromMs, toMs]]);
    else known.push([fromMs, toMs]);
  };
  const open: { id: string; fromMs: number; toMs: number }[] = [];
  if (spans.length > 0)
    walk(null, Math.min(...spans.map(({ fromMs }) => fromMs)), Math.max(...spans.map(({ toMs }) => toMs)));
  for (let next = open.pop(); next !== undefined; next = open.pop()) walk(next.id, next.fromMs, next.toMs);
  return pieces;
};
