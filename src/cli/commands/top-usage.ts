/** `airspace top agents | models | tools | operations | callers`: what calls came to over a while, the largest first. */
import {
  amountText,
  type UsageDimension,
  type UsageItem,
  type UsageSort,
  type UsageView,
} from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import type { Column } from '../render/table.ts';
import { duration, parseDuration } from '../render/time.ts';

/** What is ranked: every one of a kind, as who calls or as who is called. */
interface Ranking {
  readonly by: readonly UsageDimension[];
  /** In front of the names that are meant; empty: all. */
  readonly kind: string;
  /** Default order. */
  readonly sort: Measure;
}

const CALLED: readonly UsageDimension[] = ['target'];
const CALLING: readonly UsageDimension[] = ['caller'];

export const RANKINGS: Readonly<Record<string, Ranking>> = {
  agents: { by: CALLING, kind: 'agent/', sort: 'tokens' },
  callers: { by: CALLING, kind: '', sort: 'cost' },
  models: { by: CALLED, kind: 'model/', sort: 'tokens' },
  tools: { by: CALLED, kind: 'tool/', sort: 'calls' },
  targets: { by: CALLED, kind: '', sort: 'calls' },
  operations: { by: ['target', 'operation'], kind: '', sort: 'cost' },
};

/** Of calls to it, and not of those that it makes: an agent is a bottleneck for whoever calls it. */
const OF_CALLED: ReadonlySet<Measure> = new Set(['waiting', 'p99', 'mean', 'queue', 'errors']);

const MEASURES = {
  calls: 'calls',
  errors: 'errors',
  denied: 'denied',
  held: 'held',
  cost: 'cost',
  tokens: 'tokens',
  time: 'took',
  waiting: 'waited',
  mean: 'mean',
  p99: 'took',
  queue: 'took',
} as const satisfies Readonly<Record<string, UsageSort>>;

export type Measure = keyof typeof MEASURES;

/** What the order says, for whoever reads the table. */
const MEANINGS: Readonly<Partial<Record<Measure, string>>> = {
  waiting:
    'by the time that calls to it waited before their last try: for a place, a budget, people, or another try. More than its work takes: it has too few places',
  p99: 'by the time within which 99 of 100 calls to it end. Far above P50: some calls are slow, or wait behind others',
  queue:
    'by how many calls to it were under way at once on average: calls times their time, by the length of the while. Above its concurrency: callers queue',
  tokens: 'by the tokens of the calls that it made to models',
  cost: 'by what its calls came to, as priced',
};

export interface TopUsageOptions {
  readonly sort?: string;
  readonly since?: string;
  readonly limit?: string;
}

type Row = UsageItem & {
  readonly name: string;
  /** Calls under way at once, on average. */
  readonly queue: number;
};

const MOST_GROUPS = 1_000;

export const topUsage = async (context: Context, what: string, options: TopUsageOptions): Promise<number> => {
  const ranking = Object.hasOwn(RANKINGS, what) ? RANKINGS[what]! : undefined;
  if (ranking === undefined)
    throw usage(`there is no top of \`${what}\``, `one of ${Object.keys(RANKINGS).join(', ')}`);
  const sort = measureIn(options.sort ?? ranking.sort);
  const limit = options.limit ?? '20';
  if (!/^[1-9]\d{0,2}$/.test(limit)) throw usage(`--limit must be a number from 1 to 999, not \`${limit}\``);
  const by = what === 'agents' && OF_CALLED.has(sort) ? CALLED : ranking.by;
  const view = await (await context.admin()).get<UsageView>('/v1/usage', {
    ...{ by: by.join(','), minutes: minutesIn(options.since ?? '1h'), sort: MEASURES[sort], limit: MOST_GROUPS },
  });
  const rows = view.items
    .map((item) => rowOf(item, view))
    .filter(({ name }) => name.startsWith(ranking.kind))
    .sort((a, b) => sizeOf(b, sort) - sizeOf(a, sort));
  await context.out.list({
    kind: 'Usage',
    rows: rows.slice(0, Number(limit)),
    columns: columnsOf(what, view),
    name: ({ name }) => name,
    empty: `nothing of this kind was called in the last ${options.since ?? '1h'}; a longer --since looks further back`,
  });
  say(context, what, sort, view, rows.length > Number(limit));
  return EXIT.ok;
};

