/** `airspace status` and `airspace check`: how the node is, and whether that is good enough. */
import { setTimeout as sleep } from 'node:timers/promises';
import { REMOVED_WHY, type TopRead } from '../../contract/index.ts';
import type { HubRefusal, KillsView, NodeStatus, ParentStatus } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { size } from '../render/size.ts';
import { duration, parseDuration } from '../render/time.ts';
import { keysJudged, keysSeen } from './key-check.ts';
import { describe } from './kill.ts';
import type { Verdict } from './verdict.ts';

interface Status {
  readonly node: string;
  readonly role: string;
  readonly version: string;
  readonly uptimeMs: number;
  readonly ready: boolean;
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly store: string;
  readonly weakened: readonly string[];
  /** Policy that cedar-wasm decides; absent on nodes of an earlier version. */
  readonly fallback?: readonly { readonly level: string; readonly operators: readonly string[] }[];
  /** Decisions taken again by cedar-wasm; absent on nodes that do not. */
  readonly oracle?: { readonly checked: number; readonly mismatched: number };
  /** Of the hub of a domain. */
  readonly parent?: ParentStatus;
  /** Hubs of domains of which something is refused here; absent on nodes of an earlier version. */
  readonly refusals?: readonly HubRefusal[];
  /** Absent on nodes that export nothing. */
  readonly otlp?: NodeStatus['otlp'];
  readonly otlpMetrics?: NodeStatus['otlpMetrics'];
  /** Absent on nodes of an earlier version. */
  readonly telemetry?: NodeStatus['telemetry'];
  /** Absent on nodes of an earlier version. */
  readonly agentSpans?: NodeStatus['agentSpans'];
  readonly targets: {
    readonly declared: number;
    readonly endpoints: number;
    readonly eligible: number;
    readonly panic: readonly string[];
  };
}

export const status = async (context: Context): Promise<number> => {
  const admin = await context.admin();
  const [found, kills] = await Promise.all([admin.get<Status>('/v1/status'), admin.get<KillsView>('/v1/kills')]);
  await context.out.one({ ...found, kills: kills.items }, () => statusText(admin.url, found, kills));
  return EXIT.ok;
};

const statusText = (url: string, found: Status, { items }: KillsView): string => {
  const { targets } = found;
  const lines: readonly (readonly [string, string])[] = [
    ['node', `${found.node} (${found.role}) at ${url}`],
    ['version', `${found.version}, up ${duration(found.uptimeMs)}`],
    ['ready', found.ready ? 'yes' : 'no'],
    [
      'configuration',
      found.snapshotSeq === 0 ? 'none yet' : `snapshot ${found.snapshotSeq}, roster ${found.rosterSeq}`,
    ],
    ...(found.parent === undefined ? [] : parentLines(found.parent)),
    ...(found.refusals ?? []).map((one) => ['refused', refusalText(one)] as const),
    ['store', found.store],
    ['targets', `${targets.declared} declared, ${targets.eligible} of ${targets.endpoints} used endpoints take calls`],
    ...(targets.panic.length === 0 ? [] : [['panic', targets.panic.join(', ')] as const]),
    ['weakened', found.weakened.join('; ') || 'nothing'],
    ...((found.fallback ?? []).length === 0 ? [] : [['fallback', fallbackNote(found.fallback ?? [])] as const]),
    ...(found.oracle === undefined ? [] : [['oracle', oracleNote(found.oracle)] as const]),
    ...(found.telemetry === undefined ? [] : [['traces', telemetryNote(found.telemetry)] as const]),
    ...(found.otlp === undefined ? [] : [['export', exportNote(found.otlp)] as const]),
    ...(found.otlpMetrics === undefined ? [] : [['export', pushNote(found.otlpMetrics)] as const]),
    ...saidLines(found.agentSpans),
    ['stopped', items.map((order) => `${describe(order)} (${order.id})`).join(', ') || 'nothing'],
  ];
  return lines.map(([name, text]) => `${name.padEnd(14)} ${clean(text)}`).join('\n');
};

