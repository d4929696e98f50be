/** What the benchmark says: the shape that others read, and its table for people. */
import type { Machine, Pins } from './machine/describe.ts';
import type { Figures } from './statistics.ts';
import { type TargetName, targetNames } from './targets/index.ts';

/** The closed loop at `detail.concurrency` connections. Microseconds and calls per second; medians over the rounds. */
export interface Headline {
  readonly cpuUsPerCall: number | null;
  readonly rps: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly valid: boolean;
}

export interface ClosedRow extends Figures {
  readonly concurrency: number;
}

export interface OpenRow extends Figures {
  /** Calls per second. */
  readonly rate: number;
}

export type TargetDetail =
  | {
      readonly status: 'measured';
      readonly version: string;
      readonly closed: readonly ClosedRow[];
      readonly open: readonly OpenRow[];
      /** Open rates that were not tried, with the reason. */
      readonly skipped: readonly string[];
    }
  | { readonly status: 'left out'; readonly reason: string };

export interface Detail {
  readonly mode: 'quick' | 'full';
  /** Of the headline. */
  readonly concurrency: number;
  /** Rounds that were finished. */
  readonly rounds: number;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly machine: Machine;
  /** Cores of hop and load; null when they could not be pinned. */
  readonly pins: Pins | null;
  readonly loadAverage: { readonly before: readonly number[]; readonly after: readonly number[] };
  readonly notes: readonly string[];
  readonly targets: Readonly<Record<TargetName, TargetDetail>>;
}

/** A target that did not run is null, and its detail says why. */
export type Report = Readonly<Record<TargetName, Headline | null>> & { readonly detail: Detail };

export function buildReport(detail: Detail): Report {
  const headlines = targetNames.map((name) => [name, headlineOf(detail.targets[name], detail.concurrency)]);
  return { ...(Object.fromEntries(headlines) as Record<TargetName, Headline | null>), detail };
}

function headlineOf(target: TargetDetail, concurrency: number): Headline | null {
  if (target.status !== 'measured') return null;
  const row = target.closed.find((candidate) => candidate.concurrency === concurrency);
  if (row === undefined) return null;
  return {
    cpuUsPerCall: row.cpuUsPerCall?.median ?? null,
    rps: row.rps.median,
    p50Us: row.p50Us.median,
    p99Us: row.p99Us.median,
    valid: row.valid,
  };
}

/** Rows of text: target, load, and figures with their range. Shared by the terminal and the README. */
export function tableOf(detail: Detail): readonly (readonly string[])[] {
  const rows = targetNames.flatMap((name) => {
    const target = detail.targets[name];
    if (target.status !== 'measured') return [];
    return [
      ...target.closed.map((row) => [name, `closed, ${row.concurrency}`, ...cells(row)]),
      ...target.open.map((row) => [name, `open, ${row.rate}/s`, ...cells(row)]),
    ];
  });
  return [['target', 'load', 'CPU us/call', 'range', 'calls/s', 'p50 us', 'p99 us', 'hop cores', 'valid'], ...rows];
}

function cells(row: Figures): readonly string[] {
  const cpu = row.cpuUsPerCall;
  return [
    cpu === null ? '-' : number(cpu.median),
    cpu === null ? '-' : `${number(cpu.min)} to ${number(cpu.max)}`,
    number(row.rps.median),
    number(row.p50Us.median),
    number(row.p99Us.median),
    row.hopCores === null ? '-' : row.hopCores.median.toFixed(2),
    `${row.valid ? 'yes' : 'no'} (${row.validWindows} of ${row.windows})`,
  ];
}

const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });

/** The report for a terminal. */
export function renderText({ detail }: Report): string {
  const table = tableOf(detail);
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  const missing = targetNames.flatMap((name) => {
    const target = detail.targets[name];
    return target.status === 'measured'
      ? target.skipped.map((text) => `${name}: ${text}`)
      : [`LEFT OUT ${name}: ${target.reason}`];
  });
  return `${[...table.map(line), '', ...missing, ...doubtLines(detail), ...detail.notes].join('\n')}\n`;
}

function doubtLines(detail: Detail): readonly string[] {
  return targetNames.flatMap((name) => {
    const target = detail.targets[name];
    if (target.status !== 'measured') return [];
    const doubts = new Set([...target.closed, ...target.open].flatMap((row) => (row.valid ? [] : row.doubts)));
    return doubts.size === 0 ? [] : [`not valid, ${name}: ${[...doubts].join('; ')}`];
  });
}
