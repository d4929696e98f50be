/** Sums of calls per minute: what a domain tells its parent beside every call, or instead of them. Rows are added up, never replaced. */
/** Upper ends of the buckets of durations, in milliseconds; one more bucket has all that is longer. From one to the next is at most twice as long. */
export const DURATION_EDGES_MS = [
  ...[1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300, 500, 700],
  ...[1_000, 2_000, 3_000, 5_000, 7_000, 10_000, 20_000, 30_000, 50_000],
] as const;
export const DURATION_BUCKETS = DURATION_EDGES_MS.length + 1;

/** Rows of a domain in one minute; what comes after is in one row `other`, so that nobody fills a disk with names. */
export const MOST_SUM_ROWS = 500;
/** Rows of one report, and so of what is sent at once. */
export const MOST_REPORTED_ROWS = 500;
/** Any sum stays there when it gets so far: beyond it a number is no whole one any more. */
export const MOST_SUM = Number.MAX_SAFE_INTEGER;
export const MINUTE_MS = 60_000;
/** How long sums are kept, at each level. */
export const KEEP_SUMS_MS = 30 * 24 * 3_600_000;

export const SUM_KINDS = ['agent', 'tool', 'model', 'unknown', 'other'] as const;
export const SUM_CALLERS = ['agent', 'user', 'node', 'nobody', 'other'] as const;

/** What is added up in one row. */
export interface SumKey {
  /** Minutes since 1970 began; the one in which the calls ended. */
  readonly minute: number;
  readonly tenant: string;
  /** Where the calls came in: the domain of the agent that called, else that of the node. Empty: the organisation. */
  readonly domain: string;
  /** `unknown`: nothing of the name was known, and it is empty. `other`: rows for which there was no room. */
  readonly kind: (typeof SUM_KINDS)[number];
  readonly target: string;
  /** Kind of who called; `nobody` when nobody knew. */
  readonly caller: (typeof SUM_CALLERS)[number];
}

/** Whole numbers, none below 0. */
export interface SumCounts {
  /** That ended; without those that began to wait for people. */
  readonly calls: number;
  /** Of them: the target's 5xx, and faults that are not the caller's. */
  readonly errors: number;
  /** Of them: policy, a budget or a limit said no. */
  readonly denied: number;
  /** Calls that began to wait for people. One that goes on is counted among `calls` when it ends. */
  readonly held: number;
  readonly costMicros: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of `calls`, by bucket. */
  readonly durations: readonly number[];
}

export interface SumRow extends SumKey, SumCounts {}

/** Rows of several minutes and callers together. */
export interface SumTotal extends Pick<SumKey, 'domain' | 'kind' | 'target'>, SumCounts {}

/** Rows on their way up, under a number that they keep until they have arrived. Their tenant is that of whoever sends them. */
export interface SumReport {
  /** Random, new with each store: its numbers mean nothing in another one. */
  readonly epoch: string;
  readonly seq: number;
  readonly rows: readonly Omit<SumRow, 'tenant'>[];
}

/** Sums beside the calls that they were taken from. Durable against the end of the process; a loss of power may cost the last moments. */
export interface SumStore {
  /**
   * Adds what a node sent under a number. One transaction, so that each number is taken once over a crash and for several hubs over one
   * store. Another `epoch` begins anew. False: it was here before, and nothing is added.
   */
  take(
    from: { readonly node: string; readonly epoch: string; readonly seq: number },
    rows: readonly SumRow[],
    onward: boolean,
  ): Promise<boolean>;
  /**
   * The oldest rows that wait for the parent, at most `most`; the same again, over any restart, until they are `sent`. What is
   * added meanwhile waits for the next number. `epoch` is used when this store has none yet. Undefined: nothing waits.
   */
  next(
    most: number,
    epoch: string,
  ): Promise<{ readonly epoch: string; readonly seq: number; readonly rows: readonly SumRow[] } | undefined>;
  /** The parent has those with this number. */
  sent(seq: number): Promise<void>;
  /** Of the tenant, in order of minutes: from the first to the last, both included. */
  read(tenant: string, fromMinute: number, toMinute: number): Promise<readonly SumRow[]>;
  /** The same, added up by where calls came in and what they were to; in any order. */
  total(tenant: string, fromMinute: number, toMinute: number): Promise<readonly SumTotal[]>;
  /** Removes rows of minutes before this one, also those that wait. Answers how many. */
  prune(beforeMinute: number): Promise<number>;
}

export const NO_COUNTS: SumCounts = {
  ...{ calls: 0, errors: 0, denied: 0, held: 0, costMicros: 0, inputTokens: 0, outputTokens: 0 },
  durations: Array.from({ length: DURATION_BUCKETS }, () => 0),
};

const atMost = (sum: number): number => Math.min(MOST_SUM, sum);

export const addCounts = (a: SumCounts, b: SumCounts): SumCounts => ({
  calls: atMost(a.calls + b.calls),
  errors: atMost(a.errors + b.errors),
  denied: atMost(a.denied + b.denied),
  held: atMost(a.held + b.held),
  costMicros: atMost(a.costMicros + b.costMicros),
  inputTokens: atMost(a.inputTokens + b.inputTokens),
  outputTokens: atMost(a.outputTokens + b.outputTokens),
  durations: a.durations.map((count, at) => atMost(count + (b.durations[at] ?? 0))),
});

export const sumKeyOf = ({ minute, tenant, domain, kind, target, caller }: SumKey): string =>
  JSON.stringify([minute, tenant, domain, kind, target, caller]);

/** One row of each key, in the order in which they came first. */
export const mergedRows = (rows: readonly SumRow[]): readonly SumRow[] => {
  const merged = new Map<string, SumRow>();
  for (const row of rows) {
    const key = sumKeyOf(row);
    const before = merged.get(key);
    merged.set(key, before === undefined ? row : { ...before, ...addCounts(before, row) });
  }
  return [...merged.values()];
};

/** Index of the bucket that a duration in milliseconds belongs to. */
export const durationBucketOf = (ms: number): number => {
  const at = DURATION_EDGES_MS.findIndex((edge) => ms <= edge);
  return at < 0 ? DURATION_EDGES_MS.length : at;
};

/**
 * The `q` quantile in milliseconds, as if durations were spread evenly within their bucket; null when there are none. Of those beyond the
 * last edge nothing is known but that, so it is the answer.
 */
export const durationQuantileMs = (durations: readonly number[], q: number): number | null => {
  const count = durations.reduce((sum, one) => sum + one, 0);
  let left = q * count;
  for (const [at, here] of durations.entries()) {
    if (here > 0 && left <= here) {
      const from = at === 0 ? 0 : DURATION_EDGES_MS[at - 1]!;
      const to = DURATION_EDGES_MS[at] ?? from;
      return from + ((to - from) * left) / here;
    }
    left -= here;
  }
  return count === 0 ? null : DURATION_EDGES_MS.at(-1)!;
};
