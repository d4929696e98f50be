/** A trace as rows: calls and what happened inside them, each below what it came from, with the waits for people in between. */
import type { AgentSpan, CallEvent, StepEvent } from '../../../src/contract/index.ts';
import { costOf, isHeld, isPriced, listOf, messageOf, textOf, tokensOf } from './facts.ts';
import { money } from './format.ts';
import { saidDrafts } from './said.ts';
import type { Draft, Span, SpanKind } from './span.ts';

export type { Span, SpanKind } from './span.ts';

/** In the order of a tree that is read from the top; a circle of parents is cut, and what nobody owns is a root. */
export const spansOf = (events: readonly CallEvent[], said: readonly AgentSpan[] = []): readonly Span[] => {
  const drafts = unique(events).flatMap(draftsOf);
  const waits = waitsIn(events);
  return ordered([...drafts, ...waits, ...saidDrafts(said, events)]);
};

/** A record that came twice counts once. */
const unique = (events: readonly CallEvent[]): readonly CallEvent[] => [
  ...new Map(events.map((event) => [event.span, event])).values(),
];

const VERBS = { agent: 'invoke_agent', model: 'chat', tool: 'execute_tool' } as const;

const draftsOf = (event: CallEvent): readonly Draft[] => {
  const { span, parentSpan, target, startedAtMs, durationMs, node, steps } = event;
  const own: Draft = {
    ...{ id: span, parent: parentSpan ?? null, kind: target.kind, verb: VERBS[target.kind], event },
    name: `${target.name}.${target.operation}`,
    ...{ fromMs: startedAtMs, toMs: startedAtMs + durationMs },
    note: `at ${node}`,
    error: event.status === 'ok' ? '' : messageOf(event),
    isNo: event.status === 'denied',
    tokens: tokensOf(event),
    costMicros: isPriced(event) ? costOf(event) : null,
    isDetail: false,
  };
  const attempts = steps.filter(({ name }) => name === 'attempt');
  return [own, ...steps.map((step) => stepDraft(step, event, attempts))];
};

const POLICY: ReadonlySet<string> = new Set(['decide', 'delegation', 'price', 'pause', 'halt', 'fact']);

const kindOf = (step: string): SpanKind => (POLICY.has(step) ? 'policy' : step === 'hold' ? 'human' : 'inner');

/** Where one try is all there was, the call says the same. */
const DETAILS: ReadonlySet<string> = new Set(['route', 'send', 'record', 'attempt', 'resolve', 'hold']);

const stepDraft = (step: StepEvent, event: CallEvent, attempts: readonly StepEvent[]): Draft => {
  const fromMs = event.startedAtMs + step.offsetMs;
  const around = attempts.find((attempt) => attempt !== step && step.name !== 'attempt' && isInside(step, attempt));
  const error = errorOf(step);
  return {
    ...{ id: step.span === event.span ? `${step.span}/${step.name}` : step.span, parent: around?.span ?? event.span },
    ...{ kind: kindOf(step.name), verb: step.name, name: subjectOf(step), event, step },
    ...{ fromMs, toMs: fromMs + step.durationMs, note: noteOf(step), error, tokens: 0, costMicros: null },
    isNo: POLICY.has(step.name),
    isDetail: DETAILS.has(step.name) && error === '' && !(step.name === 'attempt' && attempts.length > 1),
  };
};

/** Steps do not name their parents, but what happens while an attempt lasts belongs to it: tries follow each other. */
const isInside = (step: StepEvent, attempt: StepEvent): boolean =>
  step.offsetMs >= attempt.offsetMs && step.offsetMs <= attempt.offsetMs + attempt.durationMs;

const subjectOf = ({
  name,
  attributes: { attempt, endpoint, picked, rules, missing, budgets, fact, target },
}: StepEvent): string => {
  if (name === 'decide' || name === 'delegation') {
    const levels = listOf(missing).join(', ');
    return listOf(rules).join(', ') || (levels === '' ? '' : `no permit at ${levels}`);
  }
  return [attempt, endpoint ?? picked ?? fact ?? target ?? budgets]
    .map(textOf)
    .filter((text) => text !== '')
    .join(' ');
};

/** A version is a digest: its beginning is enough to tell it from others. */
export const versionText = (version: string): string => version.replace(/^sha256:([0-9a-f]{8})[0-9a-f]*$/, '$1');

const noteOf = ({ attributes: { effect, outcome, status, micros, policyVersion } }: StepEvent): string =>
  [
    textOf(effect ?? outcome ?? status).replaceAll('_', ' '),
    policyVersion === undefined ? '' : `policy ${versionText(textOf(policyVersion))}`,
    typeof micros === 'number' && micros > 0 ? `${money(micros)} set aside` : '',
  ]
    .filter((text) => text !== '')
    .join(' · ');

const errorOf = ({ name, attributes: { effect, code, outcome } }: StepEvent): string => {
  if (name === 'decide' || name === 'delegation') return effect === 'deny' || effect === 'forbid' ? textOf(code) : '';
  return outcome === 'failed' || (textOf(code) !== '' && code !== 'OK') ? textOf(code) || 'failed' : '';
};

