/** A part of a trace: spans that are long enough, calls of one kind, and always what led to them. */
import type { TargetKind } from '../../contract/index.ts';
import type { CallNode, SpanNode, StepNode, TreeNode } from './tree.ts';

export interface Wanted {
  /** What is shorter is left out. */
  readonly minMs?: number;
  /** Calls of other kinds are left out, and what agents say. */
  readonly kind?: TargetKind;
}

/** What led to something that is wanted stays, so each tree keeps its form. */
export const sifted = (nodes: readonly TreeNode[], wanted: Wanted): readonly TreeNode[] =>
  nodes.flatMap((node) => ('said' in node ? ofSpan(node, wanted) : ofCall(node, wanted)));

const isLong = (durationMs: number, { minMs = 0 }: Wanted): boolean => durationMs >= minMs;

/** How a task came out has no length. */
const ofSpan = (node: SpanNode, wanted: Wanted): readonly TreeNode[] => {
  const { outcome, durationMs } = node.said;
  const below = sifted(node.below, wanted);
  const isWanted = wanted.kind === undefined && (outcome !== undefined || isLong(durationMs, wanted));
  return isWanted || below.length > 0 ? [{ ...node, below }] : [];
};

const ofCall = (node: CallNode, wanted: Wanted): readonly TreeNode[] => {
  const isOfKind = wanted.kind === undefined || node.event.target.kind === wanted.kind;
  const steps = node.steps.flatMap((step) => ofStep(step, wanted, isOfKind));
  const below = sifted(node.below, wanted);
  const isWanted = isOfKind && isLong(node.event.durationMs, wanted);
  return isWanted || steps.length > 0 || below.length > 0 ? [{ ...node, steps, below }] : [];
};

/** A step is of the kind of its call. */
const ofStep = (node: StepNode, wanted: Wanted, isOfKind: boolean): readonly StepNode[] => {
  const steps = node.steps.flatMap((step) => ofStep(step, wanted, isOfKind));
  const below = sifted(node.below, wanted);
  const isWanted = isOfKind && isLong(node.step.durationMs, wanted);
  return isWanted || steps.length > 0 || below.length > 0 ? [{ ...node, steps, below }] : [];
};

/** Calls, their steps, and what agents say. */
export const sizeOf = (nodes: readonly TreeNode[]): number => {
  let size = 0;
  const open: (TreeNode | StepNode)[] = [...nodes];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    size += 1;
    for (const one of node.below) open.push(one);
    if ('steps' in node) for (const one of node.steps) open.push(one);
  }
  return size;
};
