/** How long and how often: the two plans of the benchmark, as data. */
import type { Options } from './options.ts';

export interface Cell {
  /** Connections; of the open loop, how many may be busy at once. */
  readonly connections: number;
  /** Calls per second of the open loop; without it the loop is closed. */
  readonly rate?: number;
  readonly warmMs: number;
  readonly windowMs: number;
}

export interface Plan {
  readonly mode: 'quick' | 'full';
  readonly rounds: number;
  /** A window that the machine disturbed is measured again up to this many times in all, while there is time. */
  readonly attempts: number;
  /** Load for each target before the first round, so that no just-in-time compiler is measured. */
  readonly warmUpMs: number;
  /** No window starts when it could not end before this time of the run. */
  readonly limitMs: number;
  /** Closed loops first: they tell which open rates a target can hold. */
  readonly cells: readonly Cell[];
}

const OPEN_CONNECTIONS = 64;

export function planFor(options: Options): Plan {
  const closed = (warmMs: number, windowMs: number): Cell[] =>
    options.concurrency.map((connections) => ({ connections, warmMs, windowMs }));
  const open = (rate: number, warmMs: number, windowMs: number): Cell => ({
    connections: OPEN_CONNECTIONS,
    rate,
    warmMs,
    windowMs,
  });
  if (options.quick) {
    return {
      mode: 'quick',
      rounds: 3,
      attempts: 2,
      warmUpMs: 1_200,
      limitMs: 54_000,
      cells: [...closed(100, 700), open(500, 150, 700)],
    };
  }
  const cells = [...closed(300, 2_000), open(500, 300, 2_000), open(3_000, 300, 2_000)];
  return { mode: 'full', rounds: 5, attempts: 2, warmUpMs: 3_000, limitMs: 450_000, cells };
}

/** How long one window of the cell takes, with connecting and the last replies. */
export const cellMs = (cell: Cell): number => cell.warmMs + cell.windowMs + 100;