const measureIn = (word: string): Measure => {
  if (!Object.hasOwn(MEASURES, word))
    throw usage(`--sort must be one of ${Object.keys(MEASURES).join(', ')}, not \`${word}\``);
  return word as Measure;
};

const minutesIn = (since: string): number => {
  const ms = parseDuration(since);
  if (ms === undefined || ms < 60_000) throw usage(`--since must be 1m or more, such as 1h or 7d, not \`${since}\``);
  return Math.ceil(ms / 60_000);
};

const rowOf = (item: UsageItem, { fromMs, toMs }: UsageView): Row => ({
  ...item,
  name: [item.caller ?? item.target ?? '', ...(item.operation === undefined ? [] : [item.operation || '-'])].join('/'),
  queue: toMs > fromMs ? item.tookMs / (toMs - fromMs) : 0,
});

const sizeOf = (row: Row, sort: Measure): number => {
  if (sort === 'tokens') return row.inputTokens + row.outputTokens;
  if (sort === 'cost') return row.costMicros;
  if (sort === 'time') return row.tookMs;
  if (sort === 'waiting') return row.waitedMs;
  if (sort === 'mean') return row.meanMs ?? 0;
  if (sort === 'p99') return row.p99Ms ?? 0;
  return row[sort];
};

const time = (ms: number | null): string => (ms === null ? '-' : duration(ms));

const columnsOf = (what: string, { total }: UsageView): readonly Column<Row>[] => [
  { title: what.replace(/s$/, '').toUpperCase(), value: ({ name }) => name },
  { title: 'CALLS', value: ({ calls }) => calls, align: 'right' },
  { title: 'TOKENS', value: (row) => sizeOf(row, 'tokens'), align: 'right' },
  { title: 'COST', value: ({ costMicros }) => amountText(costMicros, 'micros'), align: 'right' },
  {
    title: 'SHARE',
    value: ({ costMicros }) => (total.costMicros === 0 ? '-' : `${Math.round((100 * costMicros) / total.costMicros)}%`),
    align: 'right',
  },
  {
    title: 'ERRORS',
    value: ({ errorRatio }) => (errorRatio === null ? '-' : `${(100 * errorRatio).toFixed(1)}%`),
    align: 'right',
    style: ({ errorRatio }) => ((errorRatio ?? 0) >= 0.05 ? 'red' : undefined),
  },
  { title: 'DENIED', value: ({ denied }) => denied, align: 'right' },
  { title: 'HELD', value: ({ held }) => held, align: 'right' },
  { title: 'P50', value: ({ p50Ms }) => time(p50Ms), align: 'right' },
  { title: 'P99', value: ({ p99Ms }) => time(p99Ms), align: 'right' },
  { title: 'WAITED', value: ({ calls, waitedMs }) => (calls === 0 ? '-' : duration(waitedMs / calls)), align: 'right' },
  { title: 'AT ONCE', value: ({ queue }) => queue.toFixed(2), align: 'right' },
  { title: 'TRIES', value: ({ attempts }) => attempts, align: 'right', wide: true },
  { title: 'IN', value: ({ inputTokens }) => inputTokens, align: 'right', wide: true },
  { title: 'OUT', value: ({ outputTokens }) => outputTokens, align: 'right', wide: true },
];

const say = ({ out }: Context, what: string, sort: Measure, view: UsageView, isLonger: boolean): void => {
  const { fromMs, toMs, step, isCut, without } = view;
  const who = what === 'agents' ? (OF_CALLED.has(sort) ? ', as called' : ', as callers') : '';
  out.note(`${what}${who}, ${MEANINGS[sort] ?? `by ${sort}`}`);
  out.note(
    `from ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}, in steps of a ${step}; WAITED is of one call`,
  );
  if (isLonger || isCut) out.note('there are more; --limit shows them');
  if (without.length > 0)
    out.note(
      `without what came in at ${without.join(', ')}: there calls are kept, and \`airspace describe domain\` has sums`,
    );
};
