/**
 * The record of calls that somebody relies on: an intent that is durable before any byte leaves, an outcome that is durable
 * before the caller hears it, idempotency keys (R6), and detached calls that survive a restart.
 *
 * Calls that only read and carry no key skip it: their trace event is their record, and they wait for no disk.
 */
import type {
  AccountState,
  Begun,
  Call,
  CallJournal,
  CallRecord,
  CancelSignal,
  End,
  Principal,
  Reply,
  RoutePlan,
  Scope,
  StoredReply,
} from '../contract/index.ts';
import { amountText, DEFAULT_TIMEOUT_MS, Fault } from '../contract/index.ts';
import {
  Admission,
  type Canceller,
  type Handler,
  type Layer,
  notSent,
  Permit,
  rootScope,
  type Short,
  silentSpan,
  type World,
  whenEnded,
} from '../kernel/index.ts';
import { digestOf } from './digest.ts';
import { KEEP_LIMIT, keepFault, keepReply, replay } from './keep.ts';

export interface JournalOptions {
  readonly store: CallJournal;
  readonly world: World;
  /** The whole pipeline as it is now: detached calls run through it like any other. */
  readonly handler: () => Handler;
  /** A call whose outcome nobody knows is on record. Must not throw. */
  readonly unknown?: (tenant: string, id: string) => void;
}

