/** Turns the rounds of each target into one row, beside what the stream costs without a hop. */
import { medianOf } from '../statistics.ts';
import type { StreamResult } from './order.ts';
import { type TargetName, targetNames } from './targets.ts';

export interface Row {
  readonly target: TargetName;
  readonly streams: number;
  readonly everyMs: number;
  /** Of the hop, while all streams ran. Null where the kernel does not tell. */
  readonly cpuUsPerChunk: number | null;
  readonly hopCores: number | null;
  readonly chunksPerS: number | null;
  readonly firstChunkMs: { readonly p50: number; readonly p99: number };
  /** From the time a chunk was made to the time it was read. */
  readonly chunkMs: { readonly p50: number; readonly p99: number };
  /** What the same figures of `direct` leave. Null without it. */
  readonly added: { readonly firstP50Ms: number; readonly firstP99Ms: number } | null;
  /** Lost, doubled, reordered and strange chunks, and streams without their end, over all rounds. */
  readonly wrong: number;
  readonly firstError: string | null;
  /** The machine was ours: foreign CPU and steal under 5 % in at least half of the rounds. */
  readonly isQuiet: boolean;
}

export interface Cell {
  readonly target: TargetName;
  readonly streams: number;
  readonly everyMs: number;
  readonly results: readonly StreamResult[];
}

const QUIET_SHARE = 0.05;

export const rowsOf = (cells: readonly Cell[]): readonly Row[] => {
  const bare = cells.map((cell) => rowOf(cell));
  return bare.map((row) => {
    const floor = bare.find(
      ({ target, streams, everyMs }) => target === 'direct' && streams === row.streams && everyMs === row.everyMs,
    );
    if (floor === undefined || row.target === 'direct') return row;
    const { p50, p99 } = row.firstChunkMs;
    return {
      ...row,
      added: { firstP50Ms: rounded(p50 - floor.firstChunkMs.p50), firstP99Ms: rounded(p99 - floor.firstChunkMs.p99) },
    };
  });
};

const rowOf = ({ target, streams, everyMs, results }: Cell): Row => {
  const over = (pick: (result: StreamResult) => number | null | undefined): number | null => {
    const known = results.map(pick).filter((value) => value !== null && value !== undefined);
    return known.length === 0 ? null : rounded(medianOf(known));
  };
  const ms = (pick: (result: StreamResult) => number): number => over((result) => pick(result) / 1_000) ?? 0;
  return {
    target,
    streams,
    everyMs,
    cpuUsPerChunk: over(({ steady }) => steady?.cpu && steady.cpu.hopUs / steady.chunks),
    hopCores: over(({ steady }) => steady?.cpu?.hopCores),
    chunksPerS: over(({ steady }) => steady && (steady.chunks * 1_000) / steady.elapsedMs),
    firstChunkMs: { p50: ms(({ firstChunkUs }) => firstChunkUs.p50), p99: ms(({ firstChunkUs }) => firstChunkUs.p99) },
    chunkMs: { p50: ms(({ chunkUs }) => chunkUs.p50), p99: ms(({ chunkUs }) => chunkUs.p99) },
    added: null,
    wrong: results.reduce((sum, result) => sum + wrongIn(result), 0),
    firstError: results.find(({ firstError }) => firstError !== null)?.firstError ?? null,
    isQuiet: results.filter(isQuiet).length * 2 >= results.length,
  };
};

export const wrongIn = ({ lost, doubled, reordered, strange, unended }: StreamResult): number =>
  lost + doubled + reordered + strange + unended;

const isQuiet = ({ steady }: StreamResult): boolean =>
  steady?.cpu != null && steady.cpu.foreignShare + steady.cpu.stealShare <= QUIET_SHARE;

const rounded = (value: number): number => Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1));

const HEAD = [
  'target',
  'streams',
  'every ms',
  'CPU us/chunk',
  'cores',
  'chunks/s',
  'first p50',
  'first p99',
  'added p50',
  'added p99',
  'chunk p50',
  'chunk p99',
  'wrong',
  'quiet',
];

/** Times in milliseconds. */
export const renderText = (rows: readonly Row[]): string => {
  const text = (value: number | null | undefined): string => (value == null ? '-' : String(value));
  const lines = [
    HEAD,
    ...inOrder(rows).map((row) => [
      row.target,
      String(row.streams),
      String(row.everyMs),
      text(row.cpuUsPerChunk),
      text(row.hopCores),
      text(row.chunksPerS),
      text(row.firstChunkMs.p50),
      text(row.firstChunkMs.p99),
      text(row.added?.firstP50Ms),
      text(row.added?.firstP99Ms),
      text(row.chunkMs.p50),
      text(row.chunkMs.p99),
      String(row.wrong),
      row.isQuiet ? 'yes' : 'no',
    ]),
  ];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const drawn = lines.map((line) =>
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
  );
  const errors = rows.flatMap(({ target, firstError }) => (firstError === null ? [] : [`${target}: ${firstError}`]));
  return `${[...drawn, ...errors].join('\n')}\n`;
};

const inOrder = (rows: readonly Row[]): readonly Row[] =>
  [...rows].sort(
    (a, b) =>
      a.streams - b.streams || b.everyMs - a.everyMs || targetNames.indexOf(a.target) - targetNames.indexOf(b.target),
  );
