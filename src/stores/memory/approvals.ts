/** Approvals in a map. */
import type { ApprovalRecord, ApprovalStore, GrantUse, Principal } from '../../contract/index.ts';
import { noGrant } from '../identity.ts';
import { REFUSALS } from '../refusals.ts';

export class MemoryApprovals implements ApprovalStore {
  readonly #records = new Map<string, ApprovalRecord>();

  async put(record: ApprovalRecord): Promise<void> {
    const actual = this.#at(record.tenant, record.id)?.version ?? 0;
    if (actual !== record.version - 1) throw REFUSALS.staleApproval(record.id, record.version - 1, actual);
    this.#records.set(keyOf(record.tenant, record.id), structuredClone(record));
  }

  async get(tenant: string, id: string): Promise<ApprovalRecord | undefined> {
    return structuredClone(this.#at(tenant, id));
  }

  async open(tenant: string, principal: Principal, digest: string): Promise<ApprovalRecord | undefined> {
    const found = [...this.#records.values()].find(
      (one) =>
        one.tenant === tenant &&
        one.digest === digest &&
        one.principal.kind === principal.kind &&
        one.principal.id === principal.id &&
        isOpen(one),
    );
    return structuredClone(found);
  }

  async latest(tenant: string, principal: Principal, digest: string): Promise<ApprovalRecord | undefined> {
    const [found] = [...this.#records.values()]
      .filter(
        (one) =>
          one.tenant === tenant &&
          one.digest === digest &&
          one.principal.kind === principal.kind &&
          one.principal.id === principal.id,
      )
      .sort(newestFirst);
    return structuredClone(found);
  }

  async list(filter: Parameters<ApprovalStore['list']>[0]): Promise<readonly ApprovalRecord[]> {
    const found = [...this.#records.values()]
      .filter(
        ({ tenant, state }) =>
          (filter.tenant === null || tenant === filter.tenant) &&
          (filter.state === undefined || state === filter.state),
      )
      .sort(newestFirst);
    return structuredClone(found.slice(0, filter.limit));
  }

  async due(nowMs: number, limit: number): Promise<readonly ApprovalRecord[]> {
    const found = [...this.#records.values()].filter((one) => isOpen(one) && one.expiresAtMs <= nowMs);
    return structuredClone(found.sort((a, b) => a.expiresAtMs - b.expiresAtMs).slice(0, limit));
  }

  /** Why the grant cannot be used, or null. Changes nothing. */
  refuses({ tenant, approval, digest }: GrantUse & { readonly tenant: string }, atMs: number): string | null {
    return noGrant(this.#at(tenant, approval), digest, atMs);
  }

  burn({ tenant, approval }: GrantUse & { readonly tenant: string }): void {
    const record = this.#at(tenant, approval)!;
    this.#records.set(keyOf(tenant, approval), { ...record, state: 'consumed', version: record.version + 1 });
  }

  #at(tenant: string, id: string): ApprovalRecord | undefined {
    return this.#records.get(keyOf(tenant, id));
  }
}

const newestFirst = (a: ApprovalRecord, b: ApprovalRecord): number =>
  b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1);

const isOpen = ({ state }: ApprovalRecord): boolean => state === 'pending' || state === 'approved';

const keyOf = (tenant: string, id: string): string => JSON.stringify([tenant, id]);
