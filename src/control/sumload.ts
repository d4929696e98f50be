/** The child's side of sums: rows that wait for the parent, one report after the other, each under its number until it has arrived. */
import { Fault, MOST_REPORTED_ROWS, type SumReport, type SumStore } from '../contract/index.ts';
import type { Load, Loaded } from './upload.ts';

/** What a node has to say in sums. */
export interface SumSource {
  readonly store: Pick<SumStore, 'next' | 'sent'>;
  /** The domain under which the parent knows what a row is of: it may not know all of those below this hub yet. */
  readonly homeOf: (domain: string) => string;
  /** The calls themselves stay here. */
  readonly only: () => boolean;
}

export interface SumLoadParts extends SumSource {
  /** 32 hex digits, for a store that has no epoch yet. */
  readonly epoch: string;
  readonly send: (report: SumReport) => Promise<unknown>;
  /** Hears of a refusal when it is another one than before, and of its end. */
  readonly noted: (refused: string | null) => void;
}

export class SumLoad implements Load {
  readonly #parts: SumLoadParts;
  #refused: string | null = null;

  constructor(parts: SumLoadParts) {
    this.#parts = parts;
  }

  /** Why the parent took nothing of the last report; null when it did. */
  get refused(): string | null {
    return this.#refused;
  }

  async next(): Promise<Loaded | undefined> {
    const { store, epoch, homeOf } = this.#parts;
    const batch = await store.next(MOST_REPORTED_ROWS, epoch);
    if (batch === undefined) return undefined;
    const rows = batch.rows.map(({ tenant: _, ...row }) => ({ ...row, domain: homeOf(row.domain) }));
    return {
      isFull: rows.length === MOST_REPORTED_ROWS,
      send: () => this.#send({ epoch: batch.epoch, seq: batch.seq, rows }),
    };
  }

  /** INVARIANT: what was refused is kept and said again. The parent may know better by then: a domain that is new, or its clock. */
  async #send(report: SumReport): Promise<void> {
    try {
      await this.#parts.send(report);
    } catch (thrown) {
      const { code, message } = Fault.from(thrown);
      if (code === 'bad_request' || code === 'denied' || code === 'conflict') this.#note(message);
      throw thrown;
    }
    this.#note(null);
    await this.#parts.store.sent(report.seq);
  }

  #note(refused: string | null): void {
    if (refused !== this.#refused) this.#parts.noted(refused);
    this.#refused = refused;
  }
}
