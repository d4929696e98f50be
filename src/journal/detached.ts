/**
 * Calls that run on by themselves: accepted with the bytes that they need, started through the whole pipeline as their owner, and
 * concluded although nobody listens. What people approved runs the same way.
 */
import type { Call, CallRecord, Reply, RoutePlan, Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission, type Canceller, type Handler, Permit, rootScope, silentSpan } from '../kernel/index.ts';
import { accepted, mismatch } from './answer.ts';
import type { Ends } from './ends.ts';
import type { JournalOptions } from './options.ts';
import { callOf, recordOf } from './record.ts';
import { hasRoomNow, roomOrFault, throwIfRefused } from './refused.ts';
import type { Runs } from './runs.ts';
import type { Sending } from './sending.ts';

/** What a detached call works with. */
export interface DetachedParts {
  readonly runs: Runs;
  readonly ends: Ends;
  readonly sending: Sending;
}

export class Detached {
  readonly #options: JournalOptions;
  readonly #runs: Runs;
  readonly #ends: Ends;
  readonly #sending: Sending;

  constructor(options: JournalOptions, { runs, ends, sending }: DetachedParts) {
    this.#options = options;
    this.#runs = runs;
    this.#ends = ends;
    this.#sending = sending;
  }

  /** Answers 202 as soon as its record is durable, and starts it. */
  async accept(call: Call, plan: RoutePlan, scope: Scope): Promise<Reply> {
    if (call.body.kind !== 'bytes')
      throw new Fault('bad_request', 'a call that runs on by itself needs a body of known length');
    const record = recordOf(call, plan, this.#options.world.clock.wallMs(), { state: 'accepted', detached: true });
    const startMs = scope.clock.nowMs();
    const { taken } = await this.#options.store.accept(record).catch((thrown: unknown) => {
      const fault = Fault.from(thrown);
      if (fault.code === 'storage' && fault.executed !== 'no') this.#ends.later(() => this.#startIfAccepted(record));
      throw fault;
    });
    scope.span.step('record', startMs, { detached: true, replayed: taken !== null });
    if (taken !== null && taken.digest !== record.digest) throw mismatch(taken);
    if (taken === null) void this.start(record, treeOf(call));
    return accepted(taken ?? record);
  }

  /** Its caller heard that nobody knows; whoever asks with the same key is told that it was accepted, and so it runs. */
  async #startIfAccepted({ tenant, id }: CallRecord): Promise<void> {
    const record = await this.#options.store.get(tenant, id);
    if (record?.state === 'accepted' && !this.#runs.has(id)) void this.start(record);
  }

  /** Runs a detached call through the whole pipeline again, as its owner: what was decided at acceptance is decided once more. */
  start(record: CallRecord, as: Partial<Call> = {}): Promise<void> {
    const { world, handler } = this.#options;
    const { scope, canceller } = rootScope(world, silentSpan(world.ids.spanId()));
    this.#runs.begin(record.id, canceller);
    const work = handler()({ ...callOf(record), ...as }, scope).then((reply) => drained(reply));
    return work
      .catch((heard: unknown) => this.#failed(record, as, canceller, heard))
      .finally(() => this.#runs.end(record.id, canceller));
  }

  async #failed(record: CallRecord, as: Partial<Call>, canceller: Canceller, heard: unknown): Promise<void> {
    // A deadline that gave up knows less than the work below, once that is over.
    const thrown = (await this.#runs.passOf(record.id)?.then(undefined, Fault.from)) ?? heard;
    const short = this.#runs.takeShort(record.id);
    // It stays accepted meanwhile: a restart runs it again, and it waits again.
    const fault = short === undefined ? Fault.from(thrown) : await roomOrFault(short, canceller, thrown);
    if (fault === null) void this.start(record, as);
    else if (!this.#ends.isToCome(fault)) {
      const conclude = this.#ends.ofRefused(record, fault, as.grant !== undefined);
      await conclude().catch(() => this.#ends.later(conclude));
    }
  }

  /** Where the pipeline of a started call comes to the record: from here to its last transaction. */
  run(next: Handler, call: Call, scope: Scope): Promise<Reply> {
    return this.#runs.passing(call.id, this.#runAccepted(next, call, scope));
  }

  async #runAccepted(next: Handler, call: Call, scope: Scope): Promise<Reply> {
    const record = await this.#options.store.get(call.principal?.tenant ?? '', call.id);
    // A restart may find an idempotent call already dispatched; sending it again is what idempotent means.
    const { policyVersion } = Permit.check(call);
    const isFirst = record?.state === 'accepted';
    // With its key the target runs it once, and it is paid once.
    if (!isFirst && !this.#runs.isAgain(call.id)) renew(call, scope.ids.spanId());
    const begun = await this.#sending.begin(call, null, isFirst ? { id: call.id, policyVersion } : null);
    if (begun.kind === 'overdrawn') this.#runs.noteShort(call.id, (signal) => hasRoomNow(call, begun, signal));
    throwIfRefused(begun, call);
    return this.#sending.send(next, call, scope, record ?? null);
  }
}

/** It stays where it stood in its tree. After a restart nobody knows, and it begins one. */
const treeOf = (from: Call | undefined): Pick<Call, 'tree'> & Partial<Pick<Call, 'lineage'>> =>
  from?.tree === undefined ? {} : { lineage: from.lineage, tree: from.tree };

/** A call that ran before, as far as anybody knows, is paid for twice: the first reservation keeps the id of the call. */
const renew = (call: Call, suffix: string): void => {
  const admission = Admission.find(call);
  if (admission?.reservation != null) admission.reservation = { ...admission.reservation, id: `${call.id}.${suffix}` };
};

/** Reads a reply to its end, so that a detached stream runs and is recorded although nobody listens. */
const drained = async (reply: Reply): Promise<void> => {
  if (reply.body.kind === 'stream') for await (const _chunk of reply.body.chunks);
};
