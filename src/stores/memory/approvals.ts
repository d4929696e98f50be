/** Approvals in a map. */
import type { ApprovalRecord, ApprovalStore, ApprovalSummary, GrantUse, Principal } from '../../contract/index.ts';
import { noGrant } from '../identity.ts';
import { REFUSALS } from '../refusals.ts';

export class MemoryApprovals implements ApprovalStore {
  readonly #records = new Map<string, ApprovalRecord>();
  readonly #isOnRecord: (call: string) => boolean;

  constructor(isOnRecord: (call: string) => boolean) {
    this.#isOnRecord = isOnRecord;
  }

  async put(record: ApprovalRecord): Promise<void> {
    const actual = this.#at(record.tenant, record.id)?.version ?? 0;
    if (actual !== record.version - 1) throw REFUSALS.staleApproval(record.id, record.version - 1, actual);
    this.#records.set(keyOf(record.tenant, record.id), structuredClone(record));
  }

  async get(tenant: string, id: string): Promise<ApprovalRecord | undefined> {
    return structuredClone(this.#at(tenant, id));
  }

  async latest(tenant: string, principal: Principal, digest: string): Promise<ApprovalRecord | undefined> {
    const [found] = this.#of(tenant, principal)
      .filter((one) => one.digest === digest || one.askedDigest === digest)
      .sort(newestFirst);
    return structuredClone(found);
  }

  async waiting(tenant: string, principal: Principal): Promise<number> {
    return this.#of(tenant, principal).filter(({ state }) => state === 'pending').length;
  }

  async list(filter: Parameters<ApprovalStore['list']>[0]): Promise<readonly ApprovalSummary[]> {
    const found = [...this.#records.values()]
      .filter(
        ({ tenant, state }) =>
          (filter.tenant === null || tenant === filter.tenant) &&
          (filter.state === undefined || state === filter.state),
      )
      .sort(newestFirst);
    return found.slice(0, filter.limit).map(summaryOf);
  }

  async due(nowMs: number, limit: number): Promise<readonly ApprovalSummary[]> {
    const found = [...this.#records.values()].filter((one) => isOpen(one) && one.expiresAtMs <= nowMs);
    return found
      .sort((a, b) => a.expiresAtMs - b.expiresAtMs)
      .slice(0, limit)
      .map(summaryOf);
  }

  async prune(beforeMs: number): Promise<number> {
    const old = [...this.#records].filter(
      ([, one]) => !isOpen(one) && one.expiresAtMs < beforeMs && !this.#isOnRecord(one.id),
    );
    for (const [key] of old) this.#records.delete(key);
    return old.length;
  }

  /** Why the grant cannot be used, or null. Changes nothing. */
  refuses({ tenant, approval, digest }: GrantUse & { readonly tenant: string }, atMs: number): string | null {
    return noGrant(this.#at(tenant, approval), digest, atMs);
  }

  burn({ tenant, approval }: GrantUse & { readonly tenant: string }): void {
    const record = this.#at(tenant, approval)!;
    this.#records.set(keyOf(tenant, approval), { ...record, state: 'consumed', version: record.version + 1 });
  }

  #of(tenant: string, { kind, id }: Principal): readonly ApprovalRecord[] {
    return [...this.#records.values()].filter(
      (one) => one.tenant === tenant && one.principal.kind === kind && one.principal.id === id,
    );
  }

  #at(tenant: string, id: string): ApprovalRecord | undefined {
    return this.#records.get(keyOf(tenant, id));
  }
}

const summaryOf = ({ body: _, ...summary }: ApprovalRecord): ApprovalSummary => structuredClone(summary);

const newestFirst = (a: ApprovalRecord, b: ApprovalRecord): number =>
  b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1);

const isOpen = ({ state }: ApprovalRecord): boolean => state === 'pending' || state === 'approved';

const keyOf = (tenant: string, id: string): string => JSON.stringify([tenant, id]);
