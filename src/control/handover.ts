/**
 * Hands the audit of a node over to its hub: each chain from where the hub has it, in order. Nothing is deleted here, so that whatever
 * a crash on either side, or an older copy of either store, makes unsure is settled by sending it again.
 */
import type { AuditHead, AuditRecord, AuditStore, MarkStore, NodeAuditTaken } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import type { Load, Loaded } from './upload.ts';

export interface HandoverParts {
  readonly store: Pick<AuditStore, 'heads' | 'read'>;
  readonly marks: MarkStore;
  readonly send: (records: readonly AuditRecord[]) => Promise<NodeAuditTaken>;
}

/** Of one request. */
export const MOST_RECORDS = 500;
const MOST_CHARACTERS = 1024 * 1024;

export class Handover implements Load {
  readonly #parts: HandoverParts;
  /** By tenant: what the hub has. */
  readonly #reached: Map<string, number>;
  readonly #forked = new Set<string>();

  private constructor(parts: HandoverParts, reached: Map<string, number>) {
    this.#parts = parts;
    this.#reached = reached;
  }

  static async open(parts: HandoverParts): Promise<Handover> {
    const marks = Object.entries(await parts.marks.read());
    const own = marks.filter(([name]) => name.startsWith(MARK));
    return new Handover(parts, new Map(own.map(([name, seq]) => [name.slice(MARK.length), seq])));
  }

  /** Records that the hub does not have yet. */
  async unsent(): Promise<number> {
    const heads = await this.#parts.store.heads();
    return heads.reduce((sum, head) => sum + this.#behind(head), 0);
  }

  async next(): Promise<Loaded | undefined> {
    const heads = await this.#parts.store.heads();
    const head = heads.find((one) => this.#behind(one) > 0 && !this.#forked.has(one.tenant));
    if (head === undefined) return undefined;
    const { tenant } = head;
    const from = (this.#reached.get(tenant) ?? 0) + 1;
    const found = await this.#parts.store.read(tenant, from, MOST_RECORDS);
    const records = withinSize(found);
    const isFull = records.length < found.length || found.length === MOST_RECORDS;
    return { isFull, send: () => this.#send(tenant, records) };
  }

  #behind({ tenant, seq }: AuditHead): number {
    return Math.max(0, seq - (this.#reached.get(tenant) ?? 0));
  }

  async #send(tenant: string, records: readonly AuditRecord[]): Promise<void> {
    const taken = await this.#parts.send(records);
    if (taken.problem === 'fork') {
      this.#forked.add(tenant);
      throw new Fault(
        'conflict',
        `the hub holds other records of this node's audit of tenant \`${tenant}\` up to ${taken.seq}: the store of this node is an older copy, or was changed; keep both for whoever looks into it, and let the node join anew with an empty directory`,
        { facts: { tenant, seq: taken.seq } },
      );
    }
    // After a gap the hub says where it is: it was restored from an older copy, and gets the rest again.
    await this.#parts.marks.write({ put: { [MARK + tenant]: taken.seq } });
    this.#reached.set(tenant, taken.seq);
  }
}

const MARK = 'audit ';

const withinSize = (records: readonly AuditRecord[]): readonly AuditRecord[] => {
  let size = 0;
  const beyond = records.findIndex((record, at) => {
    size += JSON.stringify(record).length;
    return at > 0 && size > MOST_CHARACTERS;
  });
  return beyond < 0 ? records : records.slice(0, beyond);
};
