/** `airspace status` and `airspace check`: how the node is, and whether that is good enough. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KillsView } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { duration, parseDuration } from '../render/time.ts';
import type { TopRead } from '../render/top.ts';
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
    ['store', found.store],
    ['targets', `${targets.declared} declared, ${targets.eligible} of ${targets.endpoints} used endpoints take calls`],
    ...(targets.panic.length === 0 ? [] : [['panic', targets.panic.join(', ')] as const]),
    ['weakened', found.weakened.join('; ') || 'nothing'],
    ...((found.fallback ?? []).length === 0 ? [] : [['fallback', fallbackNote(found.fallback ?? [])] as const]),
    ...(found.oracle === undefined ? [] : [['oracle', oracleNote(found.oracle)] as const]),
    ['stopped', items.map((order) => `${describe(order)} (${order.id})`).join(', ') || 'nothing'],
  ];
  return lines.map(([name, text]) => `${name.padEnd(14)} ${clean(text)}`).join('\n');
};

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

const judged = ({ ready, snapshotSeq, weakened, targets, oracle }: Status, top: TopRead): readonly Verdict[] => {
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
