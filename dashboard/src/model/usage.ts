/** Usage as people ask for it: which rows there are and in which order, what they are called, where they lead, and the command that says the same. */
import type { UsageItem, UsageTotals, UsageView } from '../../../src/contract/index.ts';
import { count, duration, money } from './format.ts';
import { quoted } from './shell.ts';

/** What rows are of, and how the node is asked for them. */
export const BYS = [
  { id: 'caller', name: 'Callers', asked: 'caller' },
  { id: 'target', name: 'Targets', asked: 'target' },
  { id: 'operation', name: 'Operations', asked: 'target,operation' },
] as const;
export type By = (typeof BYS)[number]['id'];

const KIND_NAMES = { agent: 'Agents', model: 'Models', tool: 'Tools' } as const;
type Kind = keyof typeof KIND_NAMES;

/** Of which rows can be left out; empty: all. */
export const KINDS: Readonly<Record<By, readonly { readonly id: Kind | ''; readonly name: string }[]>> = {
  caller: [
    { id: '', name: 'All' },
    { id: 'agent', name: KIND_NAMES.agent },
  ],
  target: [
    { id: '', name: 'All' },
    ...(['agent', 'model', 'tool'] as const).map((id) => ({ id, name: KIND_NAMES[id] })),
  ],
  operation: [],
};

/** Most of it comes first. `asked`: the order of the node, which knows none by p99 and is asked for where most time went. */
export const MEASURES = {
  cost: { name: 'cost', asked: 'cost', of: ({ costMicros }) => costMicros, text: money },
  tokens: { name: 'tokens', asked: 'tokens', of: (of) => of.inputTokens + of.outputTokens, text: count },
  calls: { name: 'calls', asked: 'calls', of: ({ calls }) => calls, text: count },
  errors: { name: 'errors', asked: 'errors', of: ({ errors }) => errors, text: count },
  denied: { name: 'denied', asked: 'denied', of: ({ denied }) => denied, text: count },
  held: { name: 'held', asked: 'held', of: ({ held }) => held, text: count },
  mean: { name: 'mean time', asked: 'mean', of: ({ meanMs }) => meanMs ?? 0, text: duration },
  p99: { name: 'p99', asked: 'took', of: ({ p99Ms }) => p99Ms ?? 0, text: duration },
  waited: { name: 'waiting', asked: 'waited', of: ({ waitedMs }) => waitedMs, text: duration },
} as const satisfies Readonly<Record<string, Measuring>>;
export type Measure = keyof typeof MEASURES;

interface Measuring {
  readonly name: string;
  readonly asked: string;
  readonly of: (totals: UsageTotals) => number;
  readonly text: (amount: number) => string;
}

export interface Asked {
  readonly by: By;
  readonly sort: Measure;
  readonly kind: string;
}

/** What is asked every day, as it stands in an address. */
export const QUESTIONS: readonly (Asked & { readonly name: string })[] = [
  { name: 'Which agent uses most tokens?', by: 'caller', sort: 'tokens', kind: 'agent' },
  { name: 'Which agents are bottlenecks?', by: 'target', sort: 'waited', kind: 'agent' },
  { name: 'Which operations cost most?', by: 'operation', sort: 'cost', kind: '' },
];

/** What is in an address may be anything. */
export const askedIn = ({ by, sort, kind }: Readonly<Record<keyof Asked, string>>): Asked => {
  const known = BYS.find(({ id }) => id === by)?.id ?? 'caller';
  return {
    by: known,
    sort: Object.hasOwn(MEASURES, sort) ? (sort as Measure) : 'cost',
    kind: KINDS[known].find(({ id }) => id === kind)?.id ?? '',
  };
};

export interface UsageRow {
  /** `agent/concierge`, `user`, `model/large/chat`: as `airspace top` has it. */
  readonly name: string;
  /** `agent`, `model`, `tool`; `inner`: none of these. */
  readonly kind: string;
  /** Who calls or is called, without its kind. */
  readonly who: string;
  /** Null: rows are not of operations. */
  readonly operation: string | null;
  /** What it is, where it is nobody that could be named; else empty. */
  readonly note: string;
  readonly item: UsageItem;
}

