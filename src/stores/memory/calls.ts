/** The call journal in a map: what it acknowledged lasts as long as the process. */
import type {
  Begin,
  Begun,
  CallJournal,
  CallRecord,
  End,
  Ended,
  Resolution,
  StoredReply,
} from '../../contract/index.ts';
import { givesWay, KEY_LIFETIME_MS, ownerOf, uniqueKey } from '../identity.ts';
import { NOTHING_SPENT, refuseAmounts, refuseReservation } from '../money.ts';
import { REFUSALS } from '../refusals.ts';
import type { MemoryApprovals } from './approvals.ts';
import type { MemoryAudit } from './audit.ts';
import type { MemoryLedger } from './ledger.ts';
import type { MemoryPlans } from './plans.ts';

/** What else the beginning and the end of a call write, in the same step. */
export interface Beside {
  readonly ledger: MemoryLedger;
  readonly approvals: MemoryApprovals;
  readonly audit: MemoryAudit;
  readonly plans: MemoryPlans;
}

export class MemoryCalls implements CallJournal {
  readonly #beside: Beside;
  readonly #records = new Map<string, CallRecord>();
  /** Call ids by the unique text of their idempotency keys. */
  readonly #keys = new Map<string, string>();

  constructor(beside: Beside) {
    this.#beside = beside;
  }

  /** INVARIANT: nothing is awaited between the first look and the last write. */
  async begin({ record, dispatch, grant, reservation, step, audit, atMs }: Begin): Promise<Begun> {
    const { ledger, approvals, plans } = this.#beside;
    if (reservation !== null) refuseReservation(reservation);
    const waiting = dispatch === null ? undefined : this.#find(dispatch.id);
    if (waiting !== undefined && waiting.state !== 'accepted')
      throw REFUSALS.wrongState(waiting.id, 'accepted', waiting.state);
    if (step !== undefined && !plans.mayBegin(step)) return { kind: 'superseded' };
    const holder = record === null ? undefined : this.#holderOf(record, reservation !== null);
    if (holder !== undefined) return { kind: 'taken', record: structuredClone(holder) };
    const why = grant === null ? null : approvals.refuses(grant, atMs);
    if (why !== null) return { kind: 'no_grant', why };
    const fresh = reservation === null || ledger.has(reservation) ? null : reservation;
    const short = fresh === null ? null : ledger.short(fresh);
    if (short !== null) return short;
    if (record !== null) this.#write(record);
    if (waiting !== undefined)
      this.#records.set(waiting.id, { ...waiting, state: 'dispatched', policyVersion: dispatch!.policyVersion });
    if (grant !== null) approvals.burn(grant);
    if (fresh !== null) ledger.hold(fresh, atMs);
    if (step !== undefined) plans.begin(step, atMs);
    this.#beside.audit.chain(audit);
    return { kind: 'begun' };
  }

  async end({ tenant, id, outcome, amounts, reservation = id, step, audit, atMs }: End): Promise<Ended> {
    if (amounts !== null) refuseAmounts(amounts);
    const wasGivenUp = step !== undefined && this.#learn(tenant, id, outcome);
    const record = outcome === null ? undefined : this.#ending(id, outcome.state);
    const concluded = record !== undefined && record.concludedAtMs === null;
    if (concluded && outcome?.state === 'forgotten') this.#delete(record);
    else if (concluded && outcome !== null && outcome.state !== 'forgotten')
      this.#records.set(id, { ...record, ...outcome, state: outcome.state, concludedAtMs: atMs });
    if (step !== undefined) this.#beside.plans.end(tenant, step, atMs, wasGivenUp);
    this.#beside.audit.chain(audit);
    const settled = amounts === null ? undefined : await this.#beside.ledger.settle(tenant, reservation, amounts, atMs);
    return { concluded, overdrawn: settled?.overdrawn ?? [] };
  }

  async accept(record: CallRecord): Promise<{ readonly taken: CallRecord | null }> {
    const holder = this.#holderOf(record);
    if (holder !== undefined) return { taken: structuredClone(holder) };
    this.#write(record);
    return { taken: null };
  }

  async conclude(
    id: string,
    state: 'done' | 'unknown' | 'cancelled',
    reply: StoredReply | null,
    atMs: number,
  ): Promise<boolean> {
    const record = this.#find(id);
    if (record.concludedAtMs !== null) return false;
    this.#records.set(id, { ...record, state, reply: structuredClone(reply), concludedAtMs: atMs });
    return true;
  }

  async get(tenant: string, id: string): Promise<CallRecord | undefined> {
    const record = this.#records.get(id);
    return record?.tenant === tenant ? structuredClone(record) : undefined;
  }

