/** The two ways of one route beside each other, and whether one of them is worse: what a move in steps goes by. Pure. */
import type { Passed, Way } from './passed.ts';

export interface ArmStats {
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Median of what hubs on the way did themselves; null where none was. */
  readonly hubP50Ms: number | null;
  /** Median between the two sidecars; null where there were not two. */
  readonly betweenP50Ms: number | null;
}

/** Null: no call. */
export const armOf = (calls: readonly Passed[], way?: Way): ArmStats | null => {
  const own = way === undefined ? calls : calls.filter((one) => one.way === way);
  if (own.length === 0) return null;
  const latencies = own.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  return {
    calls: own.length,
    errors: own.filter(({ isError }) => isError).length,
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
    p99Ms: quantile(latencies, 0.99),
    hubP50Ms: medianOf(own.map(({ hubMs }) => hubMs)),
    betweenP50Ms: medianOf(own.map(({ betweenMs }) => betweenMs)),
  };
};

/** Of ascending values, at least one. */
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? 0;

export const medianOf = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known.length === 0 ? null : quantile(known, 0.5);
};

export type Judgement =
  | { readonly kind: 'few'; readonly why: string }
  | { readonly kind: 'well' }
  | { readonly kind: 'worse'; readonly why: string };

/** Below this an arm says nothing. */
export const LEAST_CALLS = 30;

/** One more failure in a hundred calls is worth going back for, if chance makes that of equal arms less than once in a hundred looks. */
const MORE_ERRORS = 0.01;
const SURE = 2.58;
/** Of an arm that stands alone: what a target that is well does not do. */
const ALONE_ERRORS = 0.05;

interface Bounds {
  readonly median: { readonly times: number; readonly byMs: number };
  readonly tail: { readonly times: number; readonly byMs: number; readonly calls: number };
}

/** Both, so that neither half a millisecond nor a slow target is taken for harm. */
const SLOWER: Bounds = { median: { times: 1.25, byMs: 2 }, tail: { times: 2, byMs: 20, calls: 100 } };
const MUCH_SLOWER: Bounds = { median: { times: 3, byMs: 20 }, tail: { times: 5, byMs: 200, calls: 100 } };

/**
 * Is the arm that grows worse than the other one? With nothing to hold it against, only its own failures speak: a way back must not be
 * barred because the way that is left is empty. `isEarlier`: the other one is of another time, in which the machine may have had less to do, so
 * only a slowness far beyond that counts. `grows`: whoever goes to the hub knows that it is one node more, so there only failures count.
 */
export const judge = (
  arm: ArmStats | null,
  other: ArmStats | null,
  grows: Way = 'mesh',
  isEarlier = false,
): Judgement => {
  const calls = arm?.calls ?? 0;
  if (arm === null || calls < LEAST_CALLS)
    return { kind: 'few', why: `${calls} calls went this way, and ${LEAST_CALLS} are the least` };
  const why = other === null || other.calls < LEAST_CALLS ? failing(arm) : held(arm, other, { grows, isEarlier });
  return why === undefined ? { kind: 'well' } : { kind: 'worse', why };
};

interface Against {
  readonly grows: Way;
  readonly isEarlier: boolean;
}

const held = (arm: ArmStats, other: ArmStats, { grows, isEarlier }: Against): string | undefined =>
  moreErrors(arm, other) ?? (grows === 'mesh' ? slower(arm, other, isEarlier ? MUCH_SLOWER : SLOWER) : undefined);

const failing = ({ calls, errors }: ArmStats): string | undefined =>
  errors / calls > ALONE_ERRORS
    ? `${percent(errors / calls)} of its calls failed (${errors} of ${calls}), and there is nothing to hold it against`
    : undefined;

/** Two proportions, pooled. */
const moreErrors = (arm: ArmStats, other: ArmStats): string | undefined => {
  const [rate, usual] = [arm.errors / arm.calls, other.errors / other.calls];
  if (rate - usual <= MORE_ERRORS) return undefined;
  const pooled = (arm.errors + other.errors) / (arm.calls + other.calls);
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / arm.calls + 1 / other.calls));
  if (spread > 0 && (rate - usual) / spread < SURE) return undefined;
  return `${percent(rate)} of its calls failed (${arm.errors} of ${arm.calls}), and ${percent(usual)} of the others (${other.errors} of ${other.calls})`;
};

const slower = (arm: ArmStats, other: ArmStats, { median, tail }: Bounds): string | undefined => {
  if (arm.p50Ms > other.p50Ms * median.times && arm.p50Ms - other.p50Ms > median.byMs)
    return `its median is ${ms(arm.p50Ms)}, and that of the others ${ms(other.p50Ms)}`;
  if (Math.min(arm.calls, other.calls) < tail.calls) return undefined;
  if (arm.p95Ms > other.p95Ms * tail.times && arm.p95Ms - other.p95Ms > tail.byMs)
    return `one in twenty of its calls takes over ${ms(arm.p95Ms)}, and of the others over ${ms(other.p95Ms)}`;
  return undefined;
};

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
