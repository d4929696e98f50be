/** The release train: policy is staged, tried beside the active one, activated in steps, halted and rolled back. */
import {
  type ActivateWish,
  type CallEvent,
  type Clock,
  Fault,
  type PolicySet,
  type ReleaseContent,
  type ReleaseDetail,
  type ReleaseOutcome,
  type ReleasePort,
  type ReleaseRecord,
  type ReleaseStore,
  type ReleaseView,
  type ReplayReport,
  type ReplayRequest,
  type ResourceOf,
  type ResourceStore,
  type Rights,
  type RollbackOutcome,
  type Snapshot,
  type StageRequest,
  type TraceStore,
  WHOLE_TENANT,
} from '../../contract/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import { belonging } from '../belonging.ts';
import { bundlesOf, type CompilePolicy } from '../compile.ts';
import type { ControlPlane } from '../plane.ts';
import { ruleDifference } from './difference.ts';
import { earlierPolicy } from './earlier.ts';
import { bundlesIn, merged } from './proposal.ts';
import { type Replayer, replayRecorded } from './replay.ts';
import { digestOf, seal, unseal } from './seal.ts';
import { advance, moved, type Step } from './state.ts';
import { compileTenant, type TrialParts, withBundles } from './trials.ts';
import { stateOf, viewOf } from './view.ts';
import type { ReleaseWatch } from './watch.ts';

type Bundle = ResourceOf<'PolicyBundle'>;

type World = Pick<Snapshot, 'policy' | 'targets' | 'domains'>;

export interface TrainParts {
  readonly store: ReleaseStore;
  readonly resources: Pick<ResourceStore, 'list' | 'history'>;
  readonly plane: Pick<ControlPlane, 'preview' | 'replacePolicy' | 'republish' | 'list' | 'snapshot'>;
  readonly compilePolicy: CompilePolicy;
  readonly traces: Pick<TraceStore, 'recent'>;
  /** The policy room's replay of recorded decisions. */
  readonly replayer: (world: World) => Replayer;
  /** May the proposed policy allow something that the present one does not? */
  readonly widens: (present: PolicySet, proposed: World) => boolean;
  readonly watch: ReleaseWatch;
  /** Signs releases, as it signs snapshots. */
  readonly key: NodeKey;
  readonly clock: Clock;
  /** A release that widens decides nothing before another person than its author approved it. */
  readonly twoPerson: boolean;
  readonly log: TrialParts['log'];
}

/** How `log` of a release names what nobody asked for. */
const ITSELF = 'airspace';
const DEFAULT_DENY_BAND = 10;
/** Two changes of one record at once: the second looks again. */
const LOOKS = 3;
const MOST_LISTED = 1_000;

export class ReleaseTrain implements ReleasePort {
  readonly #parts: TrainParts;

  constructor(parts: TrainParts) {
    this.#parts = parts;
  }

