/** Ways beside each other: what each adds to no way at all, and what directly is of through the hub. */
import type { Figures } from '../statistics.ts';
import type { Way } from './ways.ts';

export interface Row {
  readonly way: Way;
  /** Of the closed loop. */
  readonly connections: number;
  readonly p50Us: number;
  /** Over the median without any node. */
  readonly addedP50Us: number;
  readonly p99Us: number;
  /** All nodes together; for `direct` the upstream. Null where the kernel does not tell. */
  readonly cpuUsPerCall: number | null;
  readonly rps: number;
  /** Against the way through sidecar, hub and sidecar; null for the others. */
  readonly ofThrough: { readonly addedP50: number; readonly cpu: number | null } | null;
  readonly valid: boolean;
  readonly doubts: readonly string[];
}

export const rowsOf = (
  ways: readonly Way[],
  loads: readonly number[],
  figures: (way: Way, connections: number) => Figures,
): readonly Row[] =>
  loads.flatMap((connections) => {
    const floor = figures('direct', connections).p50Us.median;
    const through = figures('through', connections);
    return ways.map((way) => {
      const own = figures(way, connections);
      const cpu = own.cpuUsPerCall?.median ?? null;
      const throughCpu = through.cpuUsPerCall?.median ?? null;
      return {
        way,
        connections,
        p50Us: own.p50Us.median,
        addedP50Us: own.p50Us.median - floor,
        p99Us: own.p99Us.median,
        cpuUsPerCall: cpu,
        rps: own.rps.median,
        ofThrough:
          way === 'mesh' || way === 'hub'
            ? {
                addedP50: (own.p50Us.median - floor) / (through.p50Us.median - floor),
                cpu: cpu === null || throughCpu === null ? null : cpu / throughCpu,
              }
            : null,
        valid: own.valid,
        doubts: own.doubts,
      };
    });
  });

const TITLES = [
  'way',
  'connections',
  'p50 us',
  'added us',
  'p99 us',
  'CPU us/call',
  'calls/s',
  'added, CPU of through',
  'valid',
];

export const renderText = (rows: readonly Row[]): string => {
  const number = (value: number | null): string => (value === null ? '-' : Math.round(value).toLocaleString('en'));
  const lines = rows.map((row) => [
    ...[row.way, String(row.connections), number(row.p50Us), number(row.addedP50Us), number(row.p99Us)],
    ...[number(row.cpuUsPerCall), number(row.rps)],
    row.ofThrough === null ? '' : `${row.ofThrough.addedP50.toFixed(2)}, ${row.ofThrough.cpu?.toFixed(2) ?? '-'}`,
    row.valid ? 'yes' : `no: ${row.doubts.join('; ')}`,
  ]);
  const rule = TITLES.map(() => '---');
  return `${[TITLES, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
};