export class Journal {
  readonly #options: JournalOptions;
  /** Detached calls accepted and now running here, with what cancels them. */
  readonly #running = new Map<string, Canceller>();
  /** Detached calls that a budget had no room for, with what waits until it has. */
  readonly #short = new Map<string, (signal: CancelSignal) => Promise<boolean>>();
  /** Those of them that may have run before. */
  readonly #again = new Set<string>();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Stands between the decision and everything that sends. `planOf` is the one of the pipeline that it becomes part of. */
  layer(planOf: (call: Call) => RoutePlan): Layer {
    return (next) => (call, scope) => {
      const plan = planOf(call);
      if (this.#running.has(call.id)) return this.#runAccepted(next, call, scope);
      if (call.detach === true) return this.#accept(call, plan, scope);
      const isRecorded = plan.operation.effect !== 'read' || call.idempotencyKey !== undefined;
      const admission = Admission.find(call);
      if (!isRecorded && (admission?.isEmpty ?? true))
        return admission?.meter == null ? next(call, scope) : this.#send(next, call, scope, false);
      return this.#runRecorded(next, call, isRecorded ? this.#recordOf(call, plan) : null, scope);
    };
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
    const record = this.#recordOf(call, plan, { state: 'accepted', detached: true, policyVersion });
    const { taken } = await this.#options.store.accept(record);
    if (taken !== null && taken.digest !== record.digest) throw mismatch(taken);
    return taken ?? record;
  }

  get(tenant: string, id: string): Promise<CallRecord | undefined> {
    return this.#options.store.get(tenant, id);
  }

  /**
   * Runs a kept call as what people approved. Resolves when it is over; never throws. What could not be sent for a reason that passes
   * stays kept, for the next time somebody looks.
   */
  resume(record: CallRecord, as: Partial<Call>): Promise<void> {
    if (this.#running.has(record.id)) return Promise.resolve();
    return this.#start(record, as);
  }

  /** Ends a kept call that is not going to run. */
  async giveUp(record: CallRecord, fault: Fault): Promise<void> {
    const { store, world } = this.#options;
    const state = fault.code === 'cancelled' ? 'cancelled' : 'done';
    await store.conclude(record.id, state, keepFault(fault), world.clock.wallMs());
  }

  /** The kept answer, byte for byte, or 202 while there is none. Throws what the call ended with. */
  answer(record: CallRecord): Reply {
    return record.concludedAtMs === null ? accepted(record) : answerTaken(record, record.digest);
  }

  /** Asks a running detached call to stop. Cancellation is a request: the outcome is known when the record says so (D4). */
  cancel(id: string): boolean {
    const canceller = this.#running.get(id);
    canceller?.cancel(new Fault('cancelled', 'the caller cancelled this call'));
    return canceller !== undefined;
  }

  /**
   * Sends a call with an unknown outcome again, with the key that it had: the target runs it once. Resolves when it is over.
   * False when somebody has said meanwhile what became of it. A second unknown is what it was before.
   */
  async replay(record: CallRecord): Promise<boolean> {
    if (record.request === null || this.#running.has(record.id)) return false;
    if (!(await this.#options.store.reopen(record.tenant, record.id))) return false;
    this.#again.add(record.id);
    await this.#start({ ...record, state: 'dispatched' });
    return true;
  }

  /**
   * After a restart: runs again what was accepted and never sent, and what is idempotent; everything else that was sent has an
   * unknown outcome, and says so (O3). Returns how many of each.
   *
   * `left`: what the store had open before this node took its first call. A call that began since is nobody's remains: looking at
   * the store only now would end it, or run it a second time.
   */
  async recover(left: readonly CallRecord[]): Promise<{ readonly resumed: number; readonly unknown: number }> {
    let resumed = 0;
    let unknown = 0;
    for (const record of left) {
      if (record.detached && record.request !== null && (record.state === 'accepted' || record.idempotent)) {
        resumed++;
        if (record.state === 'dispatched') await this.#settleRemains(record);
        void this.#start(record);
      } else {
        unknown++;
        const fault = new Fault('upstream_broken', 'the node stopped after sending this call; its outcome is unknown');
        await this.#options.store.conclude(record.id, 'unknown', keepFault(fault), this.#options.world.clock.wallMs());
      }
    }
    return { resumed, unknown };
  }

  /** It runs again because it may, and each of its runs costs: what was set aside for the one before is spent. */
  async #settleRemains({ id, tenant }: CallRecord): Promise<void> {
    const { store, world } = this.#options;
    await store.end({ tenant, id, outcome: null, amounts: {}, audit: [], atMs: world.clock.wallMs() });
  }

  async #runRecorded(next: Handler, call: Call, record: CallRecord | null, scope: Scope): Promise<Reply> {
    const startMs = scope.clock.nowMs();
    const begun = await this.#beginWithRoom(call, record, scope);
    scope.span.step('record', startMs, { 'call.key': call.idempotencyKey, replayed: begun.kind === 'taken' });
    if (begun.kind === 'taken') return answerTaken(begun.record, record?.digest ?? '');
    throwIfRefused(begun, call);
    return this.#send(next, call, scope, record !== null);
  }

  /** A call that may wait for room in a budget asks again whenever it hears that there may be some. */
  async #beginWithRoom(call: Call, record: CallRecord | null, scope: Scope): Promise<Begun> {
    for (;;) {
      const begun = await this.#begin(call, record, null);
      if (begun.kind !== 'overdrawn' || !(await hasRoomNow(call, begun, scope.signal))) return begun;
    }
  }

  /** INVARIANT: one transaction, and nothing was sent before it is durable. */
  #begin(
    call: Call,
    record: CallRecord | null,
    dispatch: { readonly id: string; readonly policyVersion: string } | null,
  ): Promise<Begun> {
    const { store, world } = this.#options;
    const { grant = null, reservation = null, before = [] } = Admission.find(call) ?? {};
    const tenant = call.principal?.tenant ?? '';
    return store.begin({
      record,
      dispatch,
      grant: grant === null ? null : { ...grant, tenant },
      reservation,
      audit: before,
      atMs: world.clock.wallMs(),
    });
  }

  async #accept(call: Call, plan: RoutePlan, scope: Scope): Promise<Reply> {
    if (call.body.kind !== 'bytes')
      throw new Fault('bad_request', 'a call that runs on by itself needs a body of known length');
    const record = this.#recordOf(call, plan, { state: 'accepted', detached: true });
    const startMs = scope.clock.nowMs();
    const { taken } = await this.#options.store.accept(record);
    scope.span.step('record', startMs, { detached: true, replayed: taken !== null });
    if (taken !== null && taken.digest !== record.digest) throw mismatch(taken);
    if (taken === null) void this.#start(record, treeOf(call));
    return accepted(taken ?? record);
  }

  async #runAccepted(next: Handler, call: Call, scope: Scope): Promise<Reply> {
    const record = await this.#options.store.get(call.principal?.tenant ?? '', call.id);
    // A restart may find an idempotent call already dispatched; sending it again is what idempotent means.
    const { policyVersion } = Permit.check(call);
    const isFirst = record?.state === 'accepted';
    // With its key the target runs it once, and it is paid once.
    if (!isFirst && !this.#again.has(call.id)) renew(call, scope.ids.spanId());
    const begun = await this.#begin(call, null, isFirst ? { id: call.id, policyVersion } : null);
    if (begun.kind === 'overdrawn') this.#short.set(call.id, (signal) => hasRoomNow(call, begun, signal));
    throwIfRefused(begun, call);
    return this.#send(next, call, scope, true);
  }

