/** From calls to rows of usage: those of one key are added up here first, so that a store changes each row once. */
import {
  addUsage,
  durationBucketOf,
  NO_USAGE,
  USAGE_STEP_NAMES,
  USAGE_STEPS,
  type UsageCall,
  type UsageCounts,
  type UsageKey,
} from '../../contract/index.ts';

import { searched } from '../searched.ts';

export interface UsageRow extends UsageKey, UsageCounts {}

/** One row of each key, for all steps, in one order for everybody: two that change the same rows crosswise would wait for each other. */
export const usageRows = (calls: readonly UsageCall[]): readonly UsageRow[] => {
  const rows = new Map<string, UsageRow>();
  for (const call of calls) {
    const counts = countsOf(call);
    for (const step of USAGE_STEP_NAMES) {
      const [caller, target, operation] = [call.caller, call.target, call.operation].map(searched) as [
        string,
        string,
        string,
      ];
      const { tenant } = call;
      const key: UsageKey = { step, startMs: startOf(call.endedAtMs, step), tenant, caller, target, operation };
      const name = usageKeyOf(key);
      const before = rows.get(name);
      rows.set(name, { ...key, ...(before === undefined ? counts : addUsage(before, counts)) });
    }
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
};

export const startOf = (atMs: number, step: UsageKey['step']): number => {
  const { ms } = USAGE_STEPS[step];
  return Math.floor(atMs / ms) * ms;
};

export const usageKeyOf = ({ step, startMs, tenant, caller, target, operation }: UsageKey): string =>
  JSON.stringify([step, startMs, tenant, caller, target, operation]);

/** Rows of one place share its room. */
export const usagePlaceOf = ({ step, startMs, tenant }: Pick<UsageKey, 'step' | 'startMs' | 'tenant'>): string =>
  JSON.stringify([step, startMs, tenant]);

const countsOf = (call: UsageCall): UsageCounts => {
  const { attempts, costMicros, inputTokens, outputTokens, tookMicros, waitedMicros, error } = call;
  const used = { ...NO_USAGE, attempts, costMicros, inputTokens, outputTokens };
  if (call.isHeld) return { ...used, held: 1 };
  const durations = [...NO_USAGE.durations];
  durations[durationBucketOf(tookMicros / 1_000)] = 1;
  return {
    ...used,
    ...{ calls: 1, denied: call.isDenied ? 1 : 0, tookMicros, waitedMicros, durations },
    errors: error === null ? NO_USAGE.errors : { ...NO_USAGE.errors, [error]: 1 },
  };
};
