/** When a tree has grown enough: each limit, and the refusal that names it and shows the way. Pure. */
import { Fault, type TreeLimits } from '../contract/index.ts';
import { bounces, chainOf, repeats } from './chain.ts';
import type { Root } from './roots.ts';
import type { Place } from './told.ts';

export interface Growing {
  readonly place: Place;
  /** The same with the names of what is called. */
  readonly agent: string | undefined;
  readonly limits: TreeLimits;
  /** What was seen before this call. */
  readonly root: Root;
  /** Trees that the root stands for: 1, and more for an agent that mixes several. */
  readonly trees: number;
  /** The parent is known, and not one of several. */
  readonly exact: boolean;
  readonly nowMs: number;
}

/** Throws `loop_detected` with the facts `code`, `limit`, `root` and `chain`. */
export const throwIfGrown = (growing: Growing): void => {
  const { place, agent, limits, root, trees, exact, nowMs } = growing;
  const { depth, parent } = place.lineage;
  const { tree } = place;
  if (nowMs >= tree.endsAtMs) throw tooMuch(place, 'wallMs', limits.wallMs, 'has used up its time');
  if (depth > limits.depth)
    throw tooMuch(place, 'depth', limits.depth, `is ${depth} calls deep and ${limits.depth} are allowed`);
  if (repeats(tree)) throw tooMuch(place, 'cycle', 0, 'goes in a circle: the same caller asks the same again');
  if (bounces(tree) > limits.pingPong)
    throw tooMuch(place, 'pingPong', limits.pingPong, `goes back and forth more than ${limits.pingPong} times`);
  const calls = Math.max(root.calls + 1, tree.calls);
  if (calls > limits.calls * trees)
    throw tooMuch(place, 'calls', limits.calls, `has had its ${limits.calls * trees} calls`);
  if (agent !== undefined && !root.agents.has(agent) && root.agents.size >= limits.agents * trees)
    throw tooMuch(place, 'agents', limits.agents, `has called ${limits.agents * trees} different agents already`);
  if (exact && parent !== undefined && (root.children.get(parent) ?? 0) >= limits.fanOut)
    throw tooMuch(place, 'fanOut', limits.fanOut, `may have ${limits.fanOut} calls made by one call`);
};

/** `TREE_FAN_OUT` of `fanOut`. */
const codeOf = (limit: string): string => `TREE_${limit.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

const tooMuch = ({ lineage, tree }: Place, limit: keyof TreeLimits | 'cycle', allowed: number, says: string): Fault => {
  const chain = chainOf(tree);
  return new Fault('loop_detected', `call tree \`${lineage.root}\` ${says}: ${chain.join(' -> ')}`, {
    facts: { code: codeOf(limit), limit, allowed, root: lineage.root, chain },
  });
};

/** Counts a call that may go on. */
export const grow = ({ place, agent, root, exact }: Growing): number => {
  const { parent } = place.lineage;
  root.calls = Math.max(root.calls + 1, place.tree.calls);
  if (agent !== undefined) root.agents.add(agent);
  if (exact && parent !== undefined) root.children.set(parent, (root.children.get(parent) ?? 0) + 1);
  return root.calls;
};
