/** The release train: policy is staged, tried beside the active one, activated in steps, halted and rolled back. */
import type {
  ActivateWish,
  BundleText,
  BundleVersion,
  CallEvent,
  PolicyOverview,
  ReleaseCheck,
  ReleaseDetail,
  ReleaseOutcome,
  ReleasePort,
  ReleaseView,
  ReplayReport,
  ReplayRequest,
  Rights,
  RollbackOutcome,
  StageRequest,
} from '../../contract/index.ts';
import { ReleaseBook } from './book.ts';
import { Bundles } from './bundles.ts';
import { ReleaseMoves } from './moving.ts';
import type { TrainParts } from './parts.ts';
import { Proposals } from './proposing.ts';
import { ReleaseViews } from './viewing.ts';

export class ReleaseTrain implements ReleasePort {
  readonly #parts: Pick<TrainParts, 'plane' | 'watch'>;
  readonly #proposals: Proposals;
  readonly #views: ReleaseViews;
  readonly #moves: ReleaseMoves;
  readonly #bundles: Bundles;

  constructor(parts: TrainParts) {
    const book = new ReleaseBook(parts);
    this.#parts = parts;
    this.#proposals = new Proposals(parts, book);
    this.#views = new ReleaseViews(parts, book, this.#proposals);
    this.#moves = new ReleaseMoves(parts, book);
    this.#bundles = new Bundles(parts, book);
  }

  stage(request: StageRequest): Promise<ReleaseOutcome> {
    return this.#proposals.stage(request);
  }

  check(request: Omit<StageRequest, 'by' | 'reason'>): Promise<ReleaseCheck> {
    return this.#proposals.check(request);
  }

  overview(tenant: string): Promise<PolicyOverview> {
    return this.#bundles.overview(tenant);
  }

  versions(tenant: string, bundle: string, limit: number): Promise<readonly BundleVersion[]> {
    return this.#bundles.versions(tenant, bundle, limit);
  }

  texts(tenant: string, id: string): Promise<readonly BundleText[]> {
    return this.#bundles.texts(tenant, id);
  }

  list(tenant: string, limit: number): Promise<readonly ReleaseView[]> {
    return this.#views.list(tenant, limit);
  }

  get(tenant: string, id: string): Promise<ReleaseDetail> {
    return this.#views.get(tenant, id);
  }

  replay(request: ReplayRequest): Promise<ReplayReport> {
    return this.#views.replay(request);
  }

  shadow(tenant: string, id: string, by: string, reason: string, rights: Rights): Promise<ReleaseOutcome> {
    return this.#moves.shadow(tenant, id, by, reason, rights);
  }

  activate(tenant: string, id: string, wish: ActivateWish): Promise<ReleaseOutcome> {
    return this.#moves.activate(tenant, id, wish);
  }

  approve(tenant: string, id: string, by: string, reason: string): Promise<ReleaseOutcome> {
    return this.#moves.approve(tenant, id, by, reason);
  }

  rollback(tenant: string, by: string, reason: string, rights: Rights): Promise<RollbackOutcome> {
    return this.#moves.rollback(tenant, by, reason, rights);
  }

  /** Every finished call of this hub and of its nodes. Returns at once and never throws. */
  readonly observe = (events: readonly CallEvent[]): void => {
    for (const { tenant, release, reason } of this.#parts.watch.take(events))
      this.#moves.haltItself(tenant, release, reason);
  };

  /** The engine decided by this version what another engine does not: whatever is wrong, it must not go on. */
  distrust(policyVersion: string): void {
    const tried = this.#parts.plane.snapshot?.candidates?.find(({ policy }) => policy.version === policyVersion);
    if (tried === undefined) return;
    this.#moves.haltItself(tried.tenant, tried.release, 'the engine and cedar-wasm take a decision of it differently');
  }
}