  async open(): Promise<readonly CallRecord[]> {
    const open = [...this.#records.values()].filter((record) => record.concludedAtMs === null);
    open.sort((a, b) => a.acceptedAtMs - b.acceptedAtMs || (a.id < b.id ? -1 : 1));
    return structuredClone(open);
  }

  async unresolved(tenant: string | null, limit: number): Promise<readonly CallRecord[]> {
    const found = [...this.#records.values()].filter(
      (record) => record.state === 'unknown' && (tenant === null || record.tenant === tenant),
    );
    found.sort((a, b) => a.acceptedAtMs - b.acceptedAtMs || (a.id < b.id ? -1 : 1));
    return structuredClone(found.slice(0, limit));
  }

  async reopen(tenant: string, id: string): Promise<boolean> {
    const record = this.#unknown(tenant, id);
    if (record !== undefined)
      this.#records.set(id, { ...record, state: 'dispatched', reply: null, concludedAtMs: null });
    return record !== undefined;
  }

  async resolve({ tenant, id, verdict, reply, step, audit, atMs }: Resolution): Promise<boolean> {
    const record = this.#unknown(tenant, id);
    if (record === undefined) return false;
    if (verdict === 'executed') this.#records.set(id, { ...record, state: 'done', reply: structuredClone(reply) });
    else {
      this.#keys.delete(uniqueKey(record) ?? '');
      const idempotencyKey = record.step === undefined ? '' : record.idempotencyKey;
      this.#records.set(id, { ...record, state: 'cancelled', reply: null, idempotencyKey });
    }
    if (step !== undefined) this.#beside.plans.resolve(tenant, step, verdict, atMs);
    this.#beside.audit.chain(audit);
    await this.#beside.ledger.settle(tenant, id, verdict === 'executed' ? {} : NOTHING_SPENT, atMs);
    return true;
  }

  #unknown(tenant: string, id: string): CallRecord | undefined {
    const record = this.#records.get(id);
    return record?.tenant === tenant && record.state === 'unknown' ? record : undefined;
  }

  /** The owner of its run has waited for it long enough. Nothing happens when it is over. */
  giveUp(id: string, atMs: number): void {
    const record = this.#records.get(id);
    if (record?.concludedAtMs === null) this.#records.set(id, { ...record, state: 'unknown', concludedAtMs: atMs });
  }

  /** It was given up as unknown, and is not: from here on it is open again, and ends. */
  #learn(tenant: string, id: string, outcome: End['outcome']): boolean {
    const record = outcome === null || outcome.state === 'unknown' ? undefined : this.#unknown(tenant, id);
    if (record !== undefined) this.#records.set(id, { ...record, concludedAtMs: null });
    return record !== undefined;
  }

  /** Whosever it is: ids of calls are unlike. */
  has(id: string): boolean {
    return this.#records.has(id);
  }

  async prune(beforeMs: number): Promise<number> {
    const old = [...this.#records.values()].filter(
      ({ concludedAtMs, state }) => concludedAtMs !== null && concludedAtMs < beforeMs && state !== 'unknown',
    );
    for (const record of old) this.#delete(record);
    return old.length;
  }

  #ending(id: string, state: string): CallRecord | undefined {
    return state === 'forgotten' ? this.#records.get(id) : this.#find(id);
  }

  #write(record: CallRecord): void {
    this.#records.set(record.id, structuredClone(record));
    const key = uniqueKey(record);
    if (key !== null) this.#keys.set(key, record.id);
  }

  #find(id: string): CallRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw REFUSALS.unknownCall(id);
    return record;
  }

  /** The record that stands in the way: the holder of the id, or of the key. A key that has run its time is given up (R6). */
  #holderOf(record: CallRecord, isPaid = false): CallRecord | undefined {
    const sameId = this.#records.get(record.id);
    if (sameId !== undefined) {
      if (ownerOf(sameId) !== ownerOf(record)) throw REFUSALS.foreignCall(record.id);
      return sameId;
    }
    const key = uniqueKey(record);
    const holder = key === null ? undefined : this.#records.get(this.#keys.get(key) ?? '');
    const isFree =
      holder !== undefined && (expired(holder, record.acceptedAtMs) || (!isPaid && givesWay(holder, record)));
    if (holder === undefined || !isFree) return holder;
    this.#records.set(holder.id, { ...holder, idempotencyKey: '' });
    return undefined;
  }

  #delete(record: CallRecord): void {
    this.#records.delete(record.id);
    this.#keys.delete(uniqueKey(record) ?? '');
  }
}

/** An open call keeps its key however old it is: only what is over can safely run again. */
const expired = (holder: CallRecord, nowMs: number): boolean =>
  holder.concludedAtMs !== null && nowMs - holder.acceptedAtMs >= KEY_LIFETIME_MS;
