/** The port of sums over a database: between rows of the contract and rows of its tables. */
import {
  type CallEvent,
  type Counting,
  MOST_SUM,
  MOST_SUM_ROWS,
  mergedRows,
  type SumRow,
  type SumStore,
  type SumTotal,
} from '../../contract/index.ts';
import type { Lane } from './commands.ts';
import type { AddSumsArgs } from './sums.ts';
import { DURATION_COLUMNS, type SumColumns } from './tables.ts';

export const sumsOver = (lane: Lane): SumStore => ({
  take: ({ node, epoch, seq }, rows, onward) => lane.write('takeSums', { node, epoch, seq, ...sumArgs(rows, onward) }),
  next: async (most, epoch) => {
    const batch = await lane.write('nextSums', { most, epoch });
    return batch === null ? undefined : { ...batch, rows: batch.rows.map(sumRowOf) };
  },
  sent: async (seq) => {
    await lane.write('sentSums', { seq });
  },
  read: async (tenant, from, to) => (await lane.read('readSums', { tenant, from, to })).map(sumRowOf),
  total: async (tenant, from, to) => (await lane.read('totalSums', { tenant, from, to })).map(sumTotalOf),
  prune: (before) => lane.write('pruneSums', { before }),
});

/** What these events add; null when nothing is counted. */
export const countedIn = (events: readonly CallEvent[], counting: Counting | undefined): AddSumsArgs | null => {
  const rows = counting === undefined ? [] : events.flatMap((event) => counting.rowOf(event) ?? []);
  return rows.length === 0 ? null : sumArgs(rows, counting?.onward ?? false);
};

const sumArgs = (rows: readonly SumRow[], onward: boolean): AddSumsArgs => ({
  rows: mergedRows(rows).map(columnsOf),
  onward,
  most: MOST_SUM_ROWS,
});

export const columnsOf = ({ durations, costMicros, inputTokens, outputTokens, ...row }: SumRow): SumColumns => ({
  ...row,
  cost_micros: costMicros,
  input_tokens: inputTokens,
  output_tokens: outputTokens,
  ...(Object.fromEntries(DURATION_COLUMNS.map((column, at) => [column, durations[at] ?? 0])) as Pick<
    SumColumns,
    (typeof DURATION_COLUMNS)[number]
  >),
});

const sumRowOf = (row: SumColumns): SumRow => ({
  minute: row.minute,
  tenant: row.tenant,
  // What is in the table was one of ours when it was written.
  caller: row.caller as SumRow['caller'],
  ...sumTotalOf(row),
});

const sumTotalOf = (row: Omit<SumColumns, 'minute' | 'tenant' | 'caller'>): SumTotal => ({
  domain: row.domain,
  kind: row.kind as SumRow['kind'],
  target: row.target,
  calls: whole(row.calls),
  errors: whole(row.errors),
  denied: whole(row.denied),
  held: whole(row.held),
  costMicros: whole(row.cost_micros),
  inputTokens: whole(row.input_tokens),
  outputTokens: whole(row.output_tokens),
  durations: DURATION_COLUMNS.map((column) => whole(row[column])),
});

const whole = (sum: number): number => Math.min(MOST_SUM, sum);