  async stage(request: StageRequest): Promise<ReleaseOutcome> {
    const { tenant, by, reason } = request;
    const { preview, bundles, id, base, widening } = await this.#proposed(request);
    const content: ReleaseContent = {
      id,
      tenant,
      bundles,
      base,
      baseDigest: digestOf(bundlesOf(preview.before, tenant)),
      widening,
      author: by,
      reason,
      createdAtMs: this.#parts.clock.wallMs(),
    };
    if (content.baseDigest === digestOf(bundles) || id === base)
      throw new Fault('bad_request', `nothing to release: the active policy is \`${base}\` already, rule by rule`);
    const record = await this.#putStaged(content);
    this.#parts.log('info', 'policy release staged', { release: id, by, reason, base });
    return { release: this.#view(record, content.baseDigest), snapshotSeq: 0, warnings: preview.warnings };
  }

  async list(tenant: string, limit: number): Promise<readonly ReleaseView[]> {
    const [records, present] = await Promise.all([this.#parts.store.list(tenant, limit), this.#presentDigest(tenant)]);
    return records.map((record) => this.#view(record, present));
  }

  async get(tenant: string, id: string): Promise<ReleaseDetail> {
    const record = await this.#find(tenant, id);
    const { bundles } = this.#open(record);
    const { before } = await this.#parts.plane.preview(untouched(tenant));
    const [active, proposed] = await Promise.all([
      compileTenant(before, tenant, this.#parts.compilePolicy),
      compileTenant(withBundles(before, tenant, bundles), tenant, this.#parts.compilePolicy),
    ]);
    return {
      ...this.#view(record, digestOf(bundlesOf(before, tenant))),
      diff: ruleDifference(active.policy, proposed.policy),
      arms: this.#parts.watch.tallies({ tenant, release: record.id }),
    };
  }

  async shadow(tenant: string, id: string, by: string, reason: string, rights: Rights): Promise<ReleaseOutcome> {
    await this.#refuseOthers(tenant, id);
    await this.#refuseUnowned(tenant, id, rights);
    const record = await this.#advance(tenant, id, { event: 'shadow', percent: 0, by, reason });
    return this.#published(record);
  }

  async activate(tenant: string, id: string, wish: ActivateWish): Promise<ReleaseOutcome> {
    const { percent, by, rights, reason, denyBand } = wish;
    await this.#refuseOthers(tenant, id);
    await this.#refuseUnowned(tenant, id, rights);
    const record = await this.#advance(tenant, id, { event: 'canary', percent, by, reason, denyBand }, (found) =>
      this.#refuseUnapproved(found),
    );
    return percent < 100 ? this.#published(record) : this.#full(record, wish);
  }

  async approve(tenant: string, id: string, by: string, reason: string): Promise<ReleaseOutcome> {
    const found = await this.#find(tenant, id);
    const { author } = this.#open(found);
    if (by === author) throw new Fault('denied', `\`${by}\` made this release; somebody else must approve it`);
    if (found.state !== 'staged' && found.state !== 'shadow')
      throw new Fault('conflict', `release \`${found.id}\` is ${found.state}; only what waits can be approved`);
    const step = { atMs: this.#parts.clock.wallMs(), by, state: found.state, percent: found.percent };
    const log = [...found.log, { ...step, reason: `approved${reason === '' ? '' : `: ${reason}`}` }];
    const record = { ...found, approvedBy: by, log, version: found.version + 1 };
    await this.#parts.store.put(record);
    this.#parts.log('info', 'policy release approved', { release: found.id, by });
    return { release: this.#view(record, await this.#presentDigest(tenant)), snapshotSeq: 0, warnings: [] };
  }

  async rollback(tenant: string, by: string, reason: string, rights: Rights): Promise<RollbackOutcome> {
    const tried = await this.#onTrial(tenant);
    if (tried !== undefined) {
      await this.#refuseUnowned(tenant, tried.id, rights);
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
      turn: () => earlier.bundles,
      rollbackOf: earlier.revision,
    });
    return { undone: `the policy that revision ${earlier.undone} brought`, revision, snapshotSeq };
  }

  async replay({ tenant, rights, candidate, sinceMs, limit }: ReplayRequest): Promise<ReplayReport> {
    const { clock, traces, replayer } = this.#parts;
    const startMs = clock.nowMs();
    const { release, world, stale } = await this.#candidateWorld(tenant, candidate, rights);
    const about = belonging(rights, world).call;
    const tally = await replayRecorded(traces, replayer(world), { tenant, sinceMs, limit, about });
    return { release, stale, ...tally, tookMs: Math.round(clock.nowMs() - startMs) };
  }

  /** Every finished call of this hub and of its nodes. Returns at once and never throws. */
  readonly observe = (events: readonly CallEvent[]): void => {
    for (const { tenant, release, reason } of this.#parts.watch.take(events)) {
      this.#haltItself(tenant, release, reason);
    }
  };

  /** The engine decided by this version what another engine does not: whatever is wrong, it must not go on. */
  distrust(policyVersion: string): void {
    const tried = this.#parts.plane.snapshot?.candidates?.find(({ policy }) => policy.version === policyVersion);
    if (tried === undefined) return;
    this.#haltItself(tried.tenant, tried.release, 'the engine and cedar-wasm take a decision of it differently');
  }

  #haltItself(tenant: string, release: string, reason: string): void {
    void this.#halt(tenant, release, ITSELF, reason).catch((thrown: unknown) =>
      this.#parts.log('warn', 'a policy release could not be halted', { release, reason, cause: String(thrown) }),
    );
  }

  async #candidateWorld(tenant: string, candidate: ReplayRequest['candidate'], rights: Rights) {
    if (typeof candidate !== 'string') {
      const { preview, id } = await this.#proposed({ ...candidate, tenant, rights, by: '', reason: '' });
      return {
        release: id,
        world: await compileTenant(preview.after, tenant, this.#parts.compilePolicy),
        stale: false,
      };
    }
    const record = await this.#find(tenant, candidate);
    const { bundles, baseDigest } = this.#open(record);
    const { before } = await this.#parts.plane.preview(untouched(tenant));
    return {
      release: record.id,
      world: await compileTenant(withBundles(before, tenant, bundles), tenant, this.#parts.compilePolicy),
      stale: baseDigest !== digestOf(bundlesOf(before, tenant)),
    };
  }

  /** Checked and compiled against the present configuration, and nothing else. */
  async #proposed(request: StageRequest) {
    const { tenant, by, rights, reason, prune } = request;
    const { plane, compilePolicy, widens } = this.#parts;
    const { bundles: given, origins } = bundlesIn(request);
    const preview = await plane.preview({
      tenant,
      by,
      rights,
      reason,
      turn: (present, isTheirs) => merged(prune ? present.filter((one) => !isTheirs(one)) : present, given),
      originOf: (key) => origins.get(key) ?? key,
    });
    const [active, proposed] = await Promise.all([
      compileTenant(preview.before, tenant, compilePolicy),
      compileTenant(preview.after, tenant, compilePolicy),
    ]);
    return {
      preview,
      bundles: bundlesOf(preview.after, tenant),
      id: proposed.policy.version,
      base: active.policy.version,
      widening: widens(active.policy, proposed),
    };
  }

  /** The same content again is the same release: staged anew, with a new author and nobody's approval. */
  async #putStaged(content: ReleaseContent): Promise<ReleaseRecord> {
    const { store, key, clock } = this.#parts;
    const { id, tenant, author: by, reason } = content;
    const before = await store.get(tenant, id);
    const state = moved(id, before?.state ?? 'none', 'stage');
    const record: ReleaseRecord = {
      id,
      tenant,
      sealed: seal(content, key),
      state,
      percent: 0,
      approvedBy: null,
      denyBand: DEFAULT_DENY_BAND,
      log: [...(before?.log ?? []), { atMs: clock.wallMs(), by, state, percent: 0, reason }],
      version: (before?.version ?? 0) + 1,
    };
    await store.put(record);
    return record;
  }

  /** The record is moved to 100 % first: a hub that dies before the commit finds a canary of everything, which is what was asked for. */
  async #full(record: ReleaseRecord, { by, rights, reason }: ActivateWish): Promise<ReleaseOutcome> {
    const { plane, store, log } = this.#parts;
    const { bundles, baseDigest } = this.#open(record);
    const { tenant, id } = record;
    const turn = (present: readonly Bundle[]): readonly Bundle[] => {
      if (digestOf(present) !== baseDigest) throw stale(record);
      return bundles;
    };
    try {
      const why = `policy release ${id}${reason === '' ? '' : `: ${reason}`}`;
      const result = await plane.replacePolicy({ tenant, by, rights, reason: why, turn });
      log('info', 'policy release active', { release: id, by, seq: result.snapshotSeq });
      const now = (await store.get(tenant, id)) ?? record;
      return { release: this.#view(now, digestOf(bundles)), ...result };
    } catch (thrown) {
      await this.#halt(tenant, id, ITSELF, `it could not be activated: ${Fault.from(thrown).message}`);
      throw thrown;
    }
  }

  async #halt(tenant: string, id: string, by: string, reason: string): Promise<ReleaseOutcome> {
    const record = await this.#advance(tenant, id, { event: 'halt', percent: 0, by, reason });
    const outcome = await this.#published(record);
    const since = record.log.at(-2)?.atMs ?? 0;
    const afterMs = this.#parts.clock.wallMs() - since;
    this.#parts.log('warn', 'policy release halted', { release: id, by, reason, afterMs, seq: outcome.snapshotSeq });
    return outcome;
  }

  async #published(record: ReleaseRecord): Promise<ReleaseOutcome> {
    const { seq } = await this.#parts.plane.republish();
    const now = (await this.#parts.store.get(record.tenant, record.id)) ?? record;
    return { release: this.#view(now, await this.#presentDigest(record.tenant)), snapshotSeq: seq, warnings: [] };
  }

  async #advance(
    tenant: string,
    id: string,
    step: Omit<Step, 'atMs'>,
    check: (found: ReleaseRecord) => void = () => {},
  ): Promise<ReleaseRecord> {
    const { store, clock } = this.#parts;
    for (let look = 1; ; look++) {
      const found = await this.#find(tenant, id);
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

  async #find(tenant: string, id: string): Promise<ReleaseRecord> {
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

  async #onTrial(tenant: string): Promise<ReleaseRecord | undefined> {
    const inForce = await this.#parts.store.inForce();
    return inForce.find((record) => record.tenant === tenant && record.state !== 'active');
  }

  async #refuseOthers(tenant: string, id: string): Promise<void> {
    const { id: wanted } = await this.#find(tenant, id);
    const tried = await this.#onTrial(tenant);
    if (tried === undefined || tried.id === wanted) return;
    throw new Fault(
      'conflict',
      `release \`${tried.id}\` is on trial, ${stateOf(tried)}; roll it back or finish it first`,
    );
  }

  /** Whoever may change some levels only moves only releases that touch no other. */
  async #refuseUnowned(tenant: string, id: string, rights: Rights): Promise<void> {
    if (rights.kind === 'tenant') return;
    const record = await this.#find(tenant, id);
    await this.#refuseStale(record);
    const { bundles } = this.#open(record);
    await this.#parts.plane.preview({ tenant, by: '', rights, reason: '', turn: () => bundles });
  }

  async #refuseStale(record: ReleaseRecord): Promise<void> {
    if (this.#open(record).baseDigest !== (await this.#presentDigest(record.tenant))) throw stale(record);
  }

  #refuseUnapproved(record: ReleaseRecord): void {
    if (!this.#needsApproval(record, this.#open(record))) return;
    throw new Fault(
      'conflict',
      `release \`${record.id}\` may allow more than the active policy, so another person than its author must approve it first`,
    );
  }

  #needsApproval({ approvedBy, state }: ReleaseRecord, { widening }: ReleaseContent): boolean {
    return this.#parts.twoPerson && widening && approvedBy === null && state !== 'active';
  }

  async #presentDigest(tenant: string): Promise<string> {
    const bundles = await this.#parts.plane.list({ tenant, kind: 'PolicyBundle' });
    return digestOf(bundles.map(({ resource }) => resource as Bundle));
  }

  #open(record: ReleaseRecord): ReleaseContent {
    return unseal(record.sealed, this.#parts.key.publicKey);
  }

  #view(record: ReleaseRecord, present: string): ReleaseView {
    const content = this.#open(record);
    return viewOf(record, content, { present, needsApproval: this.#needsApproval(record, content) });
  }
}

const untouched = (tenant: string) => ({
  tenant,
  by: '',
  rights: WHOLE_TENANT,
  reason: '',
  turn: (present: readonly Bundle[]): readonly Bundle[] => present,
});

const stale = ({ id }: ReleaseRecord): Fault =>
  new Fault(
    'conflict',
    `release \`${id}\` was made against a policy that is not active any more; look at its replay and stage it again`,
  );
