/**
 * The record of calls that somebody relies on: an intent that is durable before any byte leaves, an outcome that is durable
 * before the caller hears it, idempotency keys (R6), and detached calls that survive a restart.
 *
 * Calls that only read and carry no key skip it: their trace event is their record, and they wait for no disk.
 *
 * This file says which way a call takes. `sending.ts` is the way of a call that somebody waits for, `detached.ts` of one that runs
 * by itself, `again.ts` of one that runs once more; all of them end in `ends.ts`, and `runs.ts` remembers what runs here.
 */
import type {
  AskedCapability,
  Call,
  CallRecord,
  ChosenProvider,
  Principal,
  Reply,
  RoutePlan,
} from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission, type Layer } from '../kernel/index.ts';
import { type AgainParts, type Recovered, recover, sendAgain } from './again.ts';
import { accepted, answerTaken, mismatch } from './answer.ts';
import { keptChoice } from './choices.ts';
import { conclude } from './concluding.ts';
import { Detached } from './detached.ts';
import { Ends } from './ends.ts';
import { keepFault } from './keep.ts';
import type { JournalOptions } from './options.ts';
import { recordOf } from './record.ts';
import { Runs } from './runs.ts';
import { Sending } from './sending.ts';

export class Journal {
  readonly #options: JournalOptions;
  readonly #runs = new Runs();
  readonly #sending: Sending;
  readonly #detached: Detached;
  readonly #again: AgainParts;

  constructor(options: JournalOptions) {
    const runs = this.#runs;
    const ends = new Ends(options, runs);
    this.#options = options;
    this.#sending = new Sending(options, runs, ends);
    this.#detached = new Detached(options, { runs, ends, sending: this.#sending });
    this.#again = { store: options.store, world: options.world, runs, start: (record) => this.#detached.start(record) };
  }

  /** Stands between the decision and everything that sends. `planOf` is the one of the pipeline that it becomes part of. */
  layer(planOf: (call: Call) => RoutePlan): Layer {
    return (next) => (call, scope) => {
      const plan = planOf(call);
      if (this.#runs.has(call.id)) return this.#detached.run(next, call, scope);
      if (call.detach === true) return this.#detached.accept(call, plan, scope);
      const isRecorded =
        plan.operation.effect !== 'read' || call.idempotencyKey !== undefined || call.step !== undefined;
      const admission = Admission.find(call);
      if (!isRecorded && (admission?.isEmpty ?? true))
        return admission?.meter == null ? next(call, scope) : this.#sending.send(next, call, scope, null);
      const record = isRecorded ? recordOf(call, plan, this.#options.world.clock.wallMs()) : null;
      return this.#sending.run(next, call, record, scope);
    };
  }

  /** Who a capability went to under the key of the call, or who is chosen now. Throws `idempotency_mismatch`, and what `choose` throws. */
  kept(call: Call, asked: AskedCapability, choose: () => ChosenProvider): Promise<ChosenProvider> {
    const { store, world } = this.#options;
    return keptChoice(store, call, asked, choose, world.clock.wallMs());
  }

  /** A recorded call of this principal; undefined when there is none or it is somebody else's: the two look alike. */
  async owned(principal: Principal, id: string): Promise<CallRecord | undefined> {
    const record = await this.#options.store.get(principal.tenant, id);
    const own = record?.principal.kind === principal.kind && record.principal.id === principal.id;
    return own ? record : undefined;
  }

  /**
   * Keeps a call that waits for people, durably, with the bytes that would go on. Answers the record that holds its idempotency key.
   * Throws `idempotency_mismatch`, and `bad_request` for a stream.
   */
  async keep(call: Call, plan: RoutePlan, policyVersion: string): Promise<CallRecord> {
    const record = recordOf(call, plan, this.#options.world.clock.wallMs(), {
      state: 'accepted',
      detached: true,
      policyVersion,
    });
    const { taken } = await this.#options.store.accept(record);
    if (taken !== null && taken.digest !== record.digest) throw mismatch(taken);
    return taken ?? record;
  }

  /** Does it run here by itself, with nobody waiting? */
  runsAlone(id: string): boolean {
    return this.#runs.has(id);
  }

  get(tenant: string, id: string): Promise<CallRecord | undefined> {
    return this.#options.store.get(tenant, id);
  }

  /**
   * Runs a kept call as what people approved. Resolves when it is over; never throws. What could not be sent for a reason that passes
   * stays kept, for the next time somebody looks.
   */
  resume(record: CallRecord, as: Partial<Call>): Promise<void> {
    if (this.#runs.has(record.id)) return Promise.resolve();
    return this.#detached.start(record, as);
  }

  /** Ends a kept call that is not going to run. */
  async giveUp(record: CallRecord, fault: Fault): Promise<void> {
    const { store, world } = this.#options;
    const state = fault.code === 'cancelled' ? 'cancelled' : 'done';
    await conclude(store, record, state, keepFault(fault), fault, world.clock.wallMs());
  }

  /** The kept answer, byte for byte, or 202 while there is none. Throws what the call ended with. */
  answer(record: CallRecord): Reply {
    return record.concludedAtMs === null ? accepted(record) : answerTaken(record, record.digest);
  }

  /** Asks a running detached call to stop. Cancellation is a request: the outcome is known when the record says so (D4). */
  cancel(id: string): boolean {
    return this.#runs.cancel(id, new Fault('cancelled', 'the caller cancelled this call'));
  }

  /**
   * Sends a call with an unknown outcome again, with the key that it had: the target runs it once. Resolves when it is over.
   * False when somebody has said meanwhile what became of it. A second unknown is what it was before.
   */
  replay(record: CallRecord): Promise<boolean> {
    return sendAgain(this.#again, record);
  }

  /**
   * After a restart: runs again what was accepted and never sent, and what is idempotent; everything else that was sent has an
   * unknown outcome, and says so (O3). Returns how many of each.
   *
   * `left`: what the store had open before this node took its first call. A call that began since is nobody's remains: looking at
   * the store only now would end it, or run it a second time.
   */
  recover(left: readonly CallRecord[]): Promise<Recovered> {
    return recover(this.#again, left);
  }
}
