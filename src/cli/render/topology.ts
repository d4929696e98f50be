/** Ways of calls as tables and sentences. */
import type { AdviceView, ArmStats, PairView, RouteAdvice, TopologyView } from '../../topologies/index.ts';
import { clean } from './clean.ts';
import type { Paint, Style } from './paint.ts';
import type { Column } from './table.ts';
import { duration } from './time.ts';

/** `72 % hub, 28 % mesh`: as it was, beside what is configured. */
export const wayText = ({ hub, mesh, calls }: Pick<PairView, 'hub' | 'mesh' | 'calls'>): string => {
  if (calls === 0) return '-';
  if (mesh === null) return 'hub';
  if (hub === null) return 'mesh';
  const share = Math.round((mesh.calls / calls) * 100);
  return `${share} % mesh`;
};

const configuredText = ({ configured: { via, meshPercent, withoutPeer } }: PairView): string => {
  const way = meshPercent === 0 || meshPercent === 100 ? via : `${meshPercent} % mesh`;
  return withoutPeer === 'hub' ? `${way}, else hub` : way;
};

const both = (view: PairView, of: (arm: ArmStats) => number | null): string => {
  const shown = [view.hub, view.mesh].flatMap((arm) => {
    const value = arm === null ? null : of(arm);
    return value === null ? [] : [duration(value)];
  });
  return shown.join(' | ') || '-';
};

export const PAIR_COLUMNS: readonly Column<PairView>[] = [
  { title: 'ROUTE', value: ({ route }) => route },
  { title: 'CALLER', value: ({ caller }) => caller?.id ?? '*' },
  { title: 'TARGET', value: ({ target }) => `${target.kind}/${target.name}` },
  { title: 'VIA', value: configuredText },
  { title: 'WENT', value: wayText },
  { title: 'CALLS/S', value: ({ perSecond }) => perSecond.toFixed(perSecond < 10 ? 2 : 0), align: 'right' },
  { title: 'P50', value: (view) => both(view, ({ p50Ms }) => p50Ms), align: 'right' },
  { title: 'P99', value: (view) => both(view, ({ p99Ms }) => p99Ms), align: 'right' },
  { title: 'HUB TAKES', value: ({ hub }) => (hub?.hubP50Ms == null ? '-' : duration(hub.hubP50Ms)), align: 'right' },
  {
    title: 'INSTEAD',
    value: ({ instead }) => instead || '-',
    align: 'right',
    style: ({ instead }) => (instead > 0 ? 'yellow' : undefined),
  },
  {
    title: 'DIRECTLY',
    value: ({ caller, obstacles }) =>
      caller === null ? '-' : obstacles.length === 0 ? 'could' : obstacles.map(({ code }) => code).join(', '),
    style: ({ obstacles }) => (obstacles.length > 0 ? 'yellow' : undefined),
  },
  {
    title: 'NODES',
    wide: true,
    value: ({ nodes }) => nodes.map(({ role, ids }) => `${role} ${ids.join('+')}`).join(' > ') || '-',
  },
  { title: 'FAILS WITH', wide: true, value: ({ failureDomains }) => failureDomains.join('; ') || '-' },
];

/** Each obstacle once, with how many pairs it is about. */
export const pairNotes = ({ pairs }: TopologyView): readonly string[] => {
  const texts = Map.groupBy(
    pairs.flatMap(({ obstacles }) => obstacles.map(({ text }) => text)),
    (text) => text,
  );
  return [...texts].map(([text, same]) => `  ${clean(text)}${same.length > 1 ? ` (${same.length} pairs)` : ''}`);
};

export const footOf = ({ window, hubCost }: Pick<TopologyView, 'window' | 'hubCost'>): string =>
  [
    `${window.calls} calls in ${duration(window.toMs - window.fromMs)}${window.isWhole ? '' : ' (there were more than are read: the newest)'}`,
    ...(window.wayless === 0 ? [] : [`${window.wayless} more were refused or left before a way was chosen`]),
    ...(window.incomplete === 0 ? [] : [`${window.incomplete} are not reported whole yet`]),
    hubCost === null
      ? 'CPU of the hub: not measured yet'
      : `the hub took ${hubCost.cores.toFixed(2)} of a core${hubCost.cpuUsPerCall === null ? '' : `, ${hubCost.cpuUsPerCall.toFixed(0)} us a call over all its work`}`,
  ].join('; ');

const STYLES: Readonly<Record<RouteAdvice['verdict'], Style | undefined>> = {
  move: 'green',
  prepare: 'yellow',
  stay: undefined,
  cannot: 'red',
  unknown: 'yellow',
};

export const adviceText = (view: AdviceView, paint: Paint): string =>
  view.items.map((item) => adviceOf(item, view, paint)).join('\n\n');

const adviceOf = (item: RouteAdvice, { to }: AdviceView, paint: Paint): string => {
  const block = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${clean(line)}`)];
  return [
    `${clean(item.about)}  to ${to}: ${paint(STYLES[item.verdict], item.verdict)}  (${item.reasons.map((reason) => clean(reason)).join('; ')})`,
    `  ${item.calls} calls, ${item.perSecond.toFixed(2)} a second`,
    ...block('gains', item.gains),
    ...block('costs', item.costs),
    ...block('governance', item.governance),
    ...block(
      'cannot go that way',
      item.blocked.map(({ pair, calls, why }) => `${pair}, ${calls} calls: ${why.join('; ')}`),
    ),
  ].join('\n');
};
