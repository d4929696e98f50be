/** Releases on the move: shown in shadow, approved, activated in steps, halted, and the way back. */
import {
  type ActivateWish,
  Fault,
  type ReleaseOutcome,
  type ReleaseRecord,
  type Rights,
  type RollbackOutcome,
} from '../../contract/index.ts';
import type { TenantPolicy } from '../policy.ts';
import { type ReleaseBook, stale } from './book.ts';
import { earlierPolicy } from './earlier.ts';
import type { TrainParts } from './parts.ts';
import { digestOf, policyOfRelease } from './seal.ts';
import { stateOf } from './view.ts';

/** How `log` of a release names what nobody asked for. */
const ITSELF = 'airspace';

export class ReleaseMoves {
  readonly #parts: TrainParts;
  readonly #book: ReleaseBook;

  constructor(parts: TrainParts, book: ReleaseBook) {
    this.#parts = parts;
    this.#book = book;
  }

  async shadow(tenant: string, id: string, by: string, reason: string, rights: Rights): Promise<ReleaseOutcome> {
    await this.#book.refuseOthers(tenant, id);
    await this.#book.refuseUnowned(tenant, id, rights);
    const record = await this.#book.advance(tenant, id, { event: 'shadow', percent: 0, by, reason });
    return this.#published(record);
  }

  async activate(tenant: string, id: string, wish: ActivateWish): Promise<ReleaseOutcome> {
    const { percent, by, rights, reason, denyBand } = wish;
    await this.#book.refuseOthers(tenant, id);
    await this.#book.refuseUnowned(tenant, id, rights);
    const step = { event: 'canary', percent, by, reason, denyBand } as const;
    const record = await this.#book.advance(tenant, id, step, this.#book.refuseUnapproved);
    return percent < 100 ? this.#published(record) : this.#full(record, wish);
  }

  async approve(tenant: string, id: string, by: string, reason: string): Promise<ReleaseOutcome> {
    const found = await this.#book.find(tenant, id);
    const { author } = this.#book.open(found);
    if (by === author) throw new Fault('denied', `\`${by}\` made this release; somebody else must approve it`);
    if (found.state !== 'staged' && found.state !== 'shadow')
      throw new Fault('conflict', `release \`${found.id}\` is ${found.state}; only what waits can be approved`);
    const step = { atMs: this.#parts.clock.wallMs(), by, state: found.state, percent: found.percent };
    const log = [...found.log, { ...step, reason: `approved${reason === '' ? '' : `: ${reason}`}` }];
    const record = { ...found, approvedBy: by, log, version: found.version + 1 };
    await this.#parts.store.put(record);
    this.#parts.log('info', 'policy release approved', { release: found.id, by });
    return this.#book.outcome(record);
  }

  /** Back to what was in force before; nobody waits for a second person in an incident. */
  async rollback(tenant: string, by: string, reason: string, rights: Rights): Promise<RollbackOutcome> {
    const tried = await this.#book.onTrial(tenant);
    if (tried !== undefined) {
      await this.#book.refuseUnowned(tenant, tried.id, rights);
      const why = `rolled back${reason === '' ? '' : `: ${reason}`}`;
      const { snapshotSeq } = await this.#halt(tenant, tried.id, by, why);
      return { undone: `release ${tried.id}, ${stateOf(tried)}`, revision: 0, snapshotSeq };
    }
    const earlier = await earlierPolicy(this.#parts.resources, tenant);
    const { revision, snapshotSeq } = await this.#parts.plane.replacePolicy({
      tenant,
      by,
      rights,
      reason: `policy only${reason === '' ? '' : `: ${reason}`}`,
      turn: () => earlier.policy,
      rollbackOf: earlier.revision,
    });
    return { undone: `the policy that revision ${earlier.undone} brought`, revision, snapshotSeq };
  }

  /** Returns at once and never throws. */
  haltItself(tenant: string, release: string, reason: string): void {
    void this.#halt(tenant, release, ITSELF, reason).catch((thrown: unknown) =>
      this.#parts.log('warn', 'a policy release could not be halted', { release, reason, cause: String(thrown) }),
    );
  }

  /** The record is moved to 100 % first: a hub that dies before the commit finds a canary of everything, which is what was asked for. */
  async #full(record: ReleaseRecord, { by, rights, reason }: ActivateWish): Promise<ReleaseOutcome> {
    const { plane, log } = this.#parts;
    const content = this.#book.open(record);
    const { tenant, id } = record;
    const turn = (present: TenantPolicy): TenantPolicy => {
      if (digestOf(present) !== content.baseDigest) throw stale(record);
      return policyOfRelease(content);
    };
    try {
      const why = `policy release ${id}${reason === '' ? '' : `: ${reason}`}`;
      const result = await plane.replacePolicy({ tenant, by, rights, reason: why, turn });
      log('info', 'policy release active', { release: id, by, seq: result.snapshotSeq });
      return { ...(await this.#book.outcome(record)), ...result };
    } catch (thrown) {
      await this.#halt(tenant, id, ITSELF, `it could not be activated: ${Fault.from(thrown).message}`);
      throw thrown;
    }
  }

  async #halt(tenant: string, id: string, by: string, reason: string): Promise<ReleaseOutcome> {
    const record = await this.#book.advance(tenant, id, { event: 'halt', percent: 0, by, reason });
    const outcome = await this.#published(record);
    const since = record.log.at(-2)?.atMs ?? 0;
    const afterMs = this.#parts.clock.wallMs() - since;
    this.#parts.log('warn', 'policy release halted', { release: id, by, reason, afterMs, seq: outcome.snapshotSeq });
    return outcome;
  }

  async #published(record: ReleaseRecord): Promise<ReleaseOutcome> {
    const { seq } = await this.#parts.plane.republish();
    return this.#book.outcome(record, seq);
  }
}