const telemetryNote = (kept: NonNullable<Status['telemetry']>): string => {
  const { events, bytes, keepBytes, fileBytes, freeBytes, oldestMs, sample, removed } = kept;
  const gone = REMOVED_WHY.filter((why) => removed[why] > 0).map((why) => `${removed[why]} for ${REMOVED[why]}`);
  return [
    `${events} calls${oldestMs === null ? '' : ` since ${new Date(oldestMs).toISOString().slice(0, 16)}Z`}, ${size(bytes)} of ${size(keepBytes)}`,
    ...(fileBytes === null
      ? []
      : [`${size(fileBytes)} on the disk${freeBytes === null ? '' : `, ${size(freeBytes)} of it free`}`]),
    ...(sample === 1 ? [] : [`${Number((sample * 100).toFixed(6))}% of ordinary traces are kept`]),
    ...(gone.length === 0 ? [] : [`removed: ${gone.join(', ')}`]),
  ].join('; ');
};

const REMOVED = { age: 'their age', size: 'their size', sample: 'the sample' } as const;

const exportNote = ({ to, sent, waiting, dropped, trouble }: NonNullable<Status['otlp']>): string =>
  [
    `${sent} spans sent to ${to}, ${waiting} waiting, ${droppedNote(dropped)}`,
    ...(trouble === '' ? [] : [`the last request: ${trouble}`]),
  ].join('; ');

const pushNote = ({ to, sent, dropped, trouble }: NonNullable<Status['otlpMetrics']>): string =>
  [
    `${sent} points of metrics sent to ${to}, ${droppedNote(dropped)}`,
    ...(trouble === '' ? [] : [`the last push: ${trouble}`]),
  ].join('; ');

/** Only where there is something to say. */
const saidLines = (spans: Status['agentSpans']): readonly (readonly [string, string])[] =>
  spans === undefined || (spans.kept === 0 && Object.values(spans.left).every((count) => count === 0))
    ? []
    : [['said', `${spans.kept} spans of agents kept, ${droppedNote(spans.left)}`]];

const droppedNote = (counts: Readonly<Record<string, number>>): string => {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  const total = some.reduce((sum, [, count]) => sum + count, 0);
  return total === 0
    ? 'none dropped'
    : `${total} dropped (${some.map(([why, count]) => `${why} ${count}`).join(', ')})`;
};

const refusalText = ({ domain, node, what, reason }: HubRefusal): string =>
  `${what} of domain ${domain} (${node}): ${reason}`;

const parentLines = ({ domain, hub, url, snapshotSeq, silentMs, left, exports, ...more }: ParentStatus) => [
  ['domain', domain] as const,
  [
    'parent',
    `${hub} at ${url}, ${silentMs === null ? 'not heard since the start' : `heard ${duration(silentMs)} ago`}, its snapshot ${snapshotSeq || 'not here yet'}`,
  ] as const,
  [
    'exports',
    exports.refused === null ? exports.taken.join(', ') || 'nothing' : `refused: ${exports.refused}`,
  ] as const,
  ...telemetryLines(more),
  ...left.map((one) => ['not in force', one] as const),
];

/** A node of an earlier version says nothing of it. */
const telemetryLines = ({ telemetry, sumsRefused }: Partial<Pick<ParentStatus, 'telemetry' | 'sumsRefused'>>) => [
  ...(telemetry === undefined
    ? []
    : [['telemetry', telemetry === 'sums' ? 'sums only; calls stay here' : 'calls and sums'] as const]),
  ...(sumsRefused === undefined || sumsRefused === null ? [] : [['sums', `refused: ${sumsRefused}`] as const]),
];

const fallbackNote = (sets: NonNullable<Status['fallback']>): string =>
  `cedar-wasm decides ${sets.map(({ level, operators }) => `${level} (${operators.join(', ')})`).join(', ')}`;

const oracleNote = ({ checked, mismatched }: NonNullable<Status['oracle']>): string =>
  mismatched === 0
    ? `${checked} decisions taken again, all the same`
    : `${mismatched} of ${checked} decisions taken again were different; \`airspace logs --level error\` has them`;

export interface CheckOptions {
  /** How long to wait until nothing fails. */
  readonly wait?: string;
}

const RETRY_MS = 500;

