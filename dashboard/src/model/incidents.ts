/** What is wrong right now, and was: alerts that fired, breakers, budgets that are used up, orders to stop. One row for each, whoever says it. */
import type { AlertSpec, BreakerView, CallEvent, Incident, KillOrder } from '../../../src/contract/index.ts';
import type { Account, BudgetView } from '../api/views.ts';
import { messageOf } from './facts.ts';
import { amount, instant } from './format.ts';

export interface IncidentRow {
  /** `alert 5f0c…`, `breaker bank@… hub-…`, `budget daily`, `order kill-…`: for addresses. */
  readonly id: string;
  readonly kind: 'alert' | 'breaker' | 'budget' | 'order';
  /** What it is about: `agent/orders`, `budget/daily`. */
  readonly resource: string;
  readonly state: string;
  readonly mood: 'ok' | 'warn' | 'bad' | 'none';
  readonly isOpen: boolean;
  /** Unix ms; null: nobody knows. */
  readonly sinceMs: number | null;
  /** Null while it is open. */
  readonly endedMs: number | null;
  readonly cause: string;
  readonly of:
    | { readonly kind: 'alert'; readonly incident: Incident; readonly spec: AlertSpec | undefined }
    | { readonly kind: 'breaker'; readonly breaker: BreakerView }
    | { readonly kind: 'budget'; readonly budget: BudgetView; readonly account: Account }
    | { readonly kind: 'order'; readonly order: KillOrder };
}

export interface IncidentSources {
  readonly incidents: readonly Incident[];
  /** By the name of the alert, as it is configured now. */
  readonly specs: ReadonlyMap<string, AlertSpec>;
  readonly breakers: readonly BreakerView[];
  readonly budgets: readonly BudgetView[];
  readonly orders: readonly KillOrder[];
}

/** Open first, then by when they began, the newest first. */
export const incidentsOf = ({ incidents, specs, breakers, budgets, orders }: IncidentSources): readonly IncidentRow[] =>
  [
    ...incidents.map((incident) => alertRow(incident, specs.get(incident.alert))),
    ...breakers.map(breakerRow),
    ...budgets.flatMap((budget) => budget.accounts.filter(isUsedUp).map((account) => budgetRow(budget, account))),
    ...orders.map(orderRow),
  ].sort(
    (a, b) => Number(b.isOpen) - Number(a.isOpen) || (b.sinceMs ?? 0) - (a.sinceMs ?? 0) || (a.id < b.id ? -1 : 1),
  );

const SEEN = ['acknowledged', 'none'] as const;

const alertRow = (incident: Incident, spec: AlertSpec | undefined): IncidentRow => {
  const { id, alert, severity, signal, text, openedAtMs, endedAtMs, ended, acknowledged } = incident;
  const isOpen = endedAtMs === null;
  // Somebody has it: it is no longer what everybody else must look at first.
  const [state, mood] = acknowledged === undefined ? (['firing', severity === 'page' ? 'bad' : 'warn'] as const) : SEEN;
  return {
    ...{
      id: `alert ${id}`,
      kind: 'alert',
      resource: spec?.target ?? (spec?.budget === undefined ? '' : `budget/${spec.budget}`),
    },
    ...{ state: isOpen ? state : 'over', mood: isOpen ? mood : 'ok', isOpen },
    ...{ sinceMs: openedAtMs, endedMs: endedAtMs, of: { kind: 'alert', incident, spec } },
    cause: `${alert} (${signal}): ${isOpen || ended === '' ? text : ended}`,
  };
};

export const breakerWord = (state: string): string => (state === 'half_open' ? 'half-open' : state);

/** Somebody holds it, or it follows its calls; and what a silent node said may not be so any more. */
const breakerState = ({ state, held, isStale }: BreakerView): Pick<IncidentRow, 'state' | 'mood' | 'isOpen'> => {
  if (isStale === true) return { state: `${breakerWord(state)}, stale`, mood: 'warn', isOpen: false };
  if (held !== undefined) return { state: `held ${held.mode}`, mood: 'warn', isOpen: true };
  const isOpen = state !== 'closed';
  return { state: breakerWord(state), mood: state === 'open' ? 'bad' : isOpen ? 'warn' : 'ok', isOpen };
};