/** Names that are nobody's: without a kind before them. */
const NOTES: ReadonlyMap<string, string> = new Map([
  ['user', 'people, who have no names here: Budgets knows what each of them spent'],
  ['node', 'nodes, for themselves'],
  ['nobody', 'without an identity'],
  ['unknown', 'no target that this hub knows'],
  ['other', 'whatever came after the 1,000 rows that a step has room for, together'],
]);

export const rowsOf = ({ items }: UsageView, { sort, kind }: Asked): readonly UsageRow[] => {
  const { of } = MEASURES[sort];
  return items
    .map(rowOf)
    .filter((row) => kind === '' || row.kind === kind)
    .sort((a, b) => of(b.item) - of(a.item));
};

const rowOf = (item: UsageItem): UsageRow => {
  const whole = item.caller ?? item.target ?? '';
  const kind = /^(agent|model|tool)\//.exec(whole)?.[1] ?? 'inner';
  return {
    name: item.operation === undefined ? whole : `${whole}/${item.operation || '-'}`,
    ...{ kind, who: kind === 'inner' ? whole : whole.slice(kind.length + 1), operation: item.operation ?? null },
    ...{ note: NOTES.get(whole) ?? '', item },
  };
};

/** Of the time of its calls, what none of them was under way in, from 0 to 1. */
export const waitedShare = ({ waitedMs, tookMs }: UsageTotals): number =>
  tookMs <= 0 ? 0 : Math.min(1, waitedMs / tookMs);

/** `3 target, 1 timeout`; empty: none. */
export const causesOf = ({ errorsBy }: UsageTotals): string =>
  Object.entries(errorsBy)
    .filter(([, errors]) => errors > 0)
    .map(([cause, errors]) => `${errors} ${cause}`)
    .join(', ');

/** Its page among agents, models and tools; undefined: it has none. */
export const pageOf = ({ item, kind }: UsageRow): string | undefined =>
  kind === 'inner' ? undefined : `/agents?sel=${inAddress(item.caller ?? item.target ?? '')}`;

/** Its calls among Requests; undefined: no filter finds them. */
export const requestsOf = ({ item, kind, who }: UsageRow): string | undefined => {
  if (item.caller === 'user') return filtered('caller:user/');
  // What has a space in it cannot be typed as one condition.
  if (kind === 'inner' || /\s/.test(who)) return undefined;
  return filtered(item.caller === undefined ? `target:${who}` : `agent:${who}`);
};

const filtered = (filter: string): string => `/requests?filter=${inAddress(filter)}`;

/** Half a character has no place in an address, and is no reason to show nothing. */
const inAddress = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Orders of `airspace top agents` that are of agents as they are called. */
const OF_CALLED: ReadonlySet<Measure> = new Set(['waited', 'p99', 'mean', 'errors']);

/** The command with the same rows. Where there is none for agents alone it has the others, too. */
export const topCommand = ({ by, sort, kind }: Asked, since: string): string =>
  `airspace top ${rankingOf({ by, sort, kind })} --sort ${sort === 'waited' ? 'waiting' : sort} --since ${quoted(since)}`;

const rankingOf = ({ by, sort, kind }: Asked): string => {
  if (by === 'operation') return 'operations';
  if (kind === 'agent' && OF_CALLED.has(sort) === (by === 'target')) return 'agents';
  if (by === 'caller') return 'callers';
  return kind === 'model' ? 'models' : kind === 'tool' ? 'tools' : 'targets';
};

export interface Bar {
  readonly startMs: number;
  readonly amount: number;
}

/** One for each step of the while, also for those in which nothing was. */
export const barsOf = ({ fromMs, toMs, stepMs, items }: UsageView, sort: Measure): readonly Bar[] => {
  const told = new Map(items.map((item) => [item.startMs ?? 0, MEASURES[sort].of(item)]));
  const steps = Math.max(1, Math.min(MOST_BARS, Math.ceil((toMs - fromMs) / stepMs)));
  return Array.from({ length: steps }, (_, at) => {
    const startMs = fromMs + at * stepMs;
    return { startMs, amount: told.get(startMs) ?? 0 };
  });
};

const MOST_BARS = 1_000;
