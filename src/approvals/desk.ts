/**
 * The desk where calls wait for people. It opens approvals, takes votes, and lets a call go once, when enough people said yes to
 * exactly what is sent. Everything it knows is in the store: after a restart it looks again and goes on.
 */
import {
  type ApprovalRecord,
  type ApprovalStore,
  type AuditEntry,
  type Call,
  type CallRecord,
  type Decision,
  Fault,
  type GrantUse,
  type Principal,
  type Reply,
  type RoutePlan,
  type Scope,
} from '../contract/index.ts';
import { Admission, type World } from '../kernel/index.ts';
import { isEnough, nearness, type People, stricter, throwIfMayNotVote } from './four-eyes.ts';
import { type Hearing, hear, type Lifted, type Signing, tell, votersOf } from './proof.ts';
import { digestOf, resourceOf } from './subject.ts';
import { Turns } from './turns.ts';
import { endOf, handle, noted, type PublicApproval, publicOf, voided } from './words.ts';

/** After a no, or after nobody cared, the same question is refused for so long without asking anybody. */
export const COOL_DOWN_MS = 10 * 60_000;
/** Calls of one caller that wait at once: people who are asked too often stop reading. */
export const MOST_PENDING = 20;
/** Between two looks at the store: expiry, and calls whose run was interrupted. */
export const LOOK_MS = 1_000;
const LOOK_LIMIT = 200;

/** Keeps calls and runs them by themselves: the journal. */
export interface HeldCalls {
  /** Durable when it resolves. Answers the record that holds the idempotency key. Throws `idempotency_mismatch`. */
  keep(call: Call, plan: RoutePlan, policyVersion: string): Promise<CallRecord>;
  get(tenant: string, id: string): Promise<CallRecord | undefined>;
  /** Runs it through the whole pipeline, as its owner, unless it runs already. Resolves when it is over; never throws. */
  resume(record: CallRecord, as: Pick<Call, 'grant' | 'contentType' | 'body'>): Promise<void>;
  /** Ends what never ran. */
  giveUp(record: CallRecord, fault: Fault): Promise<void>;
  /** The kept answer, or 202 while there is none. Throws the fault that it ended with. */
  answer(record: CallRecord): Reply;
}

export interface Trail {
  note(noted: Omit<AuditEntry, 'atMs'>): Promise<void>;
  at(noted: Omit<AuditEntry, 'atMs'>): AuditEntry;
}

export interface DeskParts {
  readonly store: ApprovalStore;
  readonly calls: HeldCalls;
  readonly trail: Trail;
  readonly world: World;
  readonly people: People;
  readonly behind: (call: Call) => readonly string[];
  readonly signing: Signing;
  readonly verify: Hearing['verify'];
  /** Where the call can wait instead, in words that complete "ask"; undefined: here. */
  readonly elsewhere: (call: Call) => string | undefined;
  /** Policy on other arguments of a held call, as its owner. Throws `denied`. */
  readonly reconsider: (
    call: Call,
  ) => Promise<{ readonly call: Call; readonly decision: Decision; readonly plan: RoutePlan }>;
  /** Something is new for people. Must not throw or wait. */
  readonly changed?: (record: ApprovalRecord) => void;
  /** What goes wrong while nobody waits for it. */
  readonly failed?: (cause: unknown) => void;
}

export interface Asking {
  readonly call: Call;
  readonly decision: Decision;
  readonly plan: RoutePlan;
  readonly scope: Scope;
}

export type Held =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'granted'; readonly use: GrantUse | null };

export interface Ballot {
  readonly verdict: 'approve' | 'deny';
  readonly comment: string;
  /** Of what the voter looked at. */
  readonly digest: string;
}

