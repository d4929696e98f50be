/** A release of policy: what somebody proposes, why, and how far it has come. */
import type { ResourceOf } from './resources/index.ts';
import type { Rights } from './rights.ts';

/** `staged`: checked, in force nowhere. `halted`: taken back by the watch or by a person. `retired`: another policy took its place. */
export type ReleaseState = 'staged' | 'shadow' | 'canary' | 'active' | 'halted' | 'retired';

/** What never changes about a release, and what its signature covers. */
export interface ReleaseContent {
  /** Content address over schema and levels, computed as `PolicySet.version`: `sha256:` and 16 hex digits. */
  readonly id: string;
  readonly tenant: string;
  /** All bundles of the tenant as they are to be. */
  readonly bundles: readonly ResourceOf<'PolicyBundle'>[];
  /** All facts of the tenant as they are to be. Absent in what was staged before releases held facts: then none are known. */
  readonly facts?: readonly ResourceOf<'Fact'>[];
  /** What was held against it when it was staged. Absent in what was staged before there were such checks. */
  readonly proof?: ReleaseProof;
  /** Version of the active policy that it was made against. */
  readonly base: string;
  /** Digest of the bundles and facts behind `base`: a release is stale when the present ones have another. */
  readonly baseDigest: string;
  /** It may allow what the base does not. */
  readonly widening: boolean;
  readonly author: string;
  readonly reason: string;
  /** Unix ms. */
  readonly createdAtMs: number;
}

/** Cases that came with the policies; each held, in both engines, or there would be no release. */
export interface ReleaseProof {
  /** 0: nobody said what this policy is meant to do. */
  readonly cases: number;
  /** Rules whose conditions held in a case, of all. */
  readonly covered: number;
  readonly rules: number;
}

/** The content as signed text: Ed25519 over `release`, a newline, and the payload, by the key that signs snapshots. */
export interface SealedRelease {
  readonly payload: string;
  readonly keyId: string;
  readonly signature: string;
}

export interface ReleaseStep {
  readonly atMs: number;
  /** `user/ann`, or `airspace` when it halted by itself. */
  readonly by: string;
  readonly state: ReleaseState;
  readonly percent: number;
  readonly reason: string;
}

export interface ReleaseRecord {
  readonly id: string;
  readonly tenant: string;
  readonly sealed: SealedRelease;
  readonly state: ReleaseState;
  /** Of call trees that it decides: 0 unless `canary` or `active`. */
  readonly percent: number;
  /** The second person, where one was asked for. */
  readonly approvedBy: string | null;
  /** Deny rate may move by so many points before it halts. */
  readonly denyBand: number;
  /** Oldest first. */
  readonly log: readonly ReleaseStep[];
  /** Counts changes of this record, from 1. */
  readonly version: number;
}

/** Releases of all tenants. Durable: a resolved `put` survives kill -9 and power loss. */
export interface ReleaseStore {
  /** Writes the record when the stored one has `version - 1` (1: there is none). Throws `conflict` otherwise (facts: `expected`, `actual`). */
  put(record: ReleaseRecord): Promise<void>;
  get(tenant: string, id: string): Promise<ReleaseRecord | undefined>;
  /** Those last changed first; null means every tenant. */
  list(tenant: string | null, limit: number): Promise<readonly ReleaseRecord[]>;
  /** All that nodes may be running, of every tenant: `shadow`, `canary` and `active`. In no order. */
  inForce(): Promise<readonly ReleaseRecord[]>;
}

/** One rule, or one fact, that differs between the active policy and a release. */
export interface RuleDiff {
  /** `org/no-drop`; of a fact its name. */
  readonly rule: string;
  readonly change: 'add' | 'remove' | 'change';
  readonly kind: 'permit' | 'forbid' | 'limit' | 'fact';
  /** Of a fact whom it asks. */
  readonly reason: string;
}

/** A release as people see it. */
export interface ReleaseView extends Omit<ReleaseRecord, 'sealed' | 'version'> {
  readonly author: string;
  readonly reason: string;
  readonly createdAtMs: number;
  readonly base: string;
  readonly widening: boolean;
  /** Null in what was staged before there were such checks. */
  readonly proof: ReleaseProof | null;
  /** The policy that it was made against is not the active one any more. */
  readonly stale: boolean;
  /** A second person must approve before it decides anything. */
  readonly needsApproval: boolean;
}

export interface ReleaseDetail extends ReleaseView {
  /** Against what is active now. */
  readonly diff: readonly RuleDiff[];
  /** What the watch has counted; null when it decides nothing. */
  readonly arms: Arms | null;
}

