/** What was measured, as JSON and as text. */
import { medianOf } from '../statistics.ts';
import type { Filled } from './fill.ts';
import type { Row } from './measure.ts';

export interface Report {
  readonly at: string;
  readonly store: 'sqlite' | 'postgres';
  readonly hours: number;
  /** Of everything that was filled, made inside the file. */
  readonly copies: number;
  readonly seed: number;
  readonly machine: object;
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly filled: Omit<Filled, 'some'>;
  readonly bytes: number;
  /** By table and index. */
  readonly parts: readonly (readonly [string, number])[];
  readonly rssBytes: number;
  readonly rssAfterBytes: number;
  readonly poured: { readonly spansPerSecond: number; readonly late: number };
  readonly cold: readonly Row[];
  readonly warm: readonly Row[];
  readonly busy: readonly Row[];
}

const MB = 1_000_000;

export const renderText = (report: Report): string => {
  const { filled, bytes, parts, rssBytes, rssAfterBytes, poured, store } = report;
  const perCpuSecond = Math.round(
    (filled.spans * 1e6) / (filled.events * (filled.cpuUsPerEvent - filled.makingUsPerEvent)),
  );
  const [spans, events] = [filled.spans, filled.events].map((one) => one * (report.copies + 1)) as [number, number];
  const perSecond = Math.round(filled.spans / filled.seconds);
  return [
    `${store}: ${filled.spans} spans in ${filled.events} events of ${filled.traces} traces, load average ${report.loadBefore} before, ${report.loadAfter} after`,
    ...(filled.seconds === 0
      ? ['filled by an earlier run']
      : [
          `kept in ${filled.seconds.toFixed(1)} s: ${perSecond} spans/s, ${Math.round(filled.events / filled.seconds)} events/s, slowest batch ${Math.round(filled.slowestBatchMs)} ms`,
          `CPU ${filled.cpuUsPerEvent.toFixed(1)} us an event, of it ${filled.makingUsPerEvent.toFixed(1)} to make it: ${perCpuSecond} spans a second of one core`,
        ]),
    ...(report.copies === 0 ? [] : [`with ${report.copies} copies of all calls: ${spans} spans in ${events} events`]),
    `disk ${Math.round(bytes / MB)} MB, ${Math.round(bytes / spans)} bytes a span, ${Math.round(bytes / events)} an event; memory ${Math.round(rssBytes / MB)} MB after filling, ${Math.round(rssAfterBytes / MB)} MB after asking`,
    `largest: ${parts.map(([name, size]) => `${name} ${Math.round(size / MB)}`).join(', ')} MB`,
    `while asked it took ${Math.round(poured.spansPerSecond)} spans/s, ${poured.late} batches late by over a second`,
    '',
    '| question, ms at the median / at worst | cold | warm | while calls come in |',
    '|---|---:|---:|---:|',
    ...[...new Set(report.warm.map(({ name }) => name))].map(
      (name) =>
        `| ${name} | ${timesOf(report.cold, name)} | ${timesOf(report.warm, name)} | ${timesOf(report.busy, name)} |`,
    ),
  ].join('\n');
};

/** The same with one line for each question, to be kept. */
export const summary = ({ cold, warm, busy, ...rest }: Report): object => ({
  ...rest,
  questions: Object.fromEntries(
    [...new Set(warm.map(({ name }) => name))].map((name) => [
      name,
      { cold: spreadIn(cold, name), warm: spreadIn(warm, name), busy: spreadIn(busy, name) },
    ]),
  ),
});

const spreadIn = (rows: readonly Row[], name: string) => {
  const own = rows.filter((row) => row.name === name).map(({ ms }) => ms);
  return own.length === 0 ? null : { asked: own.length, medianMs: medianOf(own), worstMs: Math.max(...own) };
};

const timesOf = (rows: readonly Row[], name: string): string => {
  const own = rows.filter((row) => row.name === name).map(({ ms }) => ms);
  return own.length === 0 ? '' : `${shown(medianOf(own))} / ${shown(Math.max(...own))}`;
};

const shown = (ms: number): string => (ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));
