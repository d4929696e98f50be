/** Usage as an answer: which steps a while is told in, and what groups of counts come to. Pure. */
import {
  addUsage,
  durationQuantileMs,
  errorsIn,
  NO_USAGE,
  USAGE_STEPS,
  type UsageCounts,
  type UsageDimension,
  type UsageGroup,
  type UsageItem,
  type UsageSort,
  type UsageStep,
  type UsageTotals,
  usageOrder,
} from '../contract/index.ts';

const HOUR_MS = USAGE_STEPS.hour.ms;

export interface UsageWindow {
  readonly step: UsageStep;
  /** Unix ms: the beginning of a step. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The longest while that is told in steps of this length: a chart of it has points enough, and few rows are looked at. */
const LONGEST_MS = { minute: 2 * HOUR_MS, hour: 7 * 24 * HOUR_MS } as const;

/** A while that is longer, or begins before the short steps that are kept, is told in longer ones. */
export const usageWindow = (minutes: number, toMs: number, nowMs: number): UsageWindow => {
  const fromMs = toMs - minutes * USAGE_STEPS.minute.ms;
  const isKept = (step: 'minute' | 'hour'): boolean =>
    toMs - fromMs <= LONGEST_MS[step] && fromMs >= nowMs - USAGE_STEPS[step].keepMs + USAGE_STEPS[step].ms;
  const step = isKept('minute') ? 'minute' : isKept('hour') ? 'hour' : 'day';
  const { ms } = USAGE_STEPS[step];
  // Of whole minutes the last one is the current one, as people count.
  const first = step === 'minute' ? Math.floor(toMs / ms) * ms - (minutes - 1) * ms : Math.floor(fromMs / ms) * ms;
  return { step, fromMs: first, toMs };
};

/** Groups that were told apart further than they were asked for, put together again. */
export const regrouped = (
  groups: readonly UsageGroup[],
  by: readonly UsageDimension[],
  sort: UsageSort,
): readonly UsageGroup[] => {
  const merged = new Map<string, UsageGroup>();
  for (const { caller, target, operation, startMs, ...counts } of groups) {
    const group = {
      startMs: by.includes('time') ? startMs : 0,
      caller: by.includes('caller') ? caller : '',
      target: by.includes('target') ? target : '',
      operation: by.includes('operation') ? operation : '',
      ...counts,
    };
    const key = JSON.stringify([group.startMs, group.caller, group.target, group.operation]);
    const before = merged.get(key);
    merged.set(key, before === undefined ? group : { ...before, ...addUsage(before, counts) });
  }
  return [...merged.values()].sort(usageOrder(sort));
};

export const usageItem = (group: UsageGroup, by: readonly UsageDimension[]): UsageItem => ({
  ...(by.includes('time') ? { startMs: group.startMs } : {}),
  ...(by.includes('caller') ? { caller: group.caller } : {}),
  ...(by.includes('target') ? { target: group.target } : {}),
  ...(by.includes('operation') ? { operation: group.operation } : {}),
  ...usageTotals([group]),
});

export const usageTotals = (groups: readonly UsageCounts[]): UsageTotals => {
  const all = groups.reduce<UsageCounts>(addUsage, NO_USAGE);
  const { calls, durations } = all;
  const errors = errorsIn(all);
  const tookMs = all.tookMicros / 1_000;
  return {
    ...{ calls, errors, errorsBy: all.errors, errorRatio: calls === 0 ? null : errors / calls },
    ...{ denied: all.denied, held: all.held, attempts: all.attempts, costMicros: all.costMicros },
    ...{ inputTokens: all.inputTokens, outputTokens: all.outputTokens },
    ...{ tookMs, waitedMs: all.waitedMicros / 1_000, meanMs: calls === 0 ? null : tookMs / calls },
    p50Ms: durationQuantileMs(durations, 0.5),
    p90Ms: durationQuantileMs(durations, 0.9),
    p99Ms: durationQuantileMs(durations, 0.99),
  };
};
