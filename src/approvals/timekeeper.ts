/**
 * Time passes, and nodes die: brings each call to where its approval says it should be. It looks at the store again and again instead of
 * remembering, so that nothing is lost with a process and looking twice does no harm.
 */
import type { ApprovalRecord, ApprovalSummary, CallRecord } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { repeat } from '../kernel/index.ts';
import type { DeskParts } from './parts.ts';
import { change, shownBy, wallMs } from './parts.ts';
import { endOf, noted } from './words.ts';

/** Between two looks at the store. */
export const LOOK_MS = 1_000;
const LOOK_LIMIT = 200;

export class Timekeeper {
  readonly #parts: DeskParts;
  /** What is brought forward now: a call that waits for room is not looked up again each second, with all its bytes. */
  readonly #moving = new Set<string>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Looks every second; right after a restart `recover` does. Returns the function that ends it. */
  start(): () => void {
    return repeat(this.#parts.world.clock, LOOK_MS, () => this.look());
  }

  /** Everything that is due, and everything that is approved and has not run. Never throws. */
  async look(): Promise<void> {
    const { store, failed } = this.#parts;
    try {
      for (const { tenant, id } of await store.due(wallMs(this.#parts), LOOK_LIMIT)) {
        const record = await store.get(tenant, id);
        if (record !== undefined) await this.expireIfDue(record);
      }
      const approved = await store.list({ tenant: null, state: 'approved', limit: LOOK_LIMIT });
      // Nobody waits for what runs: the next look must come whatever a call does.
      for (const record of approved) void this.bringForward(record);
    } catch (cause) {
      failed?.(cause);
    }
  }

  /**
   * After a restart: what of the calls that were left open waits here, or has been decided while nobody ran. Returns the others, for
   * whom no approval speaks. One that was sent with its grant is never sent again: the grant is gone.
   */
  async recover(left: readonly CallRecord[]): Promise<readonly CallRecord[]> {
    const others: CallRecord[] = [];
    for (const call of left) {
      const record = await this.#parts.store.get(call.tenant, call.id);
      if (record === undefined) others.push(call);
      else if (call.state === 'accepted') void this.bringForward(await this.expireIfDue(record));
      else others.push({ ...call, idempotent: false });
    }
    return others;
  }

  /** Answers the record as it is by now: no answer in time is a no. */
  async expireIfDue(record: ApprovalRecord): Promise<ApprovalRecord> {
    const open = record.state === 'pending' || record.state === 'approved';
    if (!open || record.expiresAtMs > wallMs(this.#parts)) return record;
    try {
      const expired = await change(this.#parts, record, { state: 'expired', decidedAtMs: wallMs(this.#parts) });
      await this.#parts.trail.note(noted('approval.expired', 'airspace', expired));
      await this.settle(expired);
      return expired;
    } catch (thrown) {
      // Somebody was faster: what they made of it counts.
      if (Fault.from(thrown).code !== 'conflict') throw thrown;
      return (await this.#parts.store.get(record.tenant, record.id)) ?? record;
    }
  }

  /** The same, once at a time, and never throws. */
  async bringForward(record: ApprovalSummary): Promise<void> {
    const name = JSON.stringify([record.tenant, record.id]);
    if (this.#moving.has(name)) return;
    this.#moving.add(name);
    await this.settle(record)
      .catch((cause: unknown) => this.#parts.failed?.(cause))
      .finally(() => this.#moving.delete(name));
  }

  /** Brings the call to where its approval says it should be. Looking twice does no harm. */
  async settle(record: ApprovalSummary): Promise<void> {
    const { calls } = this.#parts;
    if (record.state === 'pending' || record.state === 'consumed') return;
    const call = await calls.get(record.tenant, record.id);
    if (record.state !== 'approved') {
      if (call?.state === 'accepted') await calls.giveUp(call, endOf(record));
      return;
    }
    if (call?.state === 'accepted') await this.#run(call);
    await this.#closeIfOver(record.tenant, record.id);
  }

  /** As what is approved by now: whoever took the approval back meanwhile is heard. */
  async #run(call: CallRecord): Promise<void> {
    const { store, calls, world } = this.#parts;
    const record = await store.get(call.tenant, call.id);
    if (record?.state === 'approved') await calls.resume(call, shownBy(record, world.clock.nowMs()));
  }

  /** It was refused on its way, by policy or by what was found out: an approval of a call that is over lets nothing else go. */
  async #closeIfOver(tenant: string, id: string): Promise<void> {
    const { store, calls } = this.#parts;
    const call = await calls.get(tenant, id);
    if (call !== undefined && call.concludedAtMs === null) return;
    const record = await store.get(tenant, id);
    if (record?.state === 'approved') await change(this.#parts, record, { state: 'cancelled' });
  }
}
