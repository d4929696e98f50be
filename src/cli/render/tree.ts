/** Joins what the nodes of a trace said into one tree: each event stands under the step, or the call, that it came from. */
import type { CallEvent, StepEvent } from '../../contract/index.ts';

export interface CallNode {
  readonly event: CallEvent;
  /** Steps in order; those that led to another node carry what that node said. */
  readonly steps: readonly StepNode[];
  /** Calls that came from this one itself, not from one of its steps. */
  readonly calls: readonly CallNode[];
}

export interface StepNode {
  readonly step: StepEvent;
  /** What an attempt consisted of. */
  readonly steps: readonly StepNode[];
  readonly calls: readonly CallNode[];
}

/** Roots by start time. Events whose parent nobody reported are roots: a part of a trace is better than none. */
export const treeOf = (events: readonly CallEvent[]): readonly CallNode[] => {
  const sorted = unique(events)
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs || a.via - b.via)
    .map(({ event }) => event);
  const owners = ownersOf(sorted);
  const parents = new Map<CallEvent, CallEvent>();
  for (const event of sorted) {
    const parent = event.parentSpan === undefined ? undefined : owners.get(event.parentSpan);
    if (parent !== undefined && !leadsTo(event, parent, parents)) parents.set(event, parent);
  }
  const children = Map.groupBy(parents.keys(), (event) => parents.get(event)!);
  return sorted.filter((event) => !parents.has(event)).map((event) => nodeOf(event, children));
};

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

/** Nodes are not trusted to draw trees: a circle would hang the one who looks at it. */
const leadsTo = (event: CallEvent, parent: CallEvent, parents: ReadonlyMap<CallEvent, CallEvent>): boolean => {
  for (let at: CallEvent | undefined = parent; at !== undefined; at = parents.get(at)) if (at === event) return true;
  return false;
};

/** INVARIANT: each child is placed once, below the event that owns it, however often a step claims its parent span. */
const nodeOf = (event: CallEvent, children: ReadonlyMap<CallEvent, readonly CallEvent[]>): CallNode => {
  const waiting = new Set(children.get(event));
  const take = (wanted: (child: CallEvent) => boolean): readonly CallNode[] => {
    const taken = [...waiting].filter(wanted);
    for (const child of taken) waiting.delete(child);
    return taken.map((child) => nodeOf(child, children));
  };
  const leaf = (step: StepEvent): StepNode => ({
    step,
    steps: [],
    calls: step.span === event.span ? [] : take((child) => child.parentSpan === step.span),
  });
  const steps = grouped(event.steps.toSorted(inOrder)).map(
    ([step, inner]): StepNode => ({ ...leaf(step), steps: inner.map(leaf) }),
  );
  return { event, steps, calls: take(() => true) };
};

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
