/**
 * Puts two trees of calls beside each other. Below calls that belong together, calls of the same target and operation belong together in
 * the order in which they began; of what is left, those of the same kind and operation, because another one did the work. Pure.
 */
import { type CallNode, callTree } from './call-tree.ts';
import type { ComparedCall, ComparedRow, ComparedTree, Comparison, Difference } from './comparison.ts';
import type { CallEvent } from './event.ts';

/** Records of one trace each, in any order, from any number of nodes; at least one each. */
export const compareTrees = (a: readonly CallEvent[], b: readonly CallEvent[]): Comparison => {
  const [treeA, treeB] = [callTree(a), callTree(b)];
  return { a: totalsOf(treeA, a), b: totalsOf(treeB, b), rows: rowsOf(treeA, treeB) };
};

const totalsOf = (roots: readonly CallNode[], events: readonly CallEvent[]): ComparedTree => {
  const calls = callsOf(roots);
  const priced = calls.flatMap(({ costMicros }) => (costMicros === null ? [] : [costMicros]));
  return {
    trace: events[0]?.trace ?? '',
    startedAtMs: events.reduce((least, { startedAtMs }) => Math.min(least, startedAtMs), Number.POSITIVE_INFINITY),
    durationMs: calls.reduce((most, { offsetMs, durationMs }) => Math.max(most, offsetMs + durationMs), 0),
    waitedMs: calls.reduce((sum, { waitedMs }) => sum + waitedMs, 0),
    calls: calls.length,
    tokens: calls.reduce((sum, { tokens }) => sum + tokens, 0),
    costMicros: priced.length === 0 ? null : priced.reduce((sum, micros) => sum + micros, 0),
    isWhole: events.some(({ lineage }) => lineage.depth === 0),
  };
};

/** Not by calling itself: a tree may be deeper than a stack. */
const callsOf = (roots: readonly CallNode[]): readonly ComparedCall[] => {
  const found: ComparedCall[] = [];
  const open = [...roots];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next.call);
    open.push(...next.below);
  }
  return found;
};

interface Pair {
  readonly a: CallNode | null;
  readonly b: CallNode | null;
}

const rowsOf = (a: readonly CallNode[], b: readonly CallNode[]): readonly ComparedRow[] => {
  const rows: ComparedRow[] = [];
  const open = beside(a, b)
    .map((pair) => ({ pair, depth: 0, parent: null as number | null }))
    .reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { pair, depth, parent } = next;
    const at = rows.length;
    rows.push({ depth, parent, a: pair.a?.call ?? null, b: pair.b?.call ?? null, differs: differencesOf(pair) });
    for (const below of beside(pair.a?.below ?? [], pair.b?.below ?? []).reverse())
      open.push({ pair: below, depth: depth + 1, parent: at });
  }
  return rows;
};

/** In the order of `a`; what is in `b` only stands before what comes after it there. */
const beside = (a: readonly CallNode[], b: readonly CallNode[]): Pair[] => {
  const partners = partnersOf(a, b);
  const taken = new Set(partners.values());
  const rest = b.filter((node) => !taken.has(node));
  const places = new Map(b.map((node, at) => [node, at]));
  const pairs: Pair[] = [];
  for (const node of a) {
    const partner = partners.get(node) ?? null;
    const place = partner === null ? -1 : places.get(partner)!;
    while (rest[0] !== undefined && places.get(rest[0])! < place) pairs.push({ a: null, b: rest.shift()! });
    pairs.push({ a: node, b: partner });
  }
  return [...pairs, ...rest.map((node) => ({ a: null, b: node }))];
};

const partnersOf = (a: readonly CallNode[], b: readonly CallNode[]): ReadonlyMap<CallNode, CallNode> => {
  const partners = new Map<CallNode, CallNode>();
  const taken = new Set<CallNode>();
  for (const keyOf of [exactly, asWork]) {
    const waiting = Map.groupBy(
      b.filter((node) => !taken.has(node)),
      keyOf,
    );
    for (const node of a) {
      const partner = partners.has(node) ? undefined : waiting.get(keyOf(node))?.shift();
      if (partner === undefined) continue;
      partners.set(node, partner);
      taken.add(partner);
    }
  }
  return partners;
};

const exactly = ({ call }: CallNode): string => call.target;
const asWork = ({ call: { target } }: CallNode): string =>
  `${target.slice(0, target.indexOf('/'))}${target.slice(target.lastIndexOf('/'))}`;

const differencesOf = ({ a, b }: Pair): readonly Difference[] => {
  if (a === null || b === null) return ['only one'];
  return COMPARED.filter(([, isOther]) => isOther(a.call, b.call)).map(([name]) => name);
};

type IsOther = (a: ComparedCall, b: ComparedCall) => boolean;

const by =
  (of: (call: ComparedCall) => unknown): IsOther =>
  (a, b) =>
    JSON.stringify(of(a)) !== JSON.stringify(of(b));

/** No two calls last the same: less than this says nothing. */
const LEAST_MS = 20;
const LEAST_SHARE = 0.25;

const lastsOther: IsOther = (a, b) => {
  const [short, long] = [a, b].map(({ durationMs, waitedMs }) => durationMs - waitedMs).sort((x, y) => x - y);
  return long! - short! > Math.max(LEAST_MS, short! * LEAST_SHARE);
};

/** A way is told by the parts that nodes play: which of several sidecars or hubs it was is chance. */
const wayOf = ({ nodes }: ComparedCall): readonly string[] => nodes.map((node) => node.slice(0, node.indexOf(' ')));

const COMPARED: readonly (readonly [Difference, IsOther])[] = [
  ['target', by(({ target }) => target)],
  ['outcome', by(({ status, code }) => [status, code])],
  ['decision', by(({ effects, rules }) => [effects, rules])],
  ['policy', by(({ policies }) => policies)],
  ['endpoint', by(({ endpoint }) => endpoint)],
  ['way', by(wayOf)],
  ['attempts', by(({ attempts }) => attempts)],
  ['duration', lastsOther],
  ['tokens', by(({ tokens }) => tokens)],
  ['cost', by(({ costMicros }) => costMicros)],
];
