/** The port of usage over a database: between groups of the contract and rows of its table. */
import {
  type CallEvent,
  type Counting,
  durationBucketOf,
  MOST_SUM,
  MOST_USAGE_ROWS,
  OTHER_USAGE,
  USAGE_STEP_NAMES,
  USAGE_STEPS,
  type UsageCall,
  type UsageGroup,
  type UsageQuery,
  type UsageStore,
} from '../../contract/index.ts';
import { searched } from '../searched.ts';
import type { Lane } from './commands.ts';
import { DURATION_COLUMNS, type UsageColumns } from './tables.ts';
import type { AddUsageArgs, UsageArgs } from './usage.ts';
import type { Used } from './usage-rows.ts';

export const usageOver = (lane: Lane): UsageStore => ({
  read: async (query) => (await lane.read('readUsage', argsOf(query))).filter(isThere).map(groupOf),
  prune: async (before) => {
    let total = 0;
    for (const name of USAGE_STEP_NAMES) {
      const old = { step: USAGE_STEPS[name].ms, before: before[name] };
      // A day of it at once would keep waiting what comes in.
      for (let removed = 1; removed > 0; total += removed) removed = await lane.write('pruneUsage', old);
    }
    return total;
  },
});

const argsOf = ({ by, step, fromMs, toMs, ...query }: UsageQuery): UsageArgs => {
  const flag = (dimension: (typeof by)[number]): number => (by.includes(dimension) ? 1 : 0);
  return {
    ...{ tenant: query.tenant, step: USAGE_STEPS[step].ms, from: fromMs, to: toMs },
    ...{ caller: named(query.caller), target: named(query.target), operation: named(query.operation) },
    ...{ byCaller: flag('caller'), byTarget: flag('target'), byOperation: flag('operation'), byTime: flag('time') },
    ...{ sort: query.sort, none: '', limit: query.limit },
  };
};

/** What these events add; null when nothing is counted. */
export const usageIn = (events: readonly CallEvent[], counting: Counting | undefined): AddUsageArgs | null => {
  const used = events.flatMap((event) => usedBy(event, counting) ?? []);
  return used.length === 0 ? null : { ...ROOM, used };
};

export const ROOM = {
  steps: USAGE_STEP_NAMES.map((step) => USAGE_STEPS[step].ms),
  most: MOST_USAGE_ROWS,
  other: OTHER_USAGE,
} as const;

export const usedBy = (event: CallEvent, counting: Counting | undefined): Used | null => {
  const call = counting?.usageOf?.(event);
  if (call === undefined) return null;
  const { tenant, caller, target, operation, endedAtMs } = call;
  const names = { caller: searched(caller), target: searched(target), operation: searched(operation) };
  return { tenant, ...names, ended_at: endedAtMs, adds: addedBy(call) };
};

const addedBy = (call: UsageCall): Used['adds'] => {
  const used = {
    ...some('attempts', call.attempts),
    ...some('cost_micros', call.costMicros),
    ...some('input_tokens', call.inputTokens),
    ...some('output_tokens', call.outputTokens),
  };
  if (call.isHeld) return { ...used, held: 1 };
  return {
    ...{ ...used, calls: 1, [DURATION_COLUMNS[durationBucketOf(call.tookMicros / 1_000)]!]: 1 },
    ...some('took_micros', call.tookMicros),
    ...some('waited_micros', call.waitedMicros),
    ...(call.isDenied ? { denied: 1 } : {}),
    ...(call.error === null ? {} : { [`error_${call.error}`]: 1 }),
  };
};

const some = <K extends string>(column: K, count: number): Partial<Record<K, number>> =>
  count === 0 ? {} : ({ [column]: count } as Record<K, number>);

const named = (name: string | undefined): string | null => (name === undefined ? null : searched(name));

type Grouped = Omit<UsageColumns, 'step_ms' | 'tenant'>;

/** Grouping by nothing answers nothing on some engines and one row of nulls on others. */
const isThere = ({ calls }: Grouped): boolean => calls !== null;

const groupOf = (row: Grouped): UsageGroup => ({
  ...{ startMs: row.start_ms, caller: row.caller, target: row.target, operation: row.operation },
  ...{ calls: whole(row.calls), denied: whole(row.denied), held: whole(row.held), attempts: whole(row.attempts) },
  errors: {
    target: whole(row.error_target),
    timeout: whole(row.error_timeout),
    unreachable: whole(row.error_unreachable),
    overloaded: whole(row.error_overloaded),
    own: whole(row.error_own),
  },
  costMicros: whole(row.cost_micros),
  inputTokens: whole(row.input_tokens),
  outputTokens: whole(row.output_tokens),
  tookMicros: whole(row.took_micros),
  waitedMicros: whole(row.waited_micros),
  durations: DURATION_COLUMNS.map((column) => whole(row[column])),
});

const whole = (sum: number): number => Math.min(MOST_SUM, sum);
