/** Usage in a map: rows are looked through whole. */
import {
  addUsage,
  type CallEvent,
  type Counting,
  MOST_USAGE_ROWS,
  OTHER_USAGE,
  type UsageGroup,
  type UsageQuery,
  type UsageStep,
  type UsageStore,
  usageOrder,
} from '../../contract/index.ts';
import { searched } from '../searched.ts';
import { type UsageRow, usageKeyOf, usagePlaceOf, usageRows } from './usage-rows.ts';

export class MemoryUsage implements UsageStore {
  readonly #rows = new Map<string, UsageRow>();
  /** Rows of each place. */
  readonly #counts = new Map<string, number>();

  /** As part of keeping events. */
  count(events: readonly CallEvent[], counting: Counting | undefined): void {
    for (const row of usageRows(events.flatMap((event) => counting?.usageOf?.(event) ?? []))) this.#add(row);
  }

  async read(query: UsageQuery): Promise<readonly UsageGroup[]> {
    const groups = new Map<string, UsageGroup>();
    for (const row of this.#rows.values()) {
      if (!isAsked(row, query)) continue;
      const group = toldApart(row, query);
      const name = JSON.stringify([group.startMs, group.caller, group.target, group.operation]);
      const before = groups.get(name);
      groups.set(name, before === undefined ? group : { ...before, ...addUsage(before, group) });
    }
    return [...groups.values()].sort(usageOrder(query.sort)).slice(0, query.limit);
  }

  async prune(before: Readonly<Record<UsageStep, number>>): Promise<number> {
    const old = [...this.#rows].filter(([, { step, startMs }]) => startMs < before[step]);
    for (const [key, row] of old) {
      this.#rows.delete(key);
      this.#counts.delete(usagePlaceOf(row));
    }
    return old.length;
  }

  #add(row: UsageRow): void {
    const place = usagePlaceOf(row);
    const taken = this.#counts.get(place) ?? 0;
    const isNew = !this.#rows.has(usageKeyOf(row));
    const hasRoom = !isNew || taken < MOST_USAGE_ROWS;
    if (isNew && hasRoom) this.#counts.set(place, taken + 1);
    this.#put(hasRoom ? row : { ...row, caller: OTHER_USAGE, target: OTHER_USAGE, operation: OTHER_USAGE });
  }

  #put(row: UsageRow): void {
    const key = usageKeyOf(row);
    const before = this.#rows.get(key);
    this.#rows.set(key, before === undefined ? row : { ...before, ...addUsage(before, row) });
  }
}

const isAsked = (row: UsageRow, { tenant, step, fromMs, toMs, caller, target, operation }: UsageQuery): boolean =>
  row.tenant === tenant &&
  row.step === step &&
  row.startMs >= fromMs &&
  row.startMs < toMs &&
  (caller === undefined || row.caller === searched(caller)) &&
  (target === undefined || row.target === searched(target)) &&
  (operation === undefined || row.operation === searched(operation));

const toldApart = ({ step: _, tenant: __, ...row }: UsageRow, { by }: UsageQuery): UsageGroup => ({
  ...row,
  startMs: by.includes('time') ? row.startMs : 0,
  caller: by.includes('caller') ? row.caller : '',
  target: by.includes('target') ? row.target : '',
  operation: by.includes('operation') ? row.operation : '',
});