export class Desk {
  readonly #parts: DeskParts;
  readonly #turns = new Turns();
  /** By the body of the call, like a permit: what this node may tell the next one. */
  readonly #lifted = new WeakMap<Call['body'], Lifted>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** For the decide layer of one pipeline; `believed` belongs to its snapshot and roster. */
  hold(believed: Hearing['believed']): (asking: Asking) => Promise<Held> {
    return async (asking) => {
      const startMs = asking.scope.clock.nowMs();
      const { grant } = asking.call;
      const held = await (grant === undefined
        ? this.#ask(asking)
        : grant.kind === 'told'
          ? this.#hear(asking, grant.token, believed)
          : this.#use(asking, grant.approval));
      asking.scope.span.step('hold', startMs, {
        outcome: held.kind,
        ...(grant === undefined ? {} : { grant: grant.kind }),
      });
      return held;
    };
  }

  /** The word for the next node about a call that was let go here; undefined for every other call. */
  vouch(call: Call, node: string): string | undefined {
    const lifted = this.#lifted.get(call.body);
    return lifted === undefined ? undefined : tell(lifted, node, this.#now(), this.#parts.signing);
  }

  /** What the caller of a held call may know. */
  async publicOf(tenant: string, id: string): Promise<PublicApproval | undefined> {
    const record = await this.#parts.store.get(tenant, id);
    return record === undefined ? undefined : publicOf(record);
  }

  // A call comes.

  async #ask(asking: Asking): Promise<Held> {
    const { call } = asking;
    const place = this.#parts.elsewhere(call);
    if (place !== undefined || call.principal === null) throw cannotWait(asking.decision, place ?? 'as somebody');
    const { principal } = call;
    const behind = this.#parts.behind(call);
    const digest = digestOf(call, asking.plan, behind);
    const name = JSON.stringify([principal.tenant, principal.kind, principal.id]);
    const reply = await this.#turns.run(name, async () => {
      const before = await this.#before(principal, digest);
      const answer = before === undefined ? undefined : await this.#again(before, call);
      return answer ?? this.#open(asking, principal, behind, digest);
    });
    return { kind: 'reply', reply };
  }

  /** What became of the same question the last time. */
  async #before(principal: Principal, digest: string): Promise<ApprovalRecord | undefined> {
    const { store } = this.#parts;
    const { tenant } = principal;
    const found = await store.latest(tenant, principal, digest);
    if (found !== undefined) return this.#expireIfDue(found);
    for (const state of ['pending', 'approved', 'consumed'] as const) {
      const edited = (await store.list({ tenant, state, limit: LOOK_LIMIT })).find(
        (one) =>
          one.askedDigest === digest && one.principal.kind === principal.kind && one.principal.id === principal.id,
      );
      if (edited !== undefined) return this.#expireIfDue(edited);
    }
    return undefined;
  }

  /** Undefined when the question may be asked anew. */
  async #again(before: ApprovalRecord, call: Call): Promise<Reply | undefined> {
    const { calls } = this.#parts;
    const { state, decidedAtMs } = before;
    const record = await calls.get(before.tenant, before.id);
    if (state === 'pending' || state === 'approved') return record === undefined ? undefined : handle(before, record);
    if (state === 'denied' || state === 'expired') {
      const leftMs = (decidedAtMs ?? before.expiresAtMs) + COOL_DOWN_MS - this.#now();
      if (leftMs > 0) throw again(endOf(before), leftMs);
      return undefined;
    }
    if (state !== 'consumed' || record === undefined) return undefined;
    const sameKey = call.idempotencyKey !== undefined && call.idempotencyKey === record.idempotencyKey;
    if (sameKey) return calls.answer(record);
    if (call.idempotencyKey !== undefined || before.collected === true || before.expiresAtMs <= this.#now())
      return undefined;
    const reply = calls.answer(record);
    // While it runs, whoever asks again gets the handle; the answer itself is given once.
    if (record.concludedAtMs !== null) await this.#put({ ...before, collected: true });
    return reply;
  }

  async #open(asking: Asking, principal: Principal, behind: readonly string[], digest: string): Promise<Reply> {
    const { store, calls, trail } = this.#parts;
    const { call, decision, plan } = asking;
    await this.#throwIfTooMany(principal);
    const kept = await calls.keep(call, plan, decision.policyVersion);
    if (kept.id !== call.id) return this.#underway(kept);
    const spec = decision.approval ?? { quorum: 1, roles: [], ttlMs: COOL_DOWN_MS };
    const record: ApprovalRecord = {
      id: call.id,
      tenant: principal.tenant,
      state: 'pending',
      principal,
      behind,
      target: call.target,
      digest,
      spec,
      rules: decision.determining.map(({ level, id }) => `${level}/${id}`),
      reason: decision.reason,
      policyVersion: decision.policyVersion,
      session: call.session ?? '',
      contentType: call.contentType,
      body: call.body.kind === 'bytes' ? call.body.bytes : new Uint8Array(0),
      resource: resourceOf(plan),
      effect: plan.operation.effect,
      votes: [],
      createdAtMs: this.#now(),
      expiresAtMs: this.#now() + spec.ttlMs,
      decidedAtMs: null,
      version: 1,
    };
    await store.put(record);
    const actor = `${principal.kind}/${principal.id}`;
    const { kind, name, operation } = call.target;
    const details = {
      target: `${kind}/${name}/${operation}`,
      rules: record.rules,
      quorum: spec.quorum,
      behind: [...behind],
    };
    await trail.note(noted('approval.opened', actor, record, details));
    this.#parts.changed?.(record);
    return handle(record, kept);
  }

  /** The idempotency key belongs to a call that came before. */
  async #underway(kept: CallRecord): Promise<Reply> {
    const record = await this.#parts.store.get(kept.tenant, kept.id);
    return record?.state === 'pending' ? handle(record, kept) : this.#parts.calls.answer(kept);
  }

  async #throwIfTooMany({ tenant, kind, id }: Principal): Promise<void> {
    const pending = await this.#parts.store.list({ tenant, state: 'pending', limit: 10 * LOOK_LIMIT });
    const mine = pending.filter(({ principal }) => principal.kind === kind && principal.id === id);
    if (mine.length < MOST_PENDING) return;
    throw new Fault('rate_limited', `${mine.length} calls of ${kind} \`${id}\` wait for an approval already`, {
      facts: { code: 'TOO_MANY_HELD' },
      retryAfterMs: 60_000,
    });
  }

  // A call goes.

  /** INVARIANT: what is let go is what was approved, by people who may still say so, in time, and once: the last is the store's word. */
  async #use({ call, decision, plan }: Asking, id: string): Promise<Held> {
    const { store, trail, people } = this.#parts;
    const { principal } = call;
    const record = await store.get(principal?.tenant ?? '', id);
    const void_ = (why: string): Fault => voided(why, decision.policyVersion);
    const same =
      record !== undefined &&
      call.id === record.id &&
      principal?.kind === record.principal.kind &&
      principal.id === record.principal.id;
    if (!same) throw void_('there is no such approval of this call');
    if (record.state !== 'approved') throw void_(`the approval is ${record.state}`);
    if (record.expiresAtMs <= this.#now()) throw void_('the time of the approval is over');
    const digest = digestOf(call, plan, record.behind);
    if (digest !== record.digest) {
      await trail.note(noted('approval.mismatch', 'airspace', record, { sent: digest }));
      throw void_('the call is not the one that was approved');
    }
    const need = stricter(record.spec, decision.approval);
    const holders = await people.holdersOf(record.principal);
    const votes = record.votes.filter(({ user }) => nearness(user, record, holders) === undefined);
    if (!isEnough(need, votes, ({ user }) => people.rolesOf(record.tenant, user)))
      throw void_('the approval is not enough by the policy and the roles of now');
    Admission.of(call).before.push(
      trail.at(noted('approval.consumed', 'airspace', record, { voters: [...votersOf(votes)] })),
    );
    const use = { approval: id, digest };
    this.#lifted.set(call.body, {
      ...use,
      tenant: record.tenant,
      call: call.id,
      behind: record.behind,
      voters: votersOf(votes),
    });
    return { kind: 'granted', use };
  }

  /** Another node burned it. What this node can check of it, it checks. */
  async #hear({ call, decision, plan }: Asking, token: string, believed: Hearing['believed']): Promise<Held> {
    const { signing, verify, people } = this.#parts;
    const told = hear(token, this.#now(), { node: signing.node, believed, verify });
    const granted = { kind: 'granted', use: null } as const;
    const problem = told === undefined ? 'no node that counts here says so' : this.#differs(told, { call, plan });
    if (told !== undefined && problem === undefined) {
      const votes = told.voters.map((user) => ({ user, verdict: 'approve' as const, roles: [], comment: '', atMs: 0 }));
      const enough =
        decision.approval === undefined ||
        isEnough(decision.approval, votes, ({ user }) => people.rolesOf(told.tenant, user));
      if (!enough)
        throw voided('the approval is not enough by the policy and the roles of now', decision.policyVersion);
      this.#lifted.set(call.body, told);
      return granted;
    }
    // Policy does not ask for it here: whatever was said changes nothing.
    if (decision.effect === 'allow') return granted;
    throw voided(`the call came with an approval that does not hold: ${problem}`, decision.policyVersion);
  }

  #differs(told: Lifted, { call, plan }: Pick<Asking, 'call' | 'plan'>): string | undefined {
    if (told.tenant !== call.principal?.tenant || told.call !== call.id) return 'it is about another call';
    return digestOf(call, plan, told.behind) === told.digest ? undefined : 'the call is not the one that was approved';
  }

  // People come.

  /** Every state, newest first. What somebody may not see is not there. */
  async list(
    viewer: Viewer,
    state: ApprovalRecord['state'] | undefined,
    limit: number,
  ): Promise<readonly ApprovalRecord[]> {
    const { tenant } = viewer.principal;
    const found = await this.#parts.store.list({ tenant, ...(state === undefined ? {} : { state }), limit });
    return found.filter((record) => viewer.maySee(record));
  }

  /** Throws `not_found` also for what is another tenant's, or not theirs to see: the three look alike. */
  async get({ principal, maySee }: Viewer, id: string): Promise<ApprovalRecord> {
    const record = await this.#parts.store.get(principal.tenant, id);
    if (record === undefined || !maySee(record)) throw new Fault('not_found', `there is no approval \`${id}\``);
    return this.#expireIfDue(record);
  }

  /** Why this person may not vote on it now; undefined: they may. */
  async obstacle(principal: Principal, record: ApprovalRecord): Promise<string | undefined> {
    if (record.state !== 'pending') return `it is ${record.state} already`;
    try {
      throwIfMayNotVote(principal, record, await this.#parts.people.holdersOf(record.principal));
      return undefined;
    } catch (thrown) {
      return Fault.from(thrown).message;
    }
  }

  /** Throws `not_found`, `denied`, `conflict`. */
  async vote(viewer: Viewer, id: string, ballot: Ballot): Promise<ApprovalRecord> {
    const { trail, people } = this.#parts;
    const { principal } = viewer;
    const record = await this.#turns.run(`vote\n${id}`, async () => {
      const asked = await this.#votable(viewer, id, ballot.digest);
      throwIfMayNotVote(principal, asked, await people.holdersOf(asked.principal));
      const atMs = this.#now();
      const vote = {
        user: principal.id,
        roles: principal.roles,
        atMs,
        verdict: ballot.verdict,
        comment: ballot.comment,
      };
      const votes = [...asked.votes, vote];
      const state = ballot.verdict === 'deny' ? 'denied' : isEnough(asked.spec, votes) ? 'approved' : 'pending';
      const changed = await this.#put({ ...asked, votes, state, decidedAtMs: state === 'pending' ? null : atMs });
      await trail.note(
        noted('approval.vote', `user/${principal.id}`, changed, {
          verdict: ballot.verdict,
          state,
          comment: ballot.comment,
        }),
      );
      return changed;
    });
    this.#parts.changed?.(record);
    if (record.state !== 'pending') void this.#lookSafely(record);
    return record;
  }

  /** Other arguments for the same call: policy is asked again, every vote is gone, and who edits is an author from now on. */
  async edit(
    viewer: Viewer,
    id: string,
    change: { readonly body: Uint8Array; readonly digest: string; readonly comment: string },
  ) {
    const { trail, people, reconsider } = this.#parts;
    const { principal } = viewer;
    const record = await this.#turns.run(`vote\n${id}`, async () => {
      const asked = await this.#votable(viewer, id, change.digest);
      throwIfMayNotVote(principal, { ...asked, votes: [] }, await people.holdersOf(asked.principal));
      const { call, decision, plan } = await reconsider(callOf(asked, change.body));
      if (decision.effect === 'deny')
        throw new Fault('denied', `policy does not allow these arguments: ${decision.reason}`, {
          facts: { code: decision.code, rules: decision.determining.map(({ level, id: rule }) => `${level}/${rule}`) },
        });
      const edited = await this.#put({
        ...asked,
        digest: digestOf(call, plan, asked.behind),
        askedDigest: asked.askedDigest ?? asked.digest,
        body: call.body.kind === 'bytes' ? call.body.bytes : change.body,
        resource: resourceOf(plan),
        spec: stricter(asked.spec, decision.approval),
        policyVersion: decision.policyVersion,
        editedBy: [...new Set([...(asked.editedBy ?? []), principal.id])],
        votes: [],
      });
      const details = { was: asked.digest, comment: change.comment };
      await trail.note(noted('approval.edited', `user/${principal.id}`, edited, details));
      return edited;
    });
    this.#parts.changed?.(record);
    return record;
  }

  async #votable(viewer: Viewer, id: string, digest: string): Promise<ApprovalRecord> {
    const record = await this.get(viewer, id);
    if (record.state !== 'pending')
      throw new Fault('conflict', `approval \`${id}\` is ${record.state} already`, { facts: { state: record.state } });
    if (record.digest === digest) return record;
    await this.#parts.trail.note(noted('approval.mismatch', `user/${viewer.principal.id}`, record, { seen: digest }));
    throw new Fault(
      'conflict',
      'this is not what you looked at: the call was changed meanwhile; look again, then decide',
      {
        facts: { code: 'DIGEST_MISMATCH' },
      },
    );
  }

  /** Its caller does not want it any more. False when it was too late. */
  async withdraw(tenant: string, id: string): Promise<boolean> {
    return this.#turns.run(`vote\n${id}`, async () => {
      const record = await this.#parts.store.get(tenant, id);
      if (record?.state !== 'pending') return false;
      await this.#look(await this.#put({ ...record, state: 'cancelled', decidedAtMs: this.#now() }));
      return true;
    });
  }

  // Time passes.

  /** Looks at once, and then again and again. Returns the function that ends it. */
  start(): () => void {
    const { clock } = this.#parts.world;
    let over = false;
    let timer = clock.after(LOOK_MS, look);
    const self = this;
    function look(): void {
      void self.look().finally(() => {
        if (!over) timer = clock.after(LOOK_MS, look);
      });
    }
    return () => {
      over = true;
      timer.cancel();
    };
  }

  /** Everything that is due, and everything that is approved and has not run. Never throws. */
  async look(): Promise<void> {
    const { store, failed } = this.#parts;
    try {
      for (const record of await store.due(this.#now(), LOOK_LIMIT)) await this.#expireIfDue(record);
      const approved = await store.list({ tenant: null, state: 'approved', limit: LOOK_LIMIT });
      await Promise.all(approved.map((record) => this.#lookSafely(record)));
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
      else if (call.state === 'accepted') await this.#lookSafely(await this.#expireIfDue(record));
      else others.push({ ...call, idempotent: false });
    }
    return others;
  }

  async #expireIfDue(record: ApprovalRecord): Promise<ApprovalRecord> {
    const open = record.state === 'pending' || record.state === 'approved';
    if (!open || record.expiresAtMs > this.#now()) return record;
    try {
      const expired = await this.#put({ ...record, state: 'expired', decidedAtMs: this.#now() });
      await this.#parts.trail.note(noted('approval.expired', 'airspace', expired));
      await this.#look(expired);
      this.#parts.changed?.(expired);
      return expired;
    } catch (thrown) {
      // Somebody was faster: what they made of it counts.
      if (Fault.from(thrown).code !== 'conflict') throw thrown;
      return (await this.#parts.store.get(record.tenant, record.id)) ?? record;
    }
  }

  async #lookSafely(record: ApprovalRecord): Promise<void> {
    await this.#look(record).catch((cause: unknown) => this.#parts.failed?.(cause));
  }

  /** Brings the call to where its approval says it should be. Looking twice does no harm. */
  async #look(record: ApprovalRecord): Promise<void> {
    const { calls } = this.#parts;
    const call = await calls.get(record.tenant, record.id);
    if (record.state === 'pending' || record.state === 'consumed') return;
    if (record.state !== 'approved') {
      if (call?.state === 'accepted') await calls.giveUp(call, endOf(record));
      return;
    }
    if (call?.state === 'accepted') {
      const { grant, contentType, body } = callOf(record, record.body);
      await calls.resume(call, { contentType, body, ...(grant === undefined ? {} : { grant }) });
    }
    await this.#closeIfOver(record.tenant, record.id);
  }

  /** It was refused on its way, by policy or by what was found out: an approval of a call that is over lets nothing else go. */
  async #closeIfOver(tenant: string, id: string): Promise<void> {
    const { store, calls } = this.#parts;
    const [record, call] = [await store.get(tenant, id), await calls.get(tenant, id)];
    const isOver = call === undefined || call.concludedAtMs !== null;
    if (record?.state === 'approved' && isOver) await this.#put({ ...record, state: 'cancelled' });
  }

  async #put(record: ApprovalRecord): Promise<ApprovalRecord> {
    const next = { ...record, version: record.version + 1 };
    await this.#parts.store.put(next);
    return next;
  }

  #now(): number {
    return Math.floor(this.#parts.world.clock.wallMs());
  }
}