/** Between the record of a call that was held and the one of the same call that went on. */
const waitsIn = (events: readonly CallEvent[]): readonly Draft[] =>
  [...Map.groupBy(unique(events), ({ callId }) => callId).values()].flatMap((calls) => {
    const sorted = calls.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    const held = sorted.find(isHeld);
    if (held === undefined) return [];
    const fromMs = held.startedAtMs + held.durationMs;
    const next = sorted.find(({ startedAtMs }) => startedAtMs > fromMs);
    const wait: Draft = {
      ...{ id: `${held.span}/wait`, parent: held.parentSpan ?? null, kind: 'human', verb: 'approval', event: held },
      ...{ name: held.target.name, fromMs, toMs: next?.startedAtMs ?? fromMs, error: '', tokens: 0, costMicros: null },
      isNo: false,
      ...{ note: next === undefined ? 'waits for people' : 'people were asked', isDetail: false },
    };
    return [wait];
  });

const ordered = (drafts: readonly Draft[]): readonly Span[] => {
  const known = new Map(drafts.map((draft) => [draft.id, draft]));
  const parents = new Map<string, string | null>();
  for (const draft of drafts) {
    const { id, parent } = draft;
    const above = parent === null ? undefined : known.get(parent);
    const isSafe = above !== undefined && mayHang(draft, above) && !leadsTo(id, above.id, parents);
    parents.set(id, isSafe ? parent : null);
  }
  const children = Map.groupBy(known.values(), ({ id }) => parents.get(id) ?? null);
  const rows: Span[] = [];
  const stack = byStart(children.get(null) ?? [])
    .map((draft) => ({ draft, depth: 0 }))
    .reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { draft, depth } = top;
    rows.push({ ...draft, parent: parents.get(draft.id) ?? null, depth });
    for (const child of byStart(children.get(draft.id) ?? []).reverse()) stack.push({ draft: child, depth: depth + 1 });
  }
  return rows;
};

/** A call stands below what an agent says only when that agent made the call: nobody takes the calls of others. */
const mayHang = ({ said: isSaid, event: { principal } }: Draft, { said }: Draft): boolean =>
  said === undefined ||
  isSaid !== undefined ||
  (principal?.kind === said.principal.kind && principal.id === said.principal.id);

/** Nodes are not trusted to draw trees: a circle would hang whoever looks at it. */
const leadsTo = (id: string, parent: string, parents: ReadonlyMap<string, string | null>): boolean => {
  for (let at: string | null | undefined = parent; at != null; at = parents.get(at)) if (at === id) return true;
  return false;
};

const byStart = (drafts: readonly Draft[]): readonly Draft[] & { reverse(): Draft[] } =>
  drafts.toSorted((a, b) => a.fromMs - b.fromMs || b.toMs - a.toMs);

/** Without steps that say nothing: what was below one of them moves up to what is left above it. */
export const withoutDetails = (spans: readonly Span[]): readonly Span[] => without(spans, ({ isDetail }) => isDetail);

/** What nodes saw: times and failures of agents are their own word, and move nothing. */
export const seenIn = (spans: readonly Span[]): readonly Span[] => without(spans, ({ said }) => said !== undefined);

const without = (spans: readonly Span[], isLeft: (span: Span) => boolean): readonly Span[] => {
  const place = new Map<string, { readonly id: string; readonly depth: number }>();
  const kept: Span[] = [];
  for (const span of spans) {
    const above = span.parent === null ? undefined : place.get(span.parent);
    const depth = above === undefined ? 0 : above.depth + 1;
    if (isLeft(span)) {
      if (above !== undefined) place.set(span.id, above);
      continue;
    }
    place.set(span.id, { id: span.id, depth });
    kept.push({ ...span, parent: above?.id ?? null, depth });
  }
  return kept;
};

export interface TraceTotals {
  readonly totalMs: number;
  /** Of the total: people were being waited for. */
  readonly waitedMs: number;
  readonly agents: number;
  readonly tokens: number;
  readonly costMicros: number | null;
  readonly errors: number;
}

export const totalsOf = (all: readonly Span[]): TraceTotals => {
  const spans = all.filter(({ said }) => said === undefined);
  const calls = spans.filter(({ step, kind }) => step === undefined && kind !== 'human');
  const priced = calls.flatMap(({ costMicros }) => (costMicros === null ? [] : [costMicros]));
  return {
    totalMs:
      spans.length === 0
        ? 0
        : Math.max(...spans.map(({ toMs }) => toMs)) - Math.min(...spans.map(({ fromMs }) => fromMs)),
    waitedMs: spans.reduce((sum, { verb, fromMs, toMs }) => (verb === 'approval' ? sum + toMs - fromMs : sum), 0),
    agents: new Set(calls.flatMap(({ kind, event }) => (kind === 'agent' ? [event.target.name] : []))).size,
    tokens: calls.reduce((sum, { tokens }) => sum + tokens, 0),
    costMicros: priced.length === 0 ? null : priced.reduce((sum, micros) => sum + micros, 0),
    errors: spans.filter(({ error, isNo }) => error !== '' && !isNo).length,
  };
};
