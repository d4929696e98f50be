/** What calls came to, by who called what: counts per step of time, beside the calls that they were taken from. Rows are added up, never replaced. */
import type { CallEvent } from './event.ts';
import { DURATION_BUCKETS, MOST_SUM } from './sums.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Lengths of time that are counted, each call in one row of each, and how long those rows are kept. */
export const USAGE_STEPS = {
  minute: { ms: 60_000, keepMs: 6 * HOUR_MS },
  hour: { ms: HOUR_MS, keepMs: 31 * DAY_MS },
  day: { ms: DAY_MS, keepMs: 400 * DAY_MS },
} as const;

export type UsageStep = keyof typeof USAGE_STEPS;
export const USAGE_STEP_NAMES = ['minute', 'hour', 'day'] as const satisfies readonly UsageStep[];

/** Rows of a tenant in one step; what comes after is in one row `other`, so that nobody fills a disk with names. */
export const MOST_USAGE_ROWS = 1_000;
/** Groups of one answer. */
export const MOST_USAGE_GROUPS = 1_000;

/** By what calls are told apart. `time`: the step in which they ended. */
export const USAGE_DIMENSIONS = ['caller', 'target', 'operation', 'time'] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

export const OTHER_USAGE = 'other';

export interface UsageKey {
  readonly step: UsageStep;
  /** Unix ms at which the step begins. */
  readonly startMs: number;
  readonly tenant: string;
  /** `agent/concierge`; of everybody else the kind alone: `user`, `node`, `nobody`. `other`: there was no room for more rows. */
  readonly caller: string;
  /** `model/large`; `unknown`: nothing of the name was known, or its caller was nobody. `other` as above. */
  readonly target: string;
  /** Empty where the target is `unknown`, and where nobody declared or answered the operation. `other` as above. */
  readonly operation: string;
}

/** Of those that are errors, what was at fault; each error has one. */
export const USAGE_ERRORS = ['target', 'timeout', 'unreachable', 'overloaded', 'own'] as const;
export type UsageError = (typeof USAGE_ERRORS)[number];

/** Whole numbers, none below 0. */
export interface UsageCounts {
  /** That ended; without those that began to wait for people. */
  readonly calls: number;
  /** Of them: the target's 5xx, and faults that are not the caller's. */
  readonly errors: Readonly<Record<UsageError, number>>;
  /** Of them: policy, a budget or a limit said no. */
  readonly denied: number;
  /** Calls that began to wait for people. One that goes on is counted among `calls` when it ends. */
  readonly held: number;
  /** Tries to send them. */
  readonly attempts: number;
  readonly costMicros: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** From their beginning to their end, added up, in microseconds. */
  readonly tookMicros: number;
  /** Of it: before the last try, while none was under way: for a place, a budget, a decision, people, another try. */
  readonly waitedMicros: number;
  /** Of `calls`, in the buckets of `DURATION_EDGES_MS`; to add up two histograms is to add up each bucket. */
  readonly durations: readonly number[];
}

/** What one call adds, to the row of each step. */
export interface UsageCall extends Omit<UsageKey, 'step' | 'startMs'> {
  /** Unix ms. */
  readonly endedAtMs: number;
  /** It began to wait for people: it adds to `held` and to what was used, and to nothing else. */
  readonly isHeld: boolean;
  /** Null: it is no error. */
  readonly error: UsageError | null;
  readonly isDenied: boolean;
  readonly attempts: number;
  readonly costMicros: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly tookMicros: number;
  readonly waitedMicros: number;
}

/** By what the largest come first. `mean`: time of a call; `errors`: of all kinds together. */
export const USAGE_SORTS = [
  ...(['calls', 'errors', 'denied', 'held', 'cost', 'tokens', 'took', 'waited', 'mean'] as const),
] as const;
export type UsageSort = (typeof USAGE_SORTS)[number];