  /** INVARIANT: the outcome is durable before the caller hears it, once, however the call ends. */
  async #send(next: Handler, call: Call, scope: Scope, isRecorded: boolean): Promise<Reply> {
    const admission = Admission.find(call);
    const end = (fault: Fault | undefined, reply: Reply | undefined, kept: StoredReply): Promise<void> =>
      this.#end(call, admission, isRecorded ? this.#outcomeOf(call.id, fault, kept) : null, fault, reply);
    let reply: Reply;
    try {
      reply = await next(call, scope);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      await end(fault, undefined, keepFault(fault));
      throw thrown;
    }
    if (reply.body.kind === 'bytes') {
      await end(undefined, reply, keepReply(reply, withinLimit(reply.body.bytes)));
      return reply;
    }
    const tee = new Tee(reply.body.chunks, admission?.meter?.chunk.bind(admission.meter));
    const streamed: Reply = { ...reply, body: { kind: 'stream', chunks: tee.pass() } };
    return whenEnded(Promise.resolve(streamed), scope.signal, (fault) => {
      const kept = fault === undefined ? keepReply(reply, tee.kept()) : keepFault(fault);
      end(fault, reply, kept).catch(() => {}); // The stream is over: a failed write leaves the record open, and a restart calls it unknown.
    });
  }

  async #end(
    call: Call,
    admission: Admission | undefined,
    outcome: End['outcome'],
    fault: Fault | undefined,
    reply: Reply | undefined,
  ): Promise<void> {
    const { store, world } = this.#options;
    const amounts = admission?.meter?.amounts(fault, reply) ?? null;
    const audit = admission?.after(fault, reply) ?? [];
    const reservation = admission?.reservation?.id;
    if (outcome === null && reservation === undefined && audit.length === 0) return;
    await store.end({
      tenant: call.principal?.tenant ?? '',
      id: call.id,
      outcome,
      // O4: what may have run keeps its money set aside, until somebody knows or its time is over.
      amounts: reservation === undefined || outcome?.state === 'unknown' ? null : amounts,
      ...(reservation === undefined || reservation === call.id ? {} : { reservation }),
      audit,
      atMs: world.clock.wallMs(),
    });
    admission?.settled?.();
    if (outcome?.state === 'unknown' && !this.#again.has(call.id))
      this.#options.unknown?.(call.principal?.tenant ?? '', call.id);
  }

  /** What never ran is forgotten, so that the caller may try again; an unknown outcome is kept as such (O1). */
  #outcomeOf(id: string, fault: Fault | undefined, reply: StoredReply): End['outcome'] {
    if (fault === undefined) return { state: 'done', reply };
    // That the second try did not run says nothing about the first.
    if (this.#again.has(id) && fault.executed !== 'yes') return { state: 'unknown', reply };
    if (fault.executed === 'no' && !this.#running.has(id)) return { state: 'forgotten', reply: null };
    if (fault.executed === 'unknown') return { state: 'unknown', reply };
    return { state: fault.code === 'cancelled' ? 'cancelled' : 'done', reply };
  }

  /** Runs a detached call through the whole pipeline again, as its owner: what was decided at acceptance is decided once more. */
  #start(record: CallRecord, as: Partial<Call> = {}): Promise<void> {
    const { world, handler } = this.#options;
    const { scope, canceller } = rootScope(world, silentSpan(world.ids.spanId()));
    this.#running.set(record.id, canceller);
    const work = handler()({ ...callOf(record), ...as }, scope).then((reply) => drained(reply));
    return work
      .catch(async (thrown) => {
        const short = this.#short.get(record.id);
        this.#short.delete(record.id);
        // It stays accepted meanwhile: a restart runs it again, and it waits again.
        const fault = short === undefined ? Fault.from(thrown) : await roomOrFault(short, canceller, thrown);
        if (fault === null) void this.#start(record, as);
        else await this.#concludeRefused(record, fault, as.grant !== undefined);
      })
      .catch(() => {}) // The store is down; the record stays open and the next start looks at it.
      .finally(() => {
        // A call that waited for room runs again under the same id.
        if (this.#running.get(record.id) !== canceller) return;
        this.#running.delete(record.id);
        this.#again.delete(record.id);
      });
  }

  /** Refused before it came to be sent: the record layer never saw it, so it is concluded here. */
  async #concludeRefused(record: CallRecord, fault: Fault, isHeld: boolean): Promise<void> {
    const { world, store, unknown } = this.#options;
    // Of two nodes that run one approved call, one has burned its grant, and the other must not end it.
    if (isHeld && (passes(fault) || (await store.get(record.tenant, record.id))?.state !== 'accepted')) return;
    const isUnknown = fault.executed === 'unknown' || this.#again.has(record.id);
    await store.conclude(record.id, isUnknown ? 'unknown' : 'done', keepFault(fault), world.clock.wallMs());
    if (isUnknown && !this.#again.has(record.id)) unknown?.(record.tenant, record.id);
  }

  #recordOf(
    call: Call,
    plan: RoutePlan,
    {
      state = 'dispatched',
      detached = false,
      policyVersion = Permit.check(call).policyVersion,
    }: Partial<Pick<CallRecord, 'state' | 'detached' | 'policyVersion'>> = {},
  ): CallRecord {
    const principal = call.principal;
    if (principal === null) throw new Fault('unauthenticated', 'a recorded call needs a principal');
    if (call.idempotencyKey !== undefined && call.body.kind !== 'bytes') {
      throw new Fault('bad_request', 'an idempotency key needs a body of known length; this one is streamed');
    }
    const bytes = call.body.kind === 'bytes' ? call.body.bytes : new Uint8Array(0);
    return {
      id: call.id,
      tenant: principal.tenant,
      principal,
      target: call.target,
      trace: call.trace.trace,
      session: call.session ?? '',
      idempotencyKey: call.idempotencyKey ?? '',
      digest: digestOf(call.contentType, bytes),
      state,
      idempotent: plan.operation.idempotent,
      detached,
      // A call that may be sent again after an unknown outcome is kept as it was.
      request:
        detached || (plan.operation.reconcile !== undefined && 'replay' in plan.operation.reconcile)
          ? {
              contentType: call.contentType,
              body: bytes,
              timeoutMs: call.timeoutMs ?? DEFAULT_TIMEOUT_MS,
              priority: call.priority,
            }
          : null,
      policyVersion,
      acceptedAtMs: this.#options.world.clock.wallMs(),
      concludedAtMs: null,
      reply: null,
    };
  }
}

