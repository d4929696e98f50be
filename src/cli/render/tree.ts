/**
 * Joins what was said about a trace into one tree: each call stands under the step, the call, or the span of its caller that it came from.
 * What nodes saw is the frame; what agents say of themselves hangs in it and moves nothing.
 */
import type { AgentSpan, CallEvent, StepEvent } from '../../contract/index.ts';

export interface CallNode {
  readonly event: CallEvent;
  /** Steps in order; those that led to another node carry what that node said. */
  readonly steps: readonly StepNode[];
  /** Came from this one itself, not from one of its steps. */
  readonly below: readonly TreeNode[];
}

export interface StepNode {
  readonly step: StepEvent;
  /** What an attempt consisted of. */
  readonly steps: readonly StepNode[];
  readonly below: readonly TreeNode[];
}

export interface SpanNode {
  readonly said: AgentSpan;
  readonly below: readonly TreeNode[];
}

export type TreeNode = CallNode | SpanNode;

/** Deeper spans of agents stand beside their parents: nobody reads further to the right, and drawing must end. */
const DEEPEST_SAID = 32;

type Part = CallEvent | AgentSpan;

const isCall = (part: Part): part is CallEvent => 'steps' in part;

/** Roots by start time. What has a parent that nobody reported is a root: a part of a trace is better than none. */
export const treeOf = (events: readonly CallEvent[], said: readonly AgentSpan[] = []): readonly TreeNode[] => {
  const calls = unique(events)
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs || a.via - b.via)
    .map(({ event }) => event);
  const owners = ownersOf(calls);
  const beside = besideOf(said, owners);
  const parts: readonly Part[] = [...calls, ...beside.values()];
  const parents = new Map<Part, Part>();
  for (const part of parts) {
    const parent = parentOf(part, owners, beside);
    if (parent !== undefined && !leadsTo(part, parent, parents)) parents.set(part, parent);
  }
  const roots = parts.filter((part) => !parents.has(part));
  const below = placed(
    roots,
    Map.groupBy(parents.keys(), (part) => parents.get(part)!),
  );
  return roots.toSorted(byStart).map((part) => nodeOf(part, below));
};

/** Every call in the tree, before those below it. */
export const callsIn = (nodes: readonly TreeNode[]): readonly CallNode[] => nodes.flatMap(callsFrom);

/** The calls below this one, on whichever node. */
export const callsBelow = ({ steps, below }: Pick<CallNode, 'steps' | 'below'>): readonly CallNode[] => [
  ...steps.flatMap(callsBelow),
  ...callsIn(below),
];

const callsFrom = (node: TreeNode): readonly CallNode[] =>
  'said' in node ? callsIn(node.below) : [node, ...callsBelow(node)];

/** The same span twice is one report that came twice. Of calls that began in the same millisecond, the shorter way is first. */
const unique = (events: readonly CallEvent[]) => {
  const seen = new Map(events.map((event) => [event.span, event]));
  return [...seen.values()].map((event) => ({ event, startedAtMs: event.startedAtMs, via: event.lineage.depth }));
};

const ownersOf = (events: readonly CallEvent[]): ReadonlyMap<string, CallEvent> => {
  const owners = new Map<string, CallEvent>();
  for (const event of events) for (const step of event.steps) owners.set(step.span, event);
  // Spans of calls last: a step that takes the span of a call must not take its children.
  for (const event of events) owners.set(event.span, event);
  return owners;
};

/** INVARIANT: what has the id of something that a node saw is left out, whoever came first. */
const besideOf = (said: readonly AgentSpan[], owners: ReadonlyMap<string, CallEvent>): ReadonlyMap<string, AgentSpan> =>
  new Map(said.filter(({ span }) => !owners.has(span)).map((span) => [span.span, span]));

/** INVARIANT: a call is placed under a span of an agent only when that agent made the call: nobody takes the calls of others. */
const parentOf = (
  part: Part,
  owners: ReadonlyMap<string, CallEvent>,
  beside: ReadonlyMap<string, AgentSpan>,
): Part | undefined => {
  if (part.parentSpan === undefined) return undefined;
  const seen = owners.get(part.parentSpan);
  const said = beside.get(part.parentSpan);
  if (seen !== undefined || said === undefined || !isCall(part)) return seen ?? said;
  const { principal } = part;
  return principal?.kind === said.principal.kind && principal.id === said.principal.id ? said : undefined;
};

/** Nobody is trusted to draw trees: a circle would hang the one who looks at it. */
const leadsTo = (part: Part, parent: Part, parents: ReadonlyMap<Part, Part>): boolean => {
  for (let at: Part | undefined = parent; at !== undefined; at = parents.get(at)) if (at === part) return true;
  return false;
};

/** Who hangs below whom in the end: what is too deep hangs beside its parent. From the top down, whatever order things came in. */
const placed = (
  roots: readonly Part[],
  children: ReadonlyMap<Part, readonly Part[]>,
): ReadonlyMap<Part, readonly Part[]> => {
  const below = new Map<Part, Part[]>();
  const open = roots.map((part) => ({ part, under: part, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part, depth } = next;
    const isDeep = depth >= DEEPEST_SAID && !isCall(part);
    const under = isDeep ? next.under : part;
    for (const child of children.get(part) ?? []) {
      const beside = below.get(under);
      if (beside === undefined) below.set(under, [child]);
      else beside.push(child);
      open.push({ part: child, under, depth: isCall(child) || isDeep ? depth : depth + 1 });
    }
  }
  return below;
};

/** INVARIANT: each child is placed once, below the part that owns it, however often a step claims its parent span. */
const nodeOf = (part: Part, children: ReadonlyMap<Part, readonly Part[]>): TreeNode => {
  const waiting = new Set((children.get(part) ?? []).toSorted(byStart));
  if (!isCall(part)) return { said: part, below: [...waiting].map((child) => nodeOf(child, children)) };
  const bySpan = Map.groupBy(waiting, ({ parentSpan }) => parentSpan);
  const take = (wanted: readonly Part[]): readonly TreeNode[] => {
    const taken = wanted.filter((child) => waiting.delete(child));
    return taken.map((child) => nodeOf(child, children));
  };
  const leaf = (step: StepEvent): StepNode => ({
    step,
    steps: [],
    below: step.span === part.span ? [] : take(bySpan.get(step.span) ?? []),
  });
  const steps = grouped(part.steps.toSorted(inOrder)).map(
    ([step, inner]): StepNode => ({ ...leaf(step), steps: inner.map(leaf) }),
  );
  return { event: part, steps, below: take([...waiting]) };
};

const byStart = (a: Part, b: Part): number => a.startedAtMs - b.startedAtMs;

/** What encloses comes first, as it began first. */
const inOrder = (a: StepEvent, b: StepEvent): number => a.offsetMs - b.offsetMs || b.durationMs - a.durationMs;

/** Steps do not name their parents, but what happens while an attempt lasts belongs to it: tries follow each other. */
const grouped = (steps: readonly StepEvent[]): readonly (readonly [StepEvent, readonly StepEvent[]])[] => {
  const groups: (readonly [StepEvent, StepEvent[]])[] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    const inside = last !== undefined && last[0].name === 'attempt' && step.name !== 'attempt';
    if (inside && step.offsetMs <= last[0].offsetMs + last[0].durationMs) last[1].push(step);
    else groups.push([step, []]);
  }
  return groups;
};