const breakerCause = ({ node, endpoint, state, changes, held, isStale }: BreakerView): string => {
  if (isStale === true) return `${node} is silent; this is what it said last of ${endpoint}`;
  if (held !== undefined) return `${held.by}: ${held.reason}`;
  if (state === 'closed') return `${endpoint} answers ${node} well again`;
  const times = changes.length > 2 ? `; it changed ${changes.length} times` : '';
  return `calls of ${node} to ${endpoint} failed too often${times}`;
};

const breakerRow = (breaker: BreakerView): IncidentRow => {
  const { node, target, endpoint, state, changes, held } = breaker;
  const [last] = changes;
  // It opened once and rests again and again: it began when it was last well.
  const began = changes[changes.findIndex(({ from }) => from === 'closed')] ?? changes.at(-1);
  return {
    ...{ id: `breaker ${endpoint} ${node}`, kind: 'breaker', resource: target, ...breakerState(breaker) },
    sinceMs: held?.atMs ?? began?.atMs ?? null,
    endedMs: state === 'closed' && held === undefined ? (last?.atMs ?? null) : null,
    ...{ cause: breakerCause(breaker), of: { kind: 'breaker', breaker } },
  };
};

/** What a silent node said is not counted. */
export const breakersCounted = (breakers: readonly BreakerView[]) => {
  const told = breakers.filter(({ isStale }) => isStale !== true);
  return {
    open: told.filter(({ state }) => state === 'open').length,
    half: told.filter(({ state }) => state === 'half_open').length,
    held: told.filter(({ held }) => held !== undefined).length,
  };
};

const isUsedUp = ({ limit, extra, spent, reserved }: Account): boolean => spent + reserved >= limit + extra;

const hardWord = (hard: string): string => (hard === 'pause' ? 'calls wait' : 'calls are refused');

const budgetRow = (budget: BudgetView, account: Account): IncidentRow => {
  const { name, per, unit, hard } = budget;
  const { holder, limit, extra } = account;
  const whose = per === null ? '' : ` of ${holder}`;
  return {
    ...{ id: `budget ${name}${per === null ? '' : ` ${holder}`}`, kind: 'budget', resource: `budget/${name}` },
    ...{ state: 'used up', mood: 'warn', isOpen: true, sinceMs: null, endedMs: null },
    cause: `all of ${amount(limit + extra, unit)}${whose} is spent or set aside; ${hardWord(hard)}`,
    of: { kind: 'budget', budget, account },
  };
};

const orderRow = (order: KillOrder): IncidentRow => ({
  ...{ id: `order ${order.id}`, kind: 'order', resource: `${order.kind}/${order.name}` },
  ...{ state: 'stopped', mood: 'warn', isOpen: true, sinceMs: order.atMs, endedMs: null },
  cause: `${order.by}: ${order.reason}`,
  of: { kind: 'order', order },
});

/** Calls that failed a little before are why. */
const BEFORE_MS = 30_000;

/** Was this call touched by it? As far as its record says. */
export const isTouched = ({ of, sinceMs, endedMs }: IncidentRow): ((event: CallEvent) => boolean) => {
  const fromMs = of.kind === 'order' ? (sinceMs ?? 0) : (sinceMs ?? 0) - BEFORE_MS;
  const toMs = endedMs ?? Number.POSITIVE_INFINITY;
  const touches = TOUCHES[of.kind] as (of: IncidentRow['of'], event: CallEvent) => boolean;
  return (event) => event.startedAtMs + event.durationMs >= fromMs && event.startedAtMs <= toMs && touches(of, event);
};

type Of<K extends IncidentRow['kind']> = Extract<IncidentRow['of'], { readonly kind: K }>;

const targetIn = ({ target }: CallEvent): string => `${target.kind}/${target.name}`;
const isBad = ({ status }: CallEvent): boolean => status === 'failed' || status === 'refused' || status === 'unknown';

/** What an alert about denials counts as one, besides those of policy. */
const LIMITS: ReadonlySet<string> = new Set(['budget_exhausted', 'rate_limited']);