/** Nothing was sent, and later it may be: too busy, too often, no configuration, nobody there. */
const passes = ({ code, executed, retryable }: Fault): boolean =>
  executed === 'no' && (retryable || code === 'rate_limited' || code === 'stale');
/** Throws, with nothing sent, when the call ends before there is room. */
const hasRoomNow = async (call: Call, short: Short, signal: CancelSignal): Promise<boolean> => {
  try {
    return (await Admission.find(call)?.whenShort?.(short, signal)) ?? false;
  } catch (thrown) {
    throw notSent(Fault.from(thrown));
  }
};

/** Null when there may be room now; otherwise why the call is over. */
const roomOrFault = (
  short: (signal: CancelSignal) => Promise<boolean>,
  signal: CancelSignal,
  refused: unknown,
): Promise<Fault | null> =>
  short(signal).then(
    (isWorthIt) => (isWorthIt ? null : Fault.from(refused)),
    (thrown) => Fault.from(thrown),
  );

/** A call that ran before, as far as anybody knows, is paid for twice: the first reservation keeps the id of the call. */
const renew = (call: Call, suffix: string): void => {
  const admission = Admission.find(call);
  if (admission?.reservation != null) admission.reservation = { ...admission.reservation, id: `${call.id}.${suffix}` };
};

/** What the first transaction refused: nothing was written, and nothing is sent. */
const throwIfRefused = (begun: Begun, call: Call): void => {
  if (begun.kind === 'overdrawn') throw exhausted(begun.account, begun.asked);
  if (begun.kind === 'no_grant')
    throw new Fault('denied', `${begun.why}; ask again for an approval of this call`, {
      facts: { code: 'APPROVAL_VOID', policyVersion: Permit.check(call).policyVersion },
    });
};

