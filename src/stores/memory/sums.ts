/** Sums per minute in maps: rows are looked through whole, and what waits for the parent is a second map beside them. */
import {
  addCounts,
  type CallEvent,
  type Counting,
  MOST_SUM_ROWS,
  NO_COUNTS,
  type SumRow,
  type SumStore,
  type SumTotal,
  sumKeyOf,
} from '../../contract/index.ts';

type Rows = Map<string, SumRow>;

export class MemorySums implements SumStore {
  readonly #rows: Rows = new Map();
  #waiting: Rows = new Map();
  #underWay: Rows = new Map();
  /** By node; this one itself under no name. */
  readonly #marks = new Map<string, { readonly epoch: string; readonly seq: number }>();

  /** As part of keeping events. */
  count(events: readonly CallEvent[], counting: Counting | undefined): void {
    if (counting === undefined) return;
    this.#add(
      events.flatMap((event) => counting.rowOf(event) ?? []),
      counting.onward,
    );
  }

  async take(
    { node, epoch, seq }: Parameters<SumStore['take']>[0],
    rows: readonly SumRow[],
    onward: boolean,
  ): Promise<boolean> {
    const mark = this.#marks.get(node);
    if (mark?.epoch === epoch && mark.seq >= seq) return false;
    this.#add(rows, onward);
    this.#marks.set(node, { epoch, seq });
    return true;
  }

  async next(most: number, fresh: string): ReturnType<SumStore['next']> {
    const own = this.#marks.get('');
    const epoch = own?.epoch ?? fresh;
    if (this.#underWay.size === 0) {
      const oldest = [...this.#waiting].sort(([, a], [, b]) => a.minute - b.minute).slice(0, most);
      if (oldest.length === 0) return undefined;
      this.#underWay = new Map(oldest);
      for (const [key] of oldest) this.#waiting.delete(key);
      this.#marks.set('', { epoch, seq: (own?.seq ?? 0) + 1 });
    }
    return { epoch, seq: this.#marks.get('')!.seq, rows: structuredClone([...this.#underWay.values()]) };
  }

  async sent(seq: number): Promise<void> {
    if ((this.#marks.get('')?.seq ?? 0) <= seq) this.#underWay = new Map();
  }

  async read(tenant: string, fromMinute: number, toMinute: number): Promise<readonly SumRow[]> {
    const found = [...this.#rows.values()].filter(
      (row) => row.tenant === tenant && row.minute >= fromMinute && row.minute <= toMinute,
    );
    return structuredClone(found.sort((a, b) => a.minute - b.minute));
  }

  async total(...of: Parameters<SumStore['total']>): Promise<readonly SumTotal[]> {
    const totals = new Map<string, SumTotal>();
    for (const { domain, kind, target, minute: _, tenant: __, caller: ___, ...counts } of await this.read(...of)) {
      const key = JSON.stringify([domain, kind, target]);
      totals.set(key, { domain, kind, target, ...addCounts(totals.get(key) ?? NO_COUNTS, counts) });
    }
    return [...totals.values()];
  }

  async prune(beforeMinute: number): Promise<number> {
    for (const rows of [this.#waiting, this.#underWay]) removeBefore(rows, beforeMinute);
    return removeBefore(this.#rows, beforeMinute);
  }

  #add(rows: readonly SumRow[], onward: boolean): void {
    for (const row of rows) {
      const fitting = this.#hasRoomFor(row) ? row : ({ ...row, kind: 'other', target: '', caller: 'other' } as const);
      addTo(this.#rows, fitting);
      if (onward) addTo(this.#waiting, fitting);
    }
  }

  #hasRoomFor(row: SumRow): boolean {
    if (this.#rows.has(sumKeyOf(row))) return true;
    const { minute, tenant, domain } = row;
    const here = [...this.#rows.values()].filter(
      (one) => one.minute === minute && one.tenant === tenant && one.domain === domain,
    );
    return here.length < MOST_SUM_ROWS;
  }
}

const addTo = (rows: Rows, row: SumRow): void => {
  const key = sumKeyOf(row);
  const before = rows.get(key);
  rows.set(key, before === undefined ? structuredClone(row) : { ...before, ...addCounts(before, row) });
};

const removeBefore = (rows: Rows, minute: number): number => {
  const old = [...rows].filter(([, row]) => row.minute < minute);
  for (const [key] of old) rows.delete(key);
  return old.length;
};
