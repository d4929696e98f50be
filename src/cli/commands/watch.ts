/** `get --watch`: the same list again and again; on a terminal drawn anew, in a pipe only what has changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { usage } from '../failure.ts';
import { type Listing, Output } from '../output.ts';
import { spanIn } from './topology/show.ts';

/** Until it is interrupted, or nobody reads any more. */
export const watching = async (
  context: Context,
  interval: string,
  look: (context: Context) => Promise<void>,
  rounds = Number.POSITIVE_INFINITY,
): Promise<void> => {
  const everyMs = spanIn('--interval', interval, 100);
  const { out } = context;
  if (out.format === 'json' || out.format === 'yaml')
    throw usage(`a watch has no end, and ${out.format} needs one`, 'the same with -o jsonl');
  const drawn = out.isTTY && (out.format === 'table' || out.format === 'wide');
  const shown = { ...context, out: drawn ? new Redrawn(out.options) : new Changes(out.options) };
  for (let round = 0; round < rounds; round++) {
    if (round > 0) await sleep(everyMs);
    await look(shown);
  }
};

const CLEAR = '\x1b[H\x1b[2J';

class Redrawn extends Output {
  override async list<Row>(listing: Listing<Row>): Promise<void> {
    this.stdout.write(CLEAR);
    await super.list(listing);
  }
}

/** An old one that is not listed any more is not gone. */
const NEWEST: ReadonlySet<string> = new Set(['Call', 'Incident']);

/** By name. What is gone is said once, but for what only the newest of are listed. */
class Changes extends Output {
  #before: ReadonlyMap<string, string> | undefined;

  override async list<Row>(listing: Listing<Row>): Promise<void> {
    const before = this.#before ?? new Map<string, string>();
    const now = new Map(listing.rows.map((row) => [listing.name(row), JSON.stringify(row)]));
    const changed = listing.rows.filter((row) => before.get(listing.name(row)) !== now.get(listing.name(row)));
    const gone = NEWEST.has(listing.kind) ? [] : [...before.keys()].filter((name) => !now.has(name));
    const isFirst = this.#before === undefined;
    this.#before = now;
    if (this.format === 'jsonl') {
      for (const row of changed) {
        const name = listing.name(row);
        this.print(JSON.stringify({ type: before.has(name) ? 'changed' : 'added', name, item: row }));
      }
      for (const name of gone) this.print(JSON.stringify({ type: 'gone', name }));
      return;
    }
    if (changed.length > 0 || isFirst) this.print(isFirst ? this.text(listing, changed) : this.rows(listing, changed));
    for (const name of gone) this.print(`${name} is gone`);
  }

  private text<Row>(listing: Listing<Row>, rows: readonly Row[]): string {
    if (rows.length === 0) return listing.empty;
    return this.format === 'name' ? this.rows(listing, rows) : this.table(rows, listing.columns);
  }

  /** Columns are as wide as these rows need: nobody knows what is still to come. */
  private rows<Row>(listing: Listing<Row>, rows: readonly Row[]): string {
    if (this.format === 'name') return rows.map(listing.name).join('\n');
    const text = this.table(rows, listing.columns);
    return this.headers ? text.slice(text.indexOf('\n') + 1) : text;
  }
}