/** Exit 1 when a check fails; remarks do not fail. */
export const check = async (context: Context, { wait }: CheckOptions): Promise<number> => {
  const waitMs = wait === undefined ? 0 : parseDuration(wait);
  if (waitMs === undefined) throw usage(`--wait must be such as 30s or 2m, not \`${wait}\``);
  const endMs = performance.now() + waitMs;
  let verdicts = await verdictsOf(context);
  while (verdicts.some(({ verdict }) => verdict === 'failed') && performance.now() + RETRY_MS < endMs) {
    await sleep(RETRY_MS);
    verdicts = await verdictsOf(context);
  }
  await context.out.list({
    kind: 'Check',
    rows: verdicts,
    columns: [
      { title: 'CHECK', value: (one) => one.check },
      {
        title: 'VERDICT',
        value: (one) => one.verdict,
        style: (one) => (one.verdict === 'ok' ? 'green' : one.verdict === 'warn' ? 'yellow' : 'red'),
      },
      { title: 'NOTE', value: (one) => one.note },
    ],
    name: (one) => one.check,
    empty: '',
  });
  return verdicts.some(({ verdict }) => verdict === 'failed') ? EXIT.no : EXIT.ok;
};

const verdictsOf = async (context: Context): Promise<readonly Verdict[]> => {
  try {
    const admin = await context.admin();
    const [found, top, kills, keys] = await Promise.all([
      admin.get<Status>('/v1/status'),
      admin.get<TopRead>('/v1/top'),
      admin.get<KillsView>('/v1/kills'),
      keysSeen(admin),
    ]);
    return [
      { check: 'reachable', verdict: 'ok', note: `${found.node} at ${admin.url}` },
      ...judged(found, top),
      ordersJudged(kills),
      ...keysJudged(keys),
    ];
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.exit === EXIT.usage) throw thrown;
    return [{ check: 'reachable', verdict: 'failed', note: thrown.message }];
  }
};

const judged = (
  { ready, snapshotSeq, weakened, targets, oracle, refusals = [] }: Status,
  top: TopRead,
): readonly Verdict[] => {
  const without = top.targets.filter(
    ({ endpoints }) => endpoints.length > 0 && endpoints.every(({ obstacle }) => obstacle !== null),
  );
  return [
    { check: 'ready', verdict: ready ? 'ok' : 'failed', note: ready ? '' : 'the node does not take calls' },
    snapshotSeq > 0
      ? { check: 'configuration', verdict: 'ok', note: `snapshot ${snapshotSeq}` }
      : { check: 'configuration', verdict: 'failed', note: 'there is none; airspace apply -f <folder>' },
    targets.declared > 0
      ? { check: 'targets', verdict: 'ok', note: `${targets.declared} declared` }
      : { check: 'targets', verdict: 'warn', note: 'nothing can be called yet' },
    without.length === 0
      ? {
          check: 'endpoints',
          verdict: 'ok',
          note:
            targets.endpoints === 0 ? 'none was used yet' : `${targets.eligible} of ${targets.endpoints} take calls`,
        }
      : {
          check: 'endpoints',
          verdict: 'failed',
          note: `none takes calls for ${without.map(({ target }) => target).join(', ')}`,
        },
    weakened.length === 0
      ? { check: 'controls', verdict: 'ok', note: 'none weakened' }
      : { check: 'controls', verdict: 'warn', note: weakened.join('; ') },
    ...(refusals.length === 0
      ? []
      : [{ check: 'domains', verdict: 'warn' as const, note: `refused: ${refusals.map(refusalText).join('; ')}` }]),
    ...(oracle === undefined ? [] : [oracleJudged(oracle)]),
  ];
};

const oracleJudged = (oracle: NonNullable<Status['oracle']>): Verdict => ({
  check: 'oracle',
  verdict: oracle.mismatched === 0 ? 'ok' : 'failed',
  note: oracleNote(oracle),
});

/** An order is no failure of the node, and nobody may forget one. */
const ordersJudged = ({ items }: KillsView): Verdict =>
  items.length === 0
    ? { check: 'orders', verdict: 'ok', note: 'nothing is stopped' }
    : { check: 'orders', verdict: 'warn', note: `stopped: ${items.map(describe).join(', ')}; airspace kill ls` };
