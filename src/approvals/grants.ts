/** A call that people approved goes: it shows its approval, or the word of another node, and everything is looked at once more. */
import type { Call, Fault, HoldAnswer, HoldQuestion } from '../contract/index.ts';
import { Admission } from '../kernel/index.ts';
import { isEnough, nearness, stricter } from './four-eyes.ts';
import type { DeskParts } from './parts.ts';
import { wallMs } from './parts.ts';
import { type Hearing, hear, type Lifted, tell, votersOf } from './proof.ts';
import { digestOf } from './subject.ts';
import { noted, voided } from './words.ts';

export class Grants {
  readonly #parts: DeskParts;
  /** By the body of the call, like a permit: what this node may tell the next one. */
  readonly #lifted = new WeakMap<Call['body'], Lifted>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** The word for the next node about a call that was let go here; undefined for every other call. */
  vouch(call: Call, node: string): string | undefined {
    const lifted = this.#lifted.get(call.body);
    return lifted === undefined ? undefined : tell(lifted, node, wallMs(this.#parts), this.#parts.signing);
  }

  /** INVARIANT: what is let go is what was approved, by people who may still say so, in time, and once: the last is the store's word. */
  async use({ call, decision, plan }: HoldQuestion, id: string): Promise<HoldAnswer> {
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
    if (record.expiresAtMs <= wallMs(this.#parts)) throw void_('the time of the approval is over');
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
  async hear(
    { call, decision, plan }: HoldQuestion,
    token: string,
    believed: Hearing['believed'],
  ): Promise<HoldAnswer> {
    const { signing, verify, people } = this.#parts;
    const told = hear(token, wallMs(this.#parts), { node: signing.node, believed, verify });
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

  #differs(told: Lifted, { call, plan }: Pick<HoldQuestion, 'call' | 'plan'>): string | undefined {
    if (told.tenant !== call.principal?.tenant || told.call !== call.id) return 'it is about another call';
    return digestOf(call, plan, told.behind) === told.digest ? undefined : 'the call is not the one that was approved';
  }
}
