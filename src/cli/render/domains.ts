/** Domains as people read them: whose hub serves one and how it is, what came of its exports, and what its calls were like. */
import { moneyText, type NodeView, type SumTotals, type TargetSums } from '../../contract/index.ts';
import type { DomainSeen } from '../commands/domains.ts';
import { clean } from './clean.ts';
import type { Column } from './table.ts';
import { age, duration } from './time.ts';

/** What a row of the table must have; undefined where only resources were asked for. */
interface Row {
  readonly seen?: DomainSeen;
}

/** `made`: of its own callers and those below. */
const made = ({ seen }: Row): SumTotals | undefined => seen?.hour?.made;

const orDash = <T>(value: T | null | undefined, text: (value: T) => string): string =>
  value === null || value === undefined ? '-' : text(value);

const rate = (perMinute: number): string => (perMinute > 0 && perMinute < 0.1 ? '<0.1' : String(round(perMinute, 1)));
const percent = (ratio: number): string => (ratio > 0 && ratio < 0.001 ? '<0.1 %' : `${round(100 * ratio, 1)} %`);
const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

const hubState = ({ state, heardAtMs }: NodeView, nowMs: number): string => {
  if (state === 'alive') return 'connected';
  // One that left in order, or that was away when this hub started, is away since nobody knows when.
  return heardAtMs === null ? 'away' : `away ${age(heardAtMs, nowMs)}`;
};

/** `connected 12`: how it is, and the sequence that it runs. */
const hubsText = ({ hubs, exportedBy }: DomainSeen, nowMs: number): string =>
  hubs.map((hub) => `${hubState(hub, nowMs)} ${hub.snapshotSeq}`).join(', ') ||
  (exportedBy === '' ? '-' : `behind ${exportedBy}`);

const refusals = ({ hubs }: DomainSeen): readonly string[] =>
  hubs.flatMap(({ exports }) => (exports?.refused === null ? [] : (exports?.refused ?? [])));

const exportsText = (seen: DomainSeen): string => {
  if (refusals(seen).length > 0) return 'refused';
  const said = seen.hubs.flatMap(({ exports }) => exports ?? []);
  return said.length === 0 ? '-' : String(said.reduce((sum, { taken }) => sum + taken, 0));
};

/** Between the name of a domain and what its resource says. */
export const domainColumns = (nowMs: number): readonly Column<Row>[] => [
  {
    title: 'HUB',
    value: ({ seen }) => (seen === undefined ? '-' : hubsText(seen, nowMs)),
    style: ({ seen }) => (seen?.hubs.some(({ state }) => state === 'silent') === true ? 'red' : undefined),
  },
  { title: 'TARGETS', value: ({ seen }) => seen?.targets.length ?? 0, align: 'right' },
  {
    title: 'EXPORTS',
    value: ({ seen }) => (seen === undefined ? '-' : exportsText(seen)),
    align: 'right',
    style: ({ seen }) => (seen !== undefined && refusals(seen).length > 0 ? 'red' : undefined),
  },
  { title: 'CALLS/MIN', value: (row) => orDash(made(row)?.perMinute, rate), align: 'right' },
  { title: 'ERRORS', value: (row) => orDash(made(row)?.errorRatio, percent), align: 'right' },
  { title: 'P50', value: (row) => orDash(made(row)?.p50Ms, duration), align: 'right' },
  { title: 'P99', value: (row) => orDash(made(row)?.p99Ms, duration), align: 'right' },
  { title: 'COST', value: (row) => orDash(made(row)?.costMicros, moneyText), align: 'right' },
  { title: 'GOT/MIN', value: ({ seen }) => orDash(seen?.hour?.got.perMinute, rate), align: 'right', wide: true },
];

/** What `describe` says of a domain besides its resource. */
export const domainLines = (seen: DomainSeen, nowMs: number): readonly string[] => {
  const { hubs, targets, exportedBy, hour } = seen;
  return [
    ...hubs.flatMap((hub) => hubLines(hub, nowMs)),
    ...(exportedBy === '' ? [] : [`exported by ${exportedBy}`]),
    targets.length === 0 ? 'nothing in it is known here' : `in it: ${targets.join(', ')}`,
    ...(hour === null
      ? []
      : [
          `last hour, calls that came in here or below: ${totalsText(hour.made)}`,
          `last hour, calls to what is here or below: ${totalsText(hour.got)}`,
        ]),
  ].map((line) => clean(line));
};

const hubLines = (hub: NodeView, nowMs: number): readonly string[] => {
  const { node, snapshotSeq, killsSeq, refused, exports, sumsRefused } = hub;
  return [
    `hub ${node.id} is ${hubState(hub, nowMs)}, follows snapshot ${snapshotSeq}, orders to stop ${killsSeq}${refused === null ? '' : `; refused ${refused}`}`,
    ...(exports === null
      ? []
      : [
          exports.refused === null
            ? `its exports: ${exports.taken} taken`
            : `its exports are refused: ${exports.refused}`,
        ]),
    ...(sumsRefused === null ? [] : [`its sums are refused: ${sumsRefused}`]),
  ];
};

const totalsText = (totals: SumTotals): string => {
  const { calls, perMinute, errorRatio, denied, held, p50Ms, p99Ms, costMicros, inputTokens, outputTokens } = totals;
  if (calls === 0 && held === 0) return 'none';
  return [
    `${calls} (${rate(perMinute)} a minute)`,
    `${orDash(errorRatio, percent)} errors`,
    `${denied} denied`,
    `${held} held`,
    `p50 ${orDash(p50Ms, duration)}`,
    `p99 ${orDash(p99Ms, duration)}`,
    moneyText(costMicros),
    ...(inputTokens + outputTokens === 0 ? [] : [`${inputTokens} tokens in, ${outputTokens} out`]),
  ].join(', ');
};

export const targetSumColumns: readonly Column<TargetSums>[] = [
  { title: 'CALLED', value: ({ target }) => target },
  { title: 'CALLS', value: ({ calls }) => calls, align: 'right' },
  { title: 'ERRORS', value: ({ errorRatio }) => orDash(errorRatio, percent), align: 'right' },
  { title: 'DENIED', value: ({ denied }) => denied, align: 'right' },
  { title: 'P50', value: ({ p50Ms }) => orDash(p50Ms, duration), align: 'right' },
  { title: 'P99', value: ({ p99Ms }) => orDash(p99Ms, duration), align: 'right' },
  { title: 'COST', value: ({ costMicros }) => moneyText(costMicros), align: 'right' },
];
