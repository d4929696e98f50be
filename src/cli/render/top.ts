/** What runs now, from two reads of the node's counters: one frame of the live view, and the same as a plain table. */
import type { TopRead, TopTarget } from '../../contract/index.ts';
import { clean, fit } from './clean.ts';
import type { Paint } from './paint.ts';
import { type Column, table } from './table.ts';
import { duration } from './time.ts';

export interface TopRow extends TopTarget {
  /** Null on the first read. */
  readonly rps: number | null;
}

/** Busiest first. Counters that went back belong to a node that started again: no rate then. */
export const rowsOf = (before: TopRead | undefined, now: TopRead): readonly TopRow[] => {
  const earlier = new Map(before?.targets.map((one) => [one.target, one]));
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
  return now.targets
    .map((target) => {
      const calls = target.calls - (earlier.get(target.target)?.calls ?? 0);
      return { ...target, rps: seconds > 0 && calls >= 0 ? calls / seconds : null };
    })
    .toSorted((a, b) => (b.rps ?? 0) - (a.rps ?? 0) || b.calls - a.calls || (a.target < b.target ? -1 : 1));
};

const well = ({ endpoints }: TopTarget): string =>
  `${endpoints.filter((endpoint) => endpoint.obstacle === null).length}/${endpoints.length}`;

const note = ({ endpoints, panic }: TopTarget): string =>
  [
    panic ? 'panic' : '',
    ...endpoints.flatMap(({ id, obstacle, breaker, isHeld }) => [
      ...(obstacle === null ? [] : [`${id} ${obstacle}`]),
      ...(isHeld === true ? [`${id} held ${breaker}`] : []),
    ]),
  ]
    .filter((part) => part !== '')
    .join(', ');

const share = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)}%`);
const time = (ms: number | null): string => (ms === null ? '-' : duration(ms));

export const TOP_COLUMNS: readonly Column<TopRow>[] = [
  { title: 'TARGET', value: (row) => row.target },
  { title: 'DOMAIN', value: (row) => row.domain || '-', wide: true },
  { title: 'RPS', value: (row) => (row.rps === null ? '-' : row.rps.toFixed(1)), align: 'right' },
  { title: 'CALLS', value: (row) => row.calls, align: 'right' },
  { title: 'P50', value: (row) => time(row.p50Ms), align: 'right' },
  { title: 'P99', value: (row) => time(row.p99Ms), align: 'right' },
  { title: 'FAILED', value: (row) => share(row.failed, row.calls), align: 'right' },
  { title: 'DENIED', value: (row) => share(row.denied, row.calls), align: 'right' },
  { title: 'DONE', value: (row) => share(row.completed ?? 0, row.outcomes ?? 0), align: 'right', wide: true },
  { title: 'FLIGHT', value: (row) => row.inFlight, align: 'right' },
  { title: 'WELL', value: well, align: 'right' },
  { title: 'NOTE', value: note, style: (row) => (row.panic ? 'red' : note(row) === '' ? undefined : 'yellow') },
];

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** One write for a whole frame: head, table, foot; each line clears what was right of it. */
export const frame = (
  head: string,
  rows: readonly TopRow[],
  { columns, rows: height }: FrameSize,
  paint: Paint,
): string => {
  const body = table(rows, TOP_COLUMNS, { width: columns, paint }).split('\n');
  const room = Math.max(1, height - 3);
  const hidden = body.length - room;
  const shown = hidden > 0 ? [...body.slice(0, room - 1), `… ${hidden + 1} more`] : body;
  const lines = [fit(clean(head), columns), '', ...shown];
  return `${HOME}${lines.map((line) => line + CLEAR_LINE).join('\r\n')}${CLEAR_BELOW}`;
};
