/** A call that wants an approval comes: it finds what became of the same question before, or opens an approval and waits. */
import {
  type ApprovalRecord,
  type Call,
  type CallRecord,
  type Decision,
  Fault,
  type HoldAnswer,
  type HoldQuestion,
  type Principal,
  type Reply,
} from '../contract/index.ts';
import type { DeskParts } from './parts.ts';
import { change, inspected, wallMs } from './parts.ts';
import { digestOf, resourceOf } from './subject.ts';
import type { Timekeeper } from './timekeeper.ts';
import { Turns } from './turns.ts';
import { endOf, handle, noted } from './words.ts';

/** After a no, or after nobody cared, the same question is refused for so long without asking anybody. */
export const COOL_DOWN_MS = 10 * 60_000;
/** Calls of one caller that wait at once: people who are asked too often stop reading. */
export const MOST_PENDING = 20;

export class Opening {
  readonly #parts: DeskParts;
  readonly #time: Timekeeper;
  readonly #turns = new Turns();

  constructor(parts: DeskParts, time: Timekeeper) {
    this.#parts = parts;
    this.#time = time;
  }

  /** Throws `approval_required` where no call can wait, `denied` during the cool-down, `rate_limited` for too many questions. */
  async ask(asking: HoldQuestion): Promise<HoldAnswer> {
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
    const found = await this.#parts.store.latest(principal.tenant, principal, digest);
    return found === undefined ? undefined : this.#time.expireIfDue(found);
  }

  /** Undefined when the question may be asked anew. */
  async #again(before: ApprovalRecord, call: Call): Promise<Reply | undefined> {
    const { calls } = this.#parts;
    const { state, decidedAtMs } = before;
    const record = await calls.get(before.tenant, before.id);
    // Each run asks for itself: the yes to one would leave the other waiting.
    if (record?.step?.run !== call.step?.run || record?.step?.step !== call.step?.step) return undefined;
    if (state === 'pending' || state === 'approved') return record === undefined ? undefined : handle(before, record);
    if (state === 'denied' || state === 'expired') {
      const leftMs = (decidedAtMs ?? before.expiresAtMs) + COOL_DOWN_MS - wallMs(this.#parts);
      if (leftMs > 0) throw again(endOf(before), leftMs);
      return undefined;
    }
    if (state !== 'consumed' || record === undefined) return undefined;
    const sameKey = call.idempotencyKey !== undefined && call.idempotencyKey === record.idempotencyKey;
    if (sameKey) return calls.answer(record);
    if (call.idempotencyKey !== undefined || before.collected === true || before.expiresAtMs <= wallMs(this.#parts))
      return undefined;
    const reply = calls.answer(record);
    // While it runs, whoever asks again gets the handle; the answer itself is given once.
    if (record.concludedAtMs !== null) await change(this.#parts, before, { collected: true });
    return reply;
  }

  async #open(asking: HoldQuestion, principal: Principal, behind: readonly string[], digest: string): Promise<Reply> {
    const { store, calls, trail } = this.#parts;
    const { call, decision, plan } = asking;
    await this.#throwIfTooMany(principal);
    const shown = await inspected(this.#parts, call);
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
      ...treeIn(call),
      session: call.session ?? '',
      contentType: call.contentType,
      body: call.body.kind === 'bytes' ? call.body.bytes : new Uint8Array(0),
      resource: resourceOf(plan),
      effect: plan.operation.effect,
      ...shown,
      votes: [],
      createdAtMs: wallMs(this.#parts),
      expiresAtMs: wallMs(this.#parts) + spec.ttlMs,
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
    return handle(record, kept);
  }

  /** The idempotency key belongs to a call that came before. */
  async #underway(kept: CallRecord): Promise<Reply> {
    const record = await this.#parts.store.get(kept.tenant, kept.id);
    return record?.state === 'pending' ? handle(record, kept) : this.#parts.calls.answer(kept);
  }

  async #throwIfTooMany(principal: Principal): Promise<void> {
    const { tenant, kind, id } = principal;
    const waiting = await this.#parts.store.waiting(tenant, principal);
    if (waiting < MOST_PENDING) return;
    throw new Fault('rate_limited', `${waiting} calls of ${kind} \`${id}\` wait for an approval already`, {
      facts: { code: 'TOO_MANY_HELD' },
      retryAfterMs: 60_000,
    });
  }
}

const treeIn = ({ lineage, tree }: Call): Pick<ApprovalRecord, 'tree'> => {
  if (tree === undefined) return {};
  const { endsAtMs: _, proof: __, ...described } = tree;
  return { tree: { lineage, described } };
};

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
