/** From calls to rows of usage: those of one key are added up before they reach the table, so that each row is changed once. */
import { USAGE_COUNTS, type UsageColumns } from './tables.ts';

type Counts = Record<(typeof USAGE_COUNTS)[number], number>;

/** One call: what it adds, and nothing that is 0. */
export interface Used extends Pick<UsageColumns, 'tenant' | 'caller' | 'target' | 'operation'> {
  readonly ended_at: number;
  readonly adds: Readonly<Partial<Counts>>;
}

const NOTHING = Object.fromEntries(USAGE_COUNTS.map((column) => [column, 0])) as Counts;

/** A row of each key and step, in one order for everybody: two that change the same rows crosswise would wait for each other. */
export const usageRows = (used: readonly Used[], steps: readonly number[]): readonly UsageColumns[] => {
  const rows = new Map<string, UsageColumns>();
  for (const { tenant, caller, target, operation, ended_at, adds } of used) {
    const added = Object.entries(adds) as [keyof Counts, number][];
    const names = JSON.stringify([tenant, caller, target, operation]);
    for (const step_ms of steps) {
      const start_ms = Math.floor(ended_at / step_ms) * step_ms;
      const key = `${step_ms} ${start_ms} ${names}`;
      let row = rows.get(key);
      if (row === undefined) {
        row = { ...NOTHING, tenant, step_ms, start_ms, caller, target, operation };
        rows.set(key, row);
      }
      for (const [column, more] of added) row[column] = Math.min(Number.MAX_SAFE_INTEGER, row[column] + more);
    }
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
};
