/** The book of releases: finds them, opens what was sealed, and writes each step under the version that was seen. */
import {
  Fault,
  type ReleaseContent,
  type ReleaseOutcome,
  type ReleaseRecord,
  type ReleaseView,
  type Rights,
} from '../../contract/index.ts';
import { policyIn } from '../policy.ts';
import type { TrainParts } from './parts.ts';
import { digestOf, policyOfRelease, unseal } from './seal.ts';
import { advance, type Step } from './state.ts';
import { stateOf, viewOf } from './view.ts';

/** Two changes of one record at once: the second looks again. */
const LOOKS = 3;
const MOST_LISTED = 1_000;

export class ReleaseBook {
  readonly #parts: TrainParts;

  constructor(parts: TrainParts) {
    this.#parts = parts;
  }

  /** By an id or a prefix of one. Throws `not_found`, and `bad_request` when it fits several. */
  async find(tenant: string, id: string): Promise<ReleaseRecord> {
    const digits = id.replace(/^sha256:/, '');
    const exact = await this.#parts.store.get(tenant, `sha256:${digits}`);
    if (exact !== undefined) return exact;
    const fitting = (await this.#parts.store.list(tenant, MOST_LISTED)).filter((record) =>
      record.id.startsWith(`sha256:${digits}`),
    );
    if (fitting.length === 1) return fitting[0]!;
    throw fitting.length === 0
      ? new Fault('not_found', `there is no release \`${id}\`; \`airspace policy history\` shows those that are`)
      : new Fault('bad_request', `\`${id}\` fits ${fitting.length} releases; give more digits`);
  }

  /** The next step of a release, unless `check` or the table of moves refuses it. Only a halt may be stale. */
  async advance(
    tenant: string,
    id: string,
    step: Omit<Step, 'atMs'>,
    check: (found: ReleaseRecord) => void = () => {},
  ): Promise<ReleaseRecord> {
    const { store, clock } = this.#parts;
    for (let look = 1; ; look++) {
      const found = await this.find(tenant, id);
      check(found);
      const next = advance(found, { ...step, atMs: clock.wallMs() });
      if (step.event !== 'halt') await this.#refuseStale(found);
      try {
        await store.put(next);
        return next;
      } catch (thrown) {
        if (!(thrown instanceof Fault) || thrown.code !== 'conflict' || look === LOOKS) throw thrown;
      }
    }
  }

  async onTrial(tenant: string): Promise<ReleaseRecord | undefined> {
    const inForce = await this.#parts.store.inForce();
    return inForce.find((record) => record.tenant === tenant && record.state !== 'active');
  }

  /** Throws `conflict` while another release of the tenant is on trial. */
  async refuseOthers(tenant: string, id: string): Promise<void> {
    const { id: wanted } = await this.find(tenant, id);
    const tried = await this.onTrial(tenant);
    if (tried === undefined || tried.id === wanted) return;
    throw new Fault(
      'conflict',
      `release \`${tried.id}\` is on trial, ${stateOf(tried)}; roll it back or finish it first`,
    );
  }

  /** Whoever may change some levels only moves only releases that touch no other. Throws `denied`. */
  async refuseUnowned(tenant: string, id: string, rights: Rights): Promise<void> {
    if (rights.kind === 'tenant') return;
    const record = await this.find(tenant, id);
    await this.#refuseStale(record);
    const policy = policyOfRelease(this.open(record));
    await this.#parts.plane.preview({ tenant, by: '', rights, reason: '', turn: () => policy });
  }

  async #refuseStale(record: ReleaseRecord): Promise<void> {
    if (this.open(record).baseDigest !== (await this.presentDigest(record.tenant))) throw stale(record);
  }

  readonly refuseUnapproved = (record: ReleaseRecord): void => {
    if (!this.#needsApproval(record, this.open(record))) return;
    throw new Fault(
      'conflict',
      `release \`${record.id}\` may allow more than the active policy, so another person than its author must approve it first`,
    );
  };

  #needsApproval({ approvedBy, state }: ReleaseRecord, { widening }: ReleaseContent): boolean {
    return this.#parts.twoPerson && widening && approvedBy === null && state !== 'active';
  }

  async presentDigest(tenant: string): Promise<string> {
    const present = await this.#parts.plane.list({ tenant });
    return digestOf(policyIn(present.map(({ resource }) => resource)));
  }

  /** Throws `denied` when it is not what was signed. */
  open(record: ReleaseRecord): ReleaseContent {
    return unseal(record.sealed, this.#parts.key.publicKey);
  }

  /** `present`: digest of the policy that is active. */
  view(record: ReleaseRecord, present: string): ReleaseView {
    const content = this.open(record);
    return viewOf(record, content, { present, needsApproval: this.#needsApproval(record, content) });
  }

  /** As it stands after a change that may have moved it further. */
  async outcome(record: ReleaseRecord, snapshotSeq = 0, warnings: readonly string[] = []): Promise<ReleaseOutcome> {
    const { tenant, id } = record;
    const now = (await this.#parts.store.get(tenant, id)) ?? record;
    return { release: this.view(now, await this.presentDigest(tenant)), snapshotSeq, warnings };
  }
}

export const stale = ({ id }: ReleaseRecord): Fault =>
  new Fault(
    'conflict',
    `release \`${id}\` was made against a policy that is not active any more; look at its replay and stage it again`,
  );
