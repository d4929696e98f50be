/**
 * Sends a call between two transactions. In the first one its intent, its money and its audit line become durable before any byte
 * leaves; in the last one its outcome does, before the caller hears it.
 */
import type { Begun, Call, CallRecord, Reply, Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission, type Handler, whenEnded } from '../kernel/index.ts';
import { answerTaken } from './answer.ts';
import type { Ends } from './ends.ts';
import { KEEP_LIMIT, keepFault, keepReply, withinLimit } from './keep.ts';
import type { JournalOptions } from './options.ts';
import { mayBeSentAgain, type Over, unsure, unwritten } from './outcome.ts';
import { hasRoomNow, throwIfRefused } from './refused.ts';
import type { Runs } from './runs.ts';
import { STEP_KEEP_LIMIT, stepOfBegin, superseded } from './step.ts';
import { Tee } from './tee.ts';

/** Of a detached call: its record is there, and says from now on that it is being sent. */
type Dispatch = { readonly id: string; readonly policyVersion: string };

export class Sending {
  readonly #options: JournalOptions;
  readonly #runs: Runs;
  readonly #ends: Ends;

  constructor(options: JournalOptions, runs: Runs, ends: Ends) {
    this.#options = options;
    this.#runs = runs;
    this.#ends = ends;
  }

  /** A call that somebody waits for, from its intent to its outcome. `record` is null when there is only money to set aside. */
  async run(next: Handler, call: Call, record: CallRecord | null, scope: Scope): Promise<Reply> {
    const startMs = scope.clock.nowMs();
    const begun = await this.#beginWithRoom(call, record, scope);
    scope.span.step('record', startMs, { 'call.key': call.idempotencyKey, replayed: begun.kind === 'taken' });
    if (begun.kind === 'taken') {
      // What somebody else was answered is no result of a step.
      if (call.step !== undefined) throw superseded(call);
      return answerTaken(begun.record, record?.digest ?? '');
    }
    throwIfRefused(begun, call);
    return this.send(next, call, scope, record);
  }

  /** A call that may wait for room in a budget asks again whenever it hears that there may be some. */
  async #beginWithRoom(call: Call, record: CallRecord | null, scope: Scope): Promise<Begun> {
    for (;;) {
      const begun = await this.begin(call, record, null);
      if (begun.kind !== 'overdrawn' || !(await hasRoomNow(call, begun, scope.signal))) return begun;
    }
  }

  /** INVARIANT: one transaction, and nothing was sent before it is durable. */
  async begin(call: Call, record: CallRecord | null, dispatch: Dispatch | null): Promise<Begun> {
    const { store, world } = this.#options;
    const { grant = null, reservation = null, before = [] } = Admission.find(call) ?? {};
    const tenant = call.principal?.tenant ?? '';
    try {
      return await store.begin({
        record,
        dispatch,
        grant: grant === null ? null : { ...grant, tenant },
        reservation,
        ...stepOfBegin(call, record, dispatch),
        audit: before,
        atMs: world.clock.wallMs(),
      });
    } catch (thrown) {
      throw this.#notBegun(call, Fault.from(thrown), record);
    }
  }

  /** INVARIANT: the outcome is durable before the caller hears it, once, however the call ends. */
  async send(next: Handler, call: Call, scope: Scope, record: CallRecord | null): Promise<Reply> {
    const admission = Admission.find(call);
    const end = (over: Over): Promise<boolean> =>
      this.#ends.nowOrLater(this.#ends.ofSent({ call, record, admission }, over));
    let reply: Reply;
    try {
      reply = await next(call, scope);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (await end({ fault, reply: undefined, kept: keepFault(fault), whole: null })) throw fault;
      throw this.#ends.toCome(fault.executed === 'no' && mayBeSentAgain(record) ? unsure(fault) : fault);
    }
    if (reply.body.kind === 'bytes') {
      const { bytes } = reply.body;
      const kept = keepReply(reply, withinLimit(bytes));
      if (await end({ fault: undefined, reply, kept, whole: withinLimit(bytes, STEP_KEEP_LIMIT) })) return reply;
      throw this.#ends.toCome(unwritten());
    }
    const limit = call.step === undefined ? KEEP_LIMIT : STEP_KEEP_LIMIT;
    const tee = new Tee(reply.body.chunks, admission?.meter?.chunk.bind(admission.meter), limit);
    const streamed: Reply = { ...reply, body: { kind: 'stream', chunks: tee.pass() } };
    return whenEnded(Promise.resolve(streamed), scope.signal, (fault) => {
      const whole = fault === undefined ? tee.kept() : null;
      const kept = fault === undefined ? keepReply(reply, whole && withinLimit(whole)) : keepFault(fault);
      void end({ fault, reply, kept, whole }); // The stream is over, and its reader has all that there is to hear.
    });
  }

  /** Nothing was sent, whatever the store made of it: what may be written there is taken back. */
  #notBegun(call: Call, fault: Fault, record: CallRecord | null): Fault {
    if (fault.code !== 'storage' || fault.executed === 'no') return fault;
    const { code, message, cause, facts } = fault;
    const unsent = new Fault(code, message, { executed: 'no', cause, facts });
    // What was set aside for a try that may have run is not ours to give back.
    if (!this.#runs.isAgain(call.id)) {
      this.#ends.later(this.#ends.ofUnsent(call, record, unsent));
      this.#ends.toCome(unsent);
    }
    return mayBeSentAgain(record) ? fault : unsent;
  }
}