export interface UsageQuery {
  readonly tenant: string;
  readonly step: UsageStep;
  /** Unix ms: steps that begin at or after the first and before the second. */
  readonly fromMs: number;
  readonly toMs: number;
  /** None: everything is one group. */
  readonly by: readonly UsageDimension[];
  /** Only rows with exactly these. */
  readonly caller?: string;
  readonly target?: string;
  readonly operation?: string;
  readonly sort: UsageSort;
  readonly limit: number;
}

/** Rows that are alike in what was asked by. What they were not told apart by is empty, and `startMs` 0. */
export interface UsageGroup extends UsageCounts {
  readonly startMs: number;
  readonly caller: string;
  readonly target: string;
  readonly operation: string;
}

/** Usage beside the calls that it was taken from, in their own transaction. Durable as they are. */
export interface UsageStore {
  /** Largest first; those that are as large in the order of time, caller, target, operation. */
  read(query: UsageQuery): Promise<readonly UsageGroup[]>;
  /** Removes rows of steps that began before the given times. Answers how many. */
  prune(before: Readonly<Record<UsageStep, number>>): Promise<number>;
}

/** How events become usage. Must not throw; undefined: another node counts this one. */
export type UsageOf = (event: CallEvent) => UsageCall | undefined;

export const NO_USAGE: UsageCounts = {
  ...{ calls: 0, denied: 0, held: 0, attempts: 0, costMicros: 0, inputTokens: 0, outputTokens: 0 },
  ...{ tookMicros: 0, waitedMicros: 0 },
  errors: { target: 0, timeout: 0, unreachable: 0, overloaded: 0, own: 0 },
  durations: Array.from({ length: DURATION_BUCKETS }, () => 0),
};

/** Any sum stays at the end of whole numbers. */
const added = (a: number, b: number): number => Math.min(MOST_SUM, a + b);

export const addUsage = (a: UsageCounts, b: UsageCounts): UsageCounts => ({
  calls: added(a.calls, b.calls),
  errors: {
    target: added(a.errors.target, b.errors.target),
    timeout: added(a.errors.timeout, b.errors.timeout),
    unreachable: added(a.errors.unreachable, b.errors.unreachable),
    overloaded: added(a.errors.overloaded, b.errors.overloaded),
    own: added(a.errors.own, b.errors.own),
  },
  denied: added(a.denied, b.denied),
  held: added(a.held, b.held),
  attempts: added(a.attempts, b.attempts),
  costMicros: added(a.costMicros, b.costMicros),
  inputTokens: added(a.inputTokens, b.inputTokens),
  outputTokens: added(a.outputTokens, b.outputTokens),
  tookMicros: added(a.tookMicros, b.tookMicros),
  waitedMicros: added(a.waitedMicros, b.waitedMicros),
  durations: a.durations.map((count, at) => added(count, b.durations[at] ?? 0)),
});

export const errorsIn = ({ errors }: Pick<UsageCounts, 'errors'>): number =>
  USAGE_ERRORS.reduce((sum, kind) => sum + errors[kind], 0);

/** Whether rows of the one kind come before those of the other; two that are as large are told apart by their names. */
export const usageOrder =
  (sort: UsageSort) =>
  (a: UsageGroup, b: UsageGroup): number =>
    sizeOf(b, sort) - sizeOf(a, sort) ||
    a.startMs - b.startMs ||
    inOrder(a.caller, b.caller) ||
    inOrder(a.target, b.target) ||
    inOrder(a.operation, b.operation);

const sizeOf = (group: UsageGroup, sort: UsageSort): number => {
  switch (sort) {
    case 'errors':
      return errorsIn(group);
    case 'cost':
      return group.costMicros;
    case 'tokens':
      return group.inputTokens + group.outputTokens;
    case 'took':
      return group.tookMicros;
    case 'waited':
      return group.waitedMicros;
    case 'mean':
      return group.calls === 0 ? 0 : group.tookMicros / group.calls;
    default:
      return group[sort];
  }
};

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
