/** Audit chains in arrays: hashed like the real ones, and gone with the process. */
import { createHash } from 'node:crypto';
import type { AuditEntry, AuditFilter, AuditHead, AuditRecord, AuditStore } from '../../contract/index.ts';
import { auditText, GENESIS, isWanted } from '../../contract/index.ts';

export class MemoryAudit implements AuditStore {
  readonly #chains = new Map<string, AuditRecord[]>();

  async append(entries: readonly AuditEntry[]): Promise<void> {
    this.chain(entries);
  }

  chain(entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      const chain = this.#of(entry.tenant);
      const seq = chain.length + 1;
      const prev = chain.at(-1)?.hash ?? GENESIS;
      const hash = createHash('sha256')
        .update(auditText(entry, seq, prev))
        .digest('hex');
      chain.push({ ...structuredClone(entry), seq, prev, hash });
    }
  }

  async read(tenant: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]> {
    return this.#of(tenant)
      .filter(({ seq }) => seq >= fromSeq)
      .slice(0, limit);
  }

  async search(filter: AuditFilter): Promise<readonly AuditRecord[]> {
    const { tenant, fromSeq = 1, beforeSeq = Number.POSITIVE_INFINITY, limit } = filter;
    return this.#of(tenant)
      .filter((record) => record.seq >= fromSeq && record.seq < beforeSeq && isWanted(record, filter))
      .reverse()
      .slice(0, limit);
  }

  async heads(): Promise<readonly AuditHead[]> {
    return [...this.#chains]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([tenant, chain]) => {
        const last = chain.at(-1);
        return last === undefined ? [] : [{ tenant, seq: last.seq, hash: last.hash }];
      });
  }

  #of(tenant: string): AuditRecord[] {
    const known = this.#chains.get(tenant);
    if (known !== undefined) return known;
    const chain: AuditRecord[] = [];
    this.#chains.set(tenant, chain);
    return chain;
  }
}