const exhausted = (account: AccountState, asked: number): Fault => {
  const left = Math.max(0, account.limit + account.extra - account.spent - account.reserved);
  const holder = account.holder === '' ? '' : ` of \`${account.holder}\``;
  const until = account.windowEndMs === null ? '' : ` or wait until ${new Date(account.windowEndMs).toISOString()}`;
  return new Fault(
    'budget_exhausted',
    `budget \`${account.budget}\`${holder} has ${amountText(left, account.unit)} left and this call asks for ` +
      `${amountText(asked, account.unit)}; raise it${until}`,
    { facts: { code: 'BUDGET_EXHAUSTED', budget: account.budget, unit: account.unit, left, asked } },
  );
};

const answerTaken = (taken: CallRecord, digest: string): Reply => {
  if (taken.digest !== digest) throw mismatch(taken);
  if (taken.state === 'accepted' || taken.state === 'dispatched') {
    throw new Fault(
      'idempotency_in_flight',
      `a call with idempotency key \`${taken.idempotencyKey}\` is still running; ask again when it is done`,
    );
  }
  if (taken.reply === null && taken.state === 'done')
    throw new Fault(
      'conflict',
      `the call with idempotency key \`${taken.idempotencyKey}\` ran, and its reply is not known`,
      { executed: 'yes' },
    );
  if (taken.reply === null)
    throw new Fault('conflict', `the outcome of the call with idempotency key \`${taken.idempotencyKey}\` is unknown`);
  return replay(taken.reply);
};

const mismatch = (taken: CallRecord): Fault =>
  new Fault(
    'idempotency_mismatch',
    `idempotency key \`${taken.idempotencyKey}\` was used with another body; use a new key for a new request`,
  );

/** 202 and where to ask. The door adds the `location` header from the id. */
const accepted = (record: CallRecord): Reply => ({
  outcome: 'ok',
  status: 202,
  contentType: 'application/json',
  headers: [['location', `/v1/calls/${record.id}`]],
  body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify({ id: record.id, state: record.state })) },
  endpoint: '',
  attempts: 0,
});

const callOf = (record: CallRecord): Call => ({
  id: record.id,
  credential: { kind: 'known', principal: record.principal },
  principal: null,
  target: record.target,
  contentType: record.request?.contentType ?? 'application/octet-stream',
  accept: '*/*',
  body: { kind: 'bytes', bytes: record.request?.body ?? new Uint8Array(0) },
  headers: [],
  timeoutMs: record.request?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  trace: { trace: record.trace, sampled: true },
  lineage: { root: record.id, depth: 0 },
  ...(record.session === '' ? {} : { session: record.session }),
  // The key that the target may have seen: sending another would be another request to it.
  ...(record.idempotencyKey === '' ? {} : { idempotencyKey: record.idempotencyKey }),
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
});

/** It stays where it stood in its tree. After a restart nobody knows, and it begins one. */
const treeOf = (from: Call | undefined): Pick<Call, 'tree'> & Partial<Pick<Call, 'lineage'>> =>
  from?.tree === undefined ? {} : { lineage: from.lineage, tree: from.tree };

const withinLimit = (bytes: Uint8Array): Uint8Array | null => (bytes.byteLength <= KEEP_LIMIT ? bytes : null);

/** Reads a reply to its end, so that a detached stream runs and is recorded although nobody listens. */
const drained = async (reply: Reply): Promise<void> => {
  if (reply.body.kind === 'stream') for await (const _chunk of reply.body.chunks);
};

type Seen = (chunk: Uint8Array) => void | Promise<void>;

/** Keeps a copy of a stream while it passes, up to the limit. */
class Tee {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #seen: Seen;
  #chunks: Uint8Array[] | null = [];
  #size = 0;

  constructor(source: AsyncIterable<Uint8Array>, seen: Seen = () => {}) {
    this.#source = source;
    this.#seen = seen;
  }

  async *pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#size += chunk.byteLength;
      if (this.#size > KEEP_LIMIT) this.#chunks = null;
      this.#chunks?.push(chunk);
      await this.#seen(chunk);
      yield chunk;
    }
  }

  kept(): Uint8Array | null {
    return this.#chunks === null ? null : Buffer.concat(this.#chunks);
  }
}
