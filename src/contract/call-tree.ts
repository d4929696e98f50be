/** Records of one trace as a tree of calls: what several nodes said of one call is one call, below the call that it came from. Pure. */
import type { ComparedCall } from './comparison.ts';
import { isHeld } from './counted.ts';
import type { CallEvent, StepEvent } from './event.ts';
import type { Attributes } from './scope.ts';

export interface CallNode {
  readonly call: ComparedCall;
  /** By the time at which they began. */
  readonly below: readonly CallNode[];
}

/** Calls at the top, by the time at which they began. What came from a call that nobody told of is at the top, too. */
export const callTree = (events: readonly CallEvent[]): readonly CallNode[] => {
  const beganMs = events.reduce((least, { startedAtMs }) => Math.min(least, startedAtMs), Number.POSITIVE_INFINITY);
  const told = [...Map.groupBy(uniqueIn(events), ({ callId }) => callId).values()];
  const nodes = new Map(told.map((of) => [of[0]!.callId, { call: callOf(of, beganMs), below: [] as CallNode[] }]));
  const parents = parentsOf(told);
  const roots: CallNode[] = [];
  const byStart = [...nodes].sort(
    ([, a], [, b]) => a.call.offsetMs - b.call.offsetMs || (a.call.span < b.call.span ? -1 : 1),
  );
  for (const [id, node] of byStart) {
    const parent = parents.get(id);
    if (parent === undefined) roots.push(node);
    else nodes.get(parent)!.below.push(node);
  }
  return roots;
};

/** A record that came twice counts once. Oldest first; of one instant, the outer one. */
const uniqueIn = (events: readonly CallEvent[]): readonly CallEvent[] =>
  [...new Map(events.map((event) => [event.span, event])).values()].sort(
    (a, b) => a.startedAtMs - b.startedAtMs || b.durationMs - a.durationMs,
  );

/** As lineage found out, else as the span says that called. Nobody is trusted to draw trees: what would close a circle is left out. */
const parentsOf = (told: readonly (readonly CallEvent[])[]): ReadonlyMap<string, string> => {
  const ids = new Set(told.map(([first]) => first!.callId));
  const owners = new Map<string, string>();
  for (const { callId, steps } of told.flat()) for (const { span } of steps) owners.set(span, callId);
  // Spans of calls last: a step that takes the span of a call must not take its children.
  for (const { callId, span } of told.flat()) owners.set(span, callId);
  const parents = new Map<string, string>();
  for (const of of told) {
    const { callId } = of[0]!;
    const named = of.flatMap(({ lineage, parentSpan }) => [lineage.parent, owners.get(parentSpan ?? '')]);
    const parent = named.find((id) => id !== undefined && id !== callId && ids.has(id));
    if (parent !== undefined) parents.set(callId, parent);
  }
  cutCircles(parents);
  return parents;
};

/** Each call is looked at once, however long the ways are: what was on the way to a top before leads there again. */
const cutCircles = (parents: Map<string, string>): void => {
  const safe = new Set<string>();
  for (const start of [...parents.keys()]) {
    const way = new Set<string>();
    let at: string | undefined = start;
    for (; at !== undefined && !safe.has(at) && !way.has(at); at = parents.get(at)) way.add(at);
    if (at !== undefined && way.has(at)) parents.delete(at);
    for (const id of way) safe.add(id);
  }
};

/** `told`: oldest first. */
const callOf = (told: readonly CallEvent[], beganMs: number): ComparedCall => {
  const first = told[0]!;
  const last = lastTry(told);
  const endMs = Math.max(...told.map(({ startedAtMs, durationMs }) => startedAtMs + durationMs));
  const decisions = told.flatMap(({ steps }) => steps.filter(({ name }) => name === 'decide'));
  const priced = told.flatMap(({ attributes }) => (typeof attributes['cost.micros'] === 'number' ? [attributes] : []));
  const { principal, target } = first;
  return {
    ...{ callId: first.callId, span: first.span },
    caller: principal === null ? 'nobody' : `${principal.kind}/${principal.id}`,
    target: `${target.kind}/${target.name}/${target.operation}`,
    ...{ offsetMs: first.startedAtMs - beganMs, durationMs: endMs - first.startedAtMs, waitedMs: waitedIn(told) },
    ...{ status: isHeld(last) ? ('held' as const) : last.status, code: last.code },
    effects: inRow(textsOf(decisions, 'effect')),
    rules: [...new Set(told.flatMap(({ attributes }) => listOf(attributes['policy.rule'])))].sort(),
    policies: inRow(textsOf(decisions, 'policyVersion')),
    endpoint: textOf(told.findLast(({ attributes }) => attributes['endpoint'] !== undefined)?.attributes['endpoint']),
    attempts: Math.max(...told.map(({ steps }) => steps.filter(({ name }) => name === 'attempt').length)),
    nodes: inRow(told.map(({ role, node }) => `${role} ${node}`)),
    tokens: sum(
      told.map(({ attributes: of }) => numberOf(of['usage.input_tokens']) + numberOf(of['usage.output_tokens'])),
    ),
    costMicros: priced.length === 0 ? null : sum(priced.map((attributes) => numberOf(attributes['cost.micros']))),
  };
};

/** A call that was held is told of again when it goes on; of each time, the node where it came in has the last word. */
const lastTry = (told: readonly CallEvent[]): CallEvent => {
  const first = told[0]!;
  return isHeld(first)
    ? (told.findLast(({ node, role }) => node === first.node && role === first.role) ?? first)
    : first;
};

/** From the end of the record that says that people are asked, to the beginning of the next one. */
const waitedIn = (told: readonly CallEvent[]): number => {
  const held = told.find(isHeld);
  if (held === undefined) return 0;
  const fromMs = held.startedAtMs + held.durationMs;
  const next = told.find(({ startedAtMs }) => startedAtMs > fromMs);
  return next === undefined ? 0 : next.startedAtMs - fromMs;
};

const textsOf = (steps: readonly StepEvent[], name: string): readonly string[] =>
  steps.map(({ attributes }) => textOf(attributes[name])).filter((text) => text !== '');

/** Without what only repeats the one before it. */
const inRow = (texts: readonly string[]): readonly string[] => texts.filter((text, at) => text !== texts[at - 1]);

const textOf = (value: Attributes[string] | undefined): string => (typeof value === 'string' ? value : '');
const numberOf = (value: Attributes[string] | undefined): number => (typeof value === 'number' ? value : 0);
const listOf = (value: Attributes[string] | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : textOf(value) === '' ? [] : [textOf(value)];
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
