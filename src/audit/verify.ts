/**
 * Reads a chain from its first record and names the first one that is not as it was written. The chain alone shows what was
 * changed inside; only checkpoints that lie elsewhere show that its end was cut off, or that all of it was written anew.
 */
import { createHash } from 'node:crypto';
import type { AuditRecord } from '../contract/index.ts';
import { auditText, GENESIS } from '../contract/index.ts';
import type { Checkpoint } from './checkpoint.ts';

export interface Finding {
  /** Where it was noticed: the first bad record, or the first that is missing. */
  readonly seq: number;
  readonly what: 'changed' | 'missing' | 'repeated' | 'out of order' | 'spliced' | 'cut' | 'rewritten';
  readonly text: string;
}

export class ChainVerifier {
  readonly #tenant: string;
  readonly #checkpoints: ReadonlyMap<number, Checkpoint>;
  readonly #seen = new Set<string>();
  #last: number;
  #hash: string;
  /** The last checkpoint that the chain agreed with. */
  #agreed = 0;

  /** `after`: the record before the first one that is read, for whoever has a part of a chain. Default: it is read from its beginning. */
  constructor(tenant: string, checkpoints: readonly Checkpoint[] = [], after = { seq: 0, hash: GENESIS }) {
    this.#tenant = tenant;
    this.#last = after.seq;
    this.#hash = after.hash;
    this.#checkpoints = new Map(checkpoints.filter((one) => one.tenant === tenant).map((one) => [one.seq, one]));
  }

  /** Records that are as they were written, and the checkpoint up to which somebody else says so too. */
  get verified(): { readonly records: number; readonly checkpoint: number; readonly hash: string } {
    return { records: this.#last, checkpoint: this.#agreed, hash: this.#hash };
  }

  /** Undefined while all is well. After a finding nothing more can be said. */
  take(record: AuditRecord): Finding | undefined {
    const found = this.#misplaced(record) ?? this.#altered(record) ?? this.#elsewhere(record);
    if (found !== undefined) return found;
    this.#last = record.seq;
    this.#hash = record.hash;
    if (this.#checkpoints.has(record.seq)) this.#agreed = record.seq;
    this.#remember(record.hash);
    return undefined;
  }

  /** After the last record: is there a checkpoint of one that is not here? */
  finish(): Finding | undefined {
    const newest = Math.max(0, ...this.#checkpoints.keys());
    if (newest <= this.#last) return undefined;
    const { atMs } = this.#checkpoints.get(newest)!;
    return {
      seq: this.#last + 1,
      what: 'cut',
      text: `the chain ends at ${this.#last}, and a checkpoint of ${new Date(atMs).toISOString()} has seen ${newest}`,
    };
  }

  #misplaced({ seq, hash, tenant }: AuditRecord): Finding | undefined {
    const expected = this.#last + 1;
    if (tenant !== this.#tenant)
      return { seq: expected, what: 'spliced', text: `record ${seq} is of tenant \`${tenant}\`` };
    if (seq === expected) return undefined;
    if (this.#seen.has(hash)) return { seq, what: 'repeated', text: `record ${seq} is there a second time` };
    return seq > expected
      ? { seq: expected, what: 'missing', text: `record ${expected} is missing; ${seq} comes after ${this.#last}` }
      : { seq, what: 'out of order', text: `record ${seq} comes after ${this.#last}` };
  }

  #altered({ seq, prev, hash, ...entry }: AuditRecord): Finding | undefined {
    if (prev !== this.#hash)
      return { seq, what: 'spliced', text: `record ${seq} was written after another record than ${this.#last}` };
    const actual = createHash('sha256')
      .update(auditText(entry, seq, prev))
      .digest('hex');
    if (actual !== hash) return { seq, what: 'changed', text: `record ${seq} is not what was written` };
    return undefined;
  }

  #elsewhere({ seq, hash }: AuditRecord): Finding | undefined {
    const checkpoint = this.#checkpoints.get(seq);
    if (checkpoint === undefined || checkpoint.hash === hash) return undefined;
    return {
      seq: this.#agreed + 1,
      what: 'rewritten',
      text: `record ${seq} is another than the checkpoint of ${new Date(checkpoint.atMs).toISOString()} has seen: the chain was written anew somewhere from ${this.#agreed + 1} on`,
    };
  }

  /** Repeats are told from other disorder as far back as people look. */
  #remember(hash: string): void {
    this.#seen.add(hash);
    if (this.#seen.size > 10_000) this.#seen.delete(this.#seen.values().next().value!);
  }
}
