/** Turns windows of load into figures: medians of several rounds with their spread, and a judgement whether they hold. */
import type { LoadResult } from './load/order.ts';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One target at one load, over all rounds. Times are microseconds. */
export interface Figures {
  /** User and system CPU of the hop; null where the kernel does not tell. */
  readonly cpuUsPerCall: Spread | null;
  readonly rps: Spread;
  readonly p50Us: Spread;
  readonly p99Us: Spread;
  /** Cores that the hop kept busy: under 0.9, the load and not the hop was the limit of `rps`. */
  readonly hopCores: Spread | null;
  readonly errors: number;
  readonly unfinished: number;
  readonly windows: number;
  readonly validWindows: number;
  readonly valid: boolean;
  /** Why windows were not valid, each reason once. */
  readonly doubts: readonly string[];
}

/** Foreign CPU and steal above this share of the machine make a window's latency meaningless. */
const MAX_FOREIGN_SHARE = 0.05;
/** An open loop whose generator is later than this measures its generator. */
const MAX_LATE_US = 2_000;

/** Why a window does not count; empty when it does. */
export function doubtsOf(result: LoadResult): readonly string[] {
  return [...disturbancesOf(result), ...failuresOf(result)];
}

/** True when the machine spoiled the window and the target did nothing wrong: only then may it be measured again. */
export function wasDisturbed(result: LoadResult): boolean {
  return disturbancesOf(result).length > 0 && failuresOf(result).length === 0;
}

function disturbancesOf({ cpu, lateP99Us }: LoadResult): readonly string[] {
  const doubts: string[] = [];
  if (cpu === null) doubts.push('foreign CPU cannot be measured on this platform');
  else if (cpu.foreignShare + cpu.stealShare > MAX_FOREIGN_SHARE) doubts.push('foreign CPU or steal over 5 %');
  if ((lateP99Us ?? 0) > MAX_LATE_US) doubts.push('the load generator was late by over 2 ms');
  return doubts;
}

function failuresOf({ calls, errors, firstError, unfinished }: LoadResult): readonly string[] {
  const doubts: string[] = [];
  if (calls === 0) doubts.push('no call succeeded');
  if (errors > 0) doubts.push(`errors, the first: ${firstError}`);
  if (unfinished > 0) doubts.push('calls had no reply a second after the window');
  return doubts;
}

/** Medians of the valid windows, or of all when none is valid. Valid when at least half of the windows were, and no call failed. */
export function figuresOf(results: readonly LoadResult[]): Figures {
  const valid = results.filter((result) => doubtsOf(result).length === 0);
  const used = valid.length > 0 ? valid : results;
  const errors = sum(results.map((result) => result.errors));
  return {
    cpuUsPerCall: spreadOrNull(
      used.map((result) => (result.cpu === null || result.calls === 0 ? null : result.cpu.hopUs / result.calls)),
    ),
    rps: spreadOf(used.map((result) => (result.calls * 1_000) / result.elapsedMs)),
    p50Us: spreadOf(used.map((result) => result.latencyUs.p50)),
    p99Us: spreadOf(used.map((result) => result.latencyUs.p99)),
    hopCores: spreadOrNull(used.map((result) => result.cpu?.hopCores ?? null)),
    errors,
    unfinished: sum(results.map((result) => result.unfinished)),
    windows: results.length,
    validWindows: valid.length,
    valid: errors === 0 && valid.length > 0 && valid.length * 2 >= results.length,
    doubts: [...new Set(results.flatMap(doubtsOf))],
  };
}

/** Of one number or more. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: rounded(medianOf(values)), min: rounded(Math.min(...values)), max: rounded(Math.max(...values)) };
}

/** The middle value, or the mean of the two in the middle. Of one number or more. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function spreadOrNull(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : spreadOf(known);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Two decimals below 10, one below 100, else none: more would pretend. */
function rounded(value: number): number {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return Number(value.toFixed(digits));
}