export interface Arms {
  readonly canary: ArmTally;
  readonly stable: ArmTally;
  /** Decisions of which a shadow would have come out otherwise. */
  readonly differed: number;
}

export interface ArmTally {
  readonly calls: number;
  readonly denied: number;
  readonly approvals: number;
  readonly errors: number;
}

export interface StageRequest {
  readonly tenant: string;
  /** PolicyBundles and Facts, put over the present ones. */
  readonly resources: readonly unknown[];
  readonly origins: readonly string[];
  /** Bundles and facts within the rights that are not among them go away. */
  readonly prune: boolean;
  /** The case files beside them. */
  readonly cases: readonly CaseFile[];
  readonly by: string;
  readonly rights: Rights;
  readonly reason: string;
}

/** A file of cases as it was written, so that a case that fails is named by its line. */
export interface CaseFile {
  readonly name: string;
  /** YAML. */
  readonly text: string;
}

export interface ReplayRequest {
  readonly tenant: string;
  /** Calls that do not belong to them are left out. */
  readonly rights: Rights;
  /** An id, or bundles and facts that were not staged; none of those: the policy that is active now. */
  readonly candidate: string | Pick<StageRequest, 'resources' | 'origins' | 'prune'>;
  /** Only the calls of this trace, or of the trace of this call, with each decision. */
  readonly trace?: string;
  readonly sinceMs: number;
  /** Most decisions looked at, newest first. */
  readonly limit: number;
}

/** One recorded decision beside what it would be now. */
export interface ReplayedDecision {
  readonly callId: string;
  readonly span: string;
  readonly node: string;
  /** `agent/concierge`, `nobody`. */
  readonly caller: string;
  /** `agent/orders/where` */
  readonly target: string;
  /** Unix ms. */
  readonly startedAtMs: number;
  /** `why`: the rules that decided, or what was missing. */
  readonly was: { readonly effect: string; readonly why: readonly string[]; readonly policyVersion: string };
  /** Null: it cannot be said. */
  readonly now: { readonly effect: string; readonly why: readonly string[] } | null;
  /** What was not recorded and would have to be known; empty when `now` is there. */
  readonly missing: readonly string[];
  /** What is still here of what its target answered. Absent: nobody looked. */
  readonly answer?: RecordedAnswer;
}

/** `why`: there is nothing that could be played back, and why. */
export type RecordedAnswer = { readonly status: number; readonly bytes: number } | { readonly why: string };

/** Recorded decisions that would come out otherwise in the same way. */
export interface FlipGroup {
  /** `deny->allow`. */
  readonly flip: string;
  /** Rules that decided then, and that would now; `no permit at org` where none did. */
  readonly was: readonly string[];
  readonly now: readonly string[];
  readonly count: number;
  readonly agents: readonly { readonly agent: string; readonly count: number }[];
  /** A call to look at. */
  readonly example: string;
  /** Calls to look at, newest first: the first fifty that were met. */
  readonly calls: readonly FlippedCall[];
}

export interface FlippedCall {
  readonly call: string;
  /** `agent/concierge` */
  readonly agent: string;
  /** `agent/refunds/issue` */
  readonly target: string;
  /** Unix ms. */
  readonly atMs: number;
}

export interface ReplayReport {
  readonly release: string;
  /** Version of the policy that was active when it ran. */
  readonly base: string;
  /** The active policy is not the one that the release was made against: look again before you trust this. */
  readonly stale: boolean;
  readonly decisions: number;
  readonly same: number;
  /** Same effect, other rules. */
  readonly otherRules: number;
  /** Needs something that was not recorded. INVARIANT: never counted as allowed. */
  readonly unknown: number;
  /** Attributes that were missing, with how often. */
  readonly unknownFor: Readonly<Record<string, number>>;
  readonly flips: number;
  /** `deny->allow` first, then by count. */
  readonly groups: readonly FlipGroup[];
  readonly tookMs: number;
  /** Of one trace: each decision of it, in the order of time. Absent: no trace was asked about. */
  readonly calls?: readonly ReplayedDecision[];
}

/** What a change of a release came to. */
export interface ReleaseOutcome {
  readonly release: ReleaseView;
  /** Snapshot that brings it to the nodes. */
  readonly snapshotSeq: number;
  readonly warnings: readonly string[];
}

export interface ActivateWish {
  readonly percent: number;
  readonly by: string;
  readonly rights: Rights;
  readonly reason: string;
  /** Points by which the deny rate may move before the watch halts it; absent: 10. */
  readonly denyBand?: number;
}

export interface RollbackOutcome {
  /** What was taken back, in words. */
  readonly undone: string;
  readonly revision: number;
  readonly snapshotSeq: number;
}