/** A try of it at the endpoint that did not work. */
export const failedAt = (event: CallEvent, endpoint: string): boolean =>
  event.steps.some(
    ({ name, attributes }) =>
      name === 'attempt' && attributes['endpoint'] === endpoint && attributes['outcome'] !== 'ok',
  );

const ranOutOf = (event: CallEvent, budget: string): boolean =>
  (event.code === 'budget_exhausted' && messageOf(event).includes(`\`${budget}\``)) ||
  event.steps.some(({ name, attributes }) => name === 'pause' && attributes['budget'] === budget);

const TOUCHES: { readonly [K in IncidentRow['kind']]: (of: Of<K>, event: CallEvent) => boolean } = {
  alert: ({ spec, incident: { signal } }, event) => {
    if (spec?.target !== undefined && spec.target !== targetIn(event)) return false;
    if (signal === 'denials') return event.status === 'denied' || LIMITS.has(event.code);
    if (signal === 'latency') return event.durationMs > (spec?.aboveMs ?? Number.POSITIVE_INFINITY);
    return signal === 'budget' ? ranOutOf(event, spec?.budget ?? '') : isBad(event);
  },
  breaker: ({ breaker: { target, endpoint } }, event) =>
    failedAt(event, endpoint) || (targetIn(event) === target && isBad(event)),
  budget: ({ budget }, event) => ranOutOf(event, budget.name),
  order: ({ order }, event) =>
    event.steps.some(({ name, attributes }) => name === 'halt' && attributes['order'] === order.id),
};

export interface Effects {
  /** Call trees and callers that it touched. */
  readonly requests: number;
  readonly callers: number;
  /** What nodes did about it by themselves, in words, with how often. */
  readonly actions: readonly string[];
}

/** `events`: those that it touched. */
export const effectsOf = (row: IncidentRow, events: readonly CallEvent[]): Effects => {
  const callers = new Set(
    events.map(({ principal }) => (principal === null ? '' : `${principal.kind}/${principal.id}`)),
  );
  return {
    requests: new Set(events.map(({ trace }) => trace)).size,
    callers: callers.size,
    actions: [...standingActs(row), ...countedActs(events)],
  };
};

/** What follows from the state alone. */
const standingActs = ({ of, isOpen }: IncidentRow): readonly string[] => {
  if (of.kind === 'breaker' && of.breaker.held !== undefined)
    return [
      `it gets ${of.breaker.held.mode === 'open' ? 'no calls' : 'every call'} until ${instant(of.breaker.held.untilMs)}`,
    ];
  if (of.kind === 'breaker' && of.breaker.state === 'open') return ['it gets no calls until its rest is over'];
  if (of.kind === 'breaker' && isOpen) return ['it gets three calls to show that it is well'];
  if (of.kind === 'budget') return [hardWord(of.budget.hard)];
  return of.kind === 'order' ? ['calls are stopped on every node'] : [];
};

const ACTS: readonly (readonly [one: string, many: string, did: (event: CallEvent) => boolean])[] = [
  [
    'call fell back to another model',
    'calls fell back to another model',
    (event) => 'model.fallback' in event.attributes,
  ],
  [
    'call moved to another provider',
    'calls moved to another provider',
    (event) => event.steps.some(({ name }) => name === 'failover'),
  ],
  [
    'call went through the hub instead',
    'calls went through the hub instead',
    (event) => 'via.instead' in event.attributes,
  ],
  ['call was tried again elsewhere', 'calls were tried again elsewhere', (event) => wentElsewhere(event)],
  [
    'call was cut',
    'calls were cut',
    (event) => event.steps.some(({ name, attributes }) => name === 'halt' && attributes['cut'] === true),
  ],
];

const countedActs = (events: readonly CallEvent[]): readonly string[] =>
  ACTS.flatMap(([one, many, did]) => {
    const times = events.filter(did).length;
    return times === 0 ? [] : [`${times} ${times === 1 ? one : many}`];
  });

const wentElsewhere = ({ steps }: CallEvent): boolean => {
  const tried = steps.filter(({ name, attributes }) => name === 'attempt' && (attributes['endpoint'] ?? '') !== '');
  return new Set(tried.map(({ attributes }) => attributes['endpoint'])).size > 1;
};
