/** Policy as people look at it: which bundles there are, what they said before, and how a proposal would fare. */
import type { ReleaseProof, RuleDiff } from './release.ts';

/** A PolicyBundle in a list, without its text. */
export interface BundleEntry {
  readonly name: string;
  readonly level: string;
  /** The Team that answers for it; empty: none is named. */
  readonly owner: string;
  /** Users who look after the level without role `admin`, by name. */
  readonly stewards: readonly string[];
  /** Counts changes of this bundle, from 1. */
  readonly version: number;
  /** Of the whole configuration, which brought this version; its time, author and reason. */
  readonly revision: number;
  /** Unix ms. */
  readonly atMs: number;
  readonly by: string;
  readonly reason: string;
}

export interface PolicyOverview {
  /** Content address of what decides, as `base` of a release that is staged now. */
  readonly active: string;
  /** Nobody widens policy alone here. */
  readonly twoPerson: boolean;
  /** By name. */
  readonly items: readonly BundleEntry[];
}

export interface BundleText {
  readonly name: string;
  readonly level: string;
  /** Cedar. */
  readonly policies: string;
  /** Null: the bundle has none. */
  readonly limits: string | null;
}

/** A bundle as it was at one of its versions. */
export interface BundleVersion
  extends BundleText,
    Pick<BundleEntry, 'version' | 'revision' | 'atMs' | 'by' | 'reason'> {
  /** Of a rollback: the revision that it went back to. */
  readonly rollbackOf: number | null;
  /** The release that brought it, with its evidence; null when it was applied. */
  readonly release: {
    readonly id: string;
    readonly author: string;
    /** Why it was proposed. */
    readonly reason: string;
    readonly approvedBy: string | null;
    readonly proof: ReleaseProof | null;
    readonly widening: boolean;
  } | null;
}

/** A case that was decided by a proposal. */
export interface CaseOutcome {
  readonly name: string;
  /** File and line. */
  readonly origin: string;
  /** One sentence each; empty when it holds. */
  readonly problems: readonly string[];
}

/** How a proposal would fare if it were staged now. Nothing of it is kept. */
export interface ReleaseCheck {
  /** The id that it would have. The same as `base`: nothing would change. */
  readonly id: string;
  readonly base: string;
  /** What it may allow that the active policy does not, such as `org/large-refunds: forbid removed`; what cannot be told is among it. */
  readonly wider: readonly string[];
  /** A second person would have to approve it. */
  readonly needsApproval: boolean;
  /** What would refuse it besides cases that do not hold; each with its place. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly cases: readonly CaseOutcome[];
  readonly proof: ReleaseProof;
  readonly diff: readonly RuleDiff[];
}
