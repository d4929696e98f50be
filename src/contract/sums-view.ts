/** Sums as somebody looks at them: of one domain with those below it, over the last while. */

export interface SumTotals {
  readonly calls: number;
  readonly perMinute: number;
  readonly errors: number;
  /** Of all calls; null when there were none. */
  readonly errorRatio: number | null;
  readonly denied: number;
  /** That began to wait for people. */
  readonly held: number;
  /** Null when there were no calls. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly costMicros: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface TargetSums extends SumTotals {
  /** `kind/name`; `unknown` for names that nothing had, and `other` for what there was no room for. */
  readonly target: string;
}

export interface DomainSums {
  readonly domain: string;
  /** Calls that came in there or below, whatever they were to: what its own callers did, and what that cost. */
  readonly made: SumTotals;
  /** Calls to what is there or below, wherever they came in, as far as this hub is told: those that came in above it are not. */
  readonly got: SumTotals;
  /** What its callers called, most first. */
  readonly targets: readonly TargetSums[];
}

export interface SumsView {
  /** Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly items: readonly DomainSums[];
}
