/** Usage as somebody looks at it: who called what over the last while, the largest first. */
import type { UsageDimension, UsageError, UsageSort, UsageStep } from './usage.ts';

export interface UsageTotals {
  /** That ended; without those that began to wait for people. */
  readonly calls: number;
  readonly errors: number;
  readonly errorsBy: Readonly<Record<UsageError, number>>;
  /** Of all calls; null when there were none. */
  readonly errorRatio: number | null;
  readonly denied: number;
  /** That began to wait for people. */
  readonly held: number;
  readonly attempts: number;
  readonly costMicros: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of all calls together, from their beginning to their end. */
  readonly tookMs: number;
  /** Of it: while no try was under way. */
  readonly waitedMs: number;
  /** Null when there were no calls. */
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
}

/** The fields of what was asked `by` are there, and no others. */
export interface UsageItem extends UsageTotals {
  /** Unix ms at which the step begins. */
  readonly startMs?: number;
  /** `agent/concierge`, `user`, `node`, `nobody`, `other`. */
  readonly caller?: string;
  /** `model/large`, `unknown`, `other`. */
  readonly target?: string;
  readonly operation?: string;
}

export interface UsageView {
  /** Unix ms: the beginning of the first step. */
  readonly fromMs: number;
  readonly toMs: number;
  /** What was counted: a while that is longer or older is told in longer steps. */
  readonly step: UsageStep;
  readonly stepMs: number;
  readonly by: readonly UsageDimension[];
  readonly sort: UsageSort;
  /** Of everything that fits, also of what is beyond the limit. */
  readonly total: UsageTotals;
  /** The largest first. */
  readonly items: readonly UsageItem[];
  /** There are more; for whoever sees a part of a tenant also: more than was looked through, and then `total` has less than all. */
  readonly isCut: boolean;
  /** Domains that hand up sums only: what came in there is not in these figures, and `/v1/sums` has it. */
  readonly without: readonly string[];
}

/** What somebody asks about usage. */
export interface UsageAsked {
  readonly by: readonly UsageDimension[];
  readonly minutes: number;
  /** Unix ms. Absent: now. */
  readonly untilMs?: number;
  readonly sort: UsageSort;
  readonly caller?: string;
  readonly target?: string;
  readonly operation?: string;
  readonly limit: number;
}
