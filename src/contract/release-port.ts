/** The release train, as the admin door asks it. */
import type { BundleText, BundleVersion, PolicyOverview, ReleaseCheck } from './policy-view.ts';
import type {
  ActivateWish,
  ReleaseDetail,
  ReleaseOutcome,
  ReleaseView,
  ReplayReport,
  ReplayRequest,
  RollbackOutcome,
  StageRequest,
} from './release.ts';
import type { Rights } from './rights.ts';

/**
 * What the admin door may ask of the release train. Ids may be a prefix of 8 or more digits. What moves a release throws `denied` when
 * it touches a level that is not within the rights.
 */
export interface ReleasePort {
  /** Throws `bad_request` with facts naming file, line and field; also for what lint calls an error, and for a case that does not hold. */
  stage(request: StageRequest): Promise<ReleaseOutcome>;
  /** The same looks, and nothing is kept. Throws `bad_request` for what cannot be compiled, and for cases that cannot be read. */
  check(request: Omit<StageRequest, 'by' | 'reason'>): Promise<ReleaseCheck>;
  list(tenant: string, limit: number): Promise<readonly ReleaseView[]>;
  /** What decides now, bundle by bundle. */
  overview(tenant: string): Promise<PolicyOverview>;
  /** Of one bundle, newest first. Throws `not_found`. */
  versions(tenant: string, bundle: string, limit: number): Promise<readonly BundleVersion[]>;
  /** What a release would bring. Throws `not_found`. */
  texts(tenant: string, id: string): Promise<readonly BundleText[]>;
  /** Throws `not_found`. */
  get(tenant: string, id: string): Promise<ReleaseDetail>;
  shadow(tenant: string, id: string, by: string, reason: string, rights: Rights): Promise<ReleaseOutcome>;
  /** 100 makes it the active policy, as a new revision. Throws `conflict` when it is stale or waits for approval. */
  activate(tenant: string, id: string, wish: ActivateWish): Promise<ReleaseOutcome>;
  /** By another user than the author. Throws `denied`. */
  approve(tenant: string, id: string, by: string, reason: string): Promise<ReleaseOutcome>;
  /** Takes the release on trial back; without one, brings back the policy before the active one. */
  rollback(tenant: string, by: string, reason: string, rights: Rights): Promise<RollbackOutcome>;
  replay(request: ReplayRequest): Promise<ReplayReport>;
}
