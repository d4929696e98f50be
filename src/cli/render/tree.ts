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
  const children = Map.groupBy(
    sorted.filter((event) => parents.has(event)),
    (event) => event.parentSpan!,
  );
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

const nodeOf = (event: CallEvent, children: ReadonlyMap<string, readonly CallEvent[]>): CallNode => {
  const callsOf = (span: string): readonly CallNode[] =>
    (children.get(span) ?? []).map((child) => nodeOf(child, children));
  const steps = event.steps
    .toSorted((a, b) => a.offsetMs - b.offsetMs || b.durationMs - a.durationMs)
    .map((step) => ({ step, calls: step.span === event.span ? [] : callsOf(step.span) }));
  return { event, steps, calls: callsOf(event.span) };
};
