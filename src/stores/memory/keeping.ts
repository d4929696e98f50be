/** What a node remembers and keeps for its hub, and what nodes handed over, in maps: gone with the process. */
import type {
  AuditRecord,
  CallEvent,
  MarkStore,
  NodeAuditHead,
  NodeAuditStore,
  NodeAuditTaken,
  NumberedEvent,
  SpoolStore,
} from '../../contract/index.ts';
import { GENESIS } from '../../contract/index.ts';

export class MemoryMarks implements MarkStore {
  readonly #marks = new Map<string, number>();

  async read(): Promise<Readonly<Record<string, number>>> {
    return Object.fromEntries(this.#marks);
  }

  async write({ put = {}, raise = {} }: Parameters<MarkStore['write']>[0]): Promise<void> {
    for (const [name, value] of Object.entries(put)) this.#marks.set(name, Math.floor(value));
    for (const [name, value] of Object.entries(raise))
      this.#marks.set(name, Math.max(Math.floor(value), this.#marks.get(name) ?? Number.NEGATIVE_INFINITY));
  }
}

export class MemorySpool implements SpoolStore {
  #events: NumberedEvent[] = [];
  #last = 0;
  #dropped = 0;

  async add(events: readonly CallEvent[], most: number): Promise<{ readonly dropped: number }> {
    for (const event of events) this.#events.push({ seq: ++this.#last, event: JSON.parse(JSON.stringify(event)) });
    const dropped = this.#events.splice(0, Math.max(0, this.#events.length - most)).length;
    this.#dropped += dropped;
    return { dropped };
  }

  async next(limit: number): Promise<readonly NumberedEvent[]> {
    return structuredClone(this.#events.slice(0, limit));
  }

  async remove(throughSeq: number): Promise<void> {
    this.#events = this.#events.filter(({ seq }) => seq > throughSeq);
  }

  async dropped(): Promise<number> {
    return this.#dropped;
  }

  async waiting(): Promise<number> {
    return this.#events.length;
  }
}

interface Chain {
  readonly node: string;
  readonly tenant: string;
  readonly owner: string;
  readonly records: AuditRecord[];
}

export class MemoryNodeAudit implements NodeAuditStore {
  readonly #chains = new Map<string, Chain>();

  async append(node: string, owner: string, records: readonly AuditRecord[]): Promise<NodeAuditTaken> {
    const tenant = records[0]?.tenant ?? '';
    const key = JSON.stringify([node, tenant]);
    const chain = this.#chains.get(key) ?? { node, tenant, owner, records: [] };
    const fresh = records.filter(({ seq }) => seq > chain.records.length);
    const problem = problemWith(chain.records, records);
    if (problem === null && fresh.length > 0) {
      chain.records.push(...structuredClone(fresh));
      this.#chains.set(key, chain);
    }
    const last = chain.records.at(-1);
    return { tenant, seq: last?.seq ?? 0, hash: last?.hash ?? GENESIS, problem };
  }

  async read(node: string, tenant: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]> {
    const records = this.#chains.get(JSON.stringify([node, tenant]))?.records ?? [];
    return structuredClone(records.filter(({ seq }) => seq >= fromSeq).slice(0, limit));
  }

  async heads(owner: string | null): Promise<readonly NodeAuditHead[]> {
    return [...this.#chains.values()]
      .filter((chain) => owner === null || chain.owner === owner)
      .map((chain) => {
        const { seq, hash } = chain.records.at(-1)!;
        return { node: chain.node, tenant: chain.tenant, owner: chain.owner, seq, hash };
      })
      .sort((a, b) => (a.node === b.node ? (a.tenant < b.tenant ? -1 : 1) : a.node < b.node ? -1 : 1));
  }
}

const problemWith = (here: readonly AuditRecord[], records: readonly AuditRecord[]): NodeAuditTaken['problem'] => {
  const known = records.findLast(({ seq }) => seq <= here.length);
  if (known !== undefined && here[known.seq - 1]?.hash !== known.hash) return 'fork';
  const next = records.find(({ seq }) => seq > here.length);
  if (next === undefined) return null;
  if (next.seq !== here.length + 1) return 'gap';
  return next.prev === (here.at(-1)?.hash ?? GENESIS) ? null : 'fork';
};
