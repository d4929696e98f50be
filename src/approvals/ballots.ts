/** People come: they look at what waits for them, vote on it, or propose other arguments. */
import { type ApprovalRecord, type ApprovalSummary, Fault, type Principal } from '../contract/index.ts';
import { isEnough, stricter, throwIfMayNotVote } from './four-eyes.ts';
import type { Ballot, DeskParts, Viewer } from './parts.ts';
import { callOf, change, inspected, wallMs } from './parts.ts';
import { digestOf, resourceOf } from './subject.ts';
import type { Timekeeper } from './timekeeper.ts';
import { Turns } from './turns.ts';
import { noted } from './words.ts';

export class Ballots {
  readonly #parts: DeskParts;
  readonly #time: Timekeeper;
  /** Two who vote on one approval at the same moment are both heard. */
  readonly #turns = new Turns();

  constructor(parts: DeskParts, time: Timekeeper) {
    this.#parts = parts;
    this.#time = time;
  }

  /** Every state, newest first. What somebody may not see is not there. */
  async list(
    viewer: Viewer,
    state: ApprovalRecord['state'] | undefined,
    limit: number,
  ): Promise<readonly ApprovalSummary[]> {
    const { tenant } = viewer.principal;
    const found = await this.#parts.store.list({ tenant, ...(state === undefined ? {} : { state }), limit });
    return found.filter((record) => viewer.maySee(record));
  }

  /** Throws `not_found` also for what is another tenant's, or not theirs to see: the three look alike. */
  async get({ principal, maySee }: Viewer, id: string): Promise<ApprovalRecord> {
    const record = await this.#parts.store.get(principal.tenant, id);
    if (record === undefined || !maySee(record)) throw new Fault('not_found', `there is no approval \`${id}\``);
    return this.#time.expireIfDue(record);
  }

  /** Why this person may not vote on it now; undefined: they may. */
  async obstacle(principal: Principal, record: ApprovalSummary): Promise<string | undefined> {
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
    const record = await this.#turns.run(id, async () => {
      const asked = await this.#votable(viewer, id, ballot.digest);
      throwIfMayNotVote(principal, asked, await people.holdersOf(asked.principal));
      const { verdict, comment } = ballot;
      const atMs = wallMs(this.#parts);
      const votes = [...asked.votes, { user: principal.id, roles: principal.roles, atMs, verdict, comment }];
      const state = verdict === 'deny' ? 'denied' : isEnough(asked.spec, votes) ? 'approved' : 'pending';
      const decidedAtMs = state === 'pending' ? null : atMs;
      const changed = await change(this.#parts, asked, { votes, state, decidedAtMs });
      await trail.note(noted('approval.vote', `user/${principal.id}`, changed, { verdict, state, comment }));
      return changed;
    });
    if (record.state !== 'pending') void this.#time.bringForward(record);
    return record;
  }

  /** Other arguments for the same call: policy is asked again, every vote is gone, and who edits is an author from now on. */
  async edit(
    viewer: Viewer,
    id: string,
    proposal: { readonly body: Uint8Array; readonly digest: string; readonly comment: string },
  ): Promise<ApprovalRecord> {
    const { trail, people, reconsider } = this.#parts;
    const { principal } = viewer;
    return this.#turns.run(id, async () => {
      const asked = await this.#votable(viewer, id, proposal.digest);
      throwIfMayNotVote(principal, { ...asked, votes: [] }, await people.holdersOf(asked.principal));
      const { call, decision, plan } = await reconsider(
        callOf({ ...asked, body: proposal.body }, this.#parts.world.clock.nowMs()),
      );
      if (decision.effect === 'deny')
        throw new Fault('denied', `policy does not allow these arguments: ${decision.reason}`, {
          facts: { code: decision.code, rules: decision.determining.map(({ level, id: rule }) => `${level}/${rule}`) },
        });
      const edited = await change(this.#parts, asked, {
        digest: digestOf(call, plan, asked.behind),
        askedDigest: asked.askedDigest ?? asked.digest,
        body: call.body.kind === 'bytes' ? call.body.bytes : proposal.body,
        resource: resourceOf(plan),
        ...(await inspected(this.#parts, { ...call, id })),
        spec: stricter(asked.spec, decision.approval),
        policyVersion: decision.policyVersion,
        editedBy: [...new Set([...(asked.editedBy ?? []), principal.id])],
        votes: [],
      });
      const details = { was: asked.digest, comment: proposal.comment };
      await trail.note(noted('approval.edited', `user/${principal.id}`, edited, details));
      return edited;
    });
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
    return this.#turns.run(id, async () => {
      const record = await this.#parts.store.get(tenant, id);
      if (record?.state !== 'pending') return false;
      await this.#time.settle(
        await change(this.#parts, record, { state: 'cancelled', decidedAtMs: wallMs(this.#parts) }),
      );
      return true;
    });
  }
}