/** Somebody who looks at approvals, with what they may see. */
export interface Viewer {
  readonly principal: Principal;
  readonly maySee: (record: ApprovalRecord) => boolean;
}

/** The call that was approved, as it goes out: exactly these bytes, and the approval that it shows. */
const callOf = (record: ApprovalRecord, body: Uint8Array): Call => ({
  id: record.id,
  credential: { kind: 'known', principal: record.principal },
  principal: record.principal,
  target: record.target,
  contentType: record.contentType,
  accept: '*/*',
  body: { kind: 'bytes', bytes: body },
  headers: [],
  trace: { trace: record.id, sampled: true },
  lineage: { root: record.id, depth: 0 },
  ...(record.session === undefined || record.session === '' ? {} : { session: record.session }),
  grant: { kind: 'own', approval: record.id },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
});

const again = (end: Fault, retryAfterMs: number): Fault =>
  new Fault(end.code, `${end.message}; the same call is not asked about again so soon`, {
    facts: end.facts,
    retryAfterMs,
  });

const cannotWait = (decision: Decision, place: string): Fault => {
  const { code, policyVersion, reason, determining } = decision;
  const facts = { rules: determining.map(({ level, id }) => `${level}/${id}`), code, policyVersion, missing: [] };
  return new Fault('approval_required', `${reason}; it cannot wait for people here: ask ${place}`, { facts });
};
