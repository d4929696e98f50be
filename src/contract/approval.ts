/** A call that waits for people: exactly these bytes, of this caller, to this target, until so many said yes. */
import type { Principal, Target } from './call.ts';

/** `pending` until it is decided or its time is over; `approved` until it is used; everything else is the end. */
export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired' | 'consumed' | 'cancelled';

/** What the rules ask for, all of them together: the greatest quorum, the shortest time, every role. */
export interface ApprovalSpec {
  readonly quorum: number;
  /** Each of them must be among the voters' roles; empty: role `approver`. */
  readonly roles: readonly string[];
  readonly ttlMs: number;
}

export interface ApprovalVote {
  /** Name of the user. One human, one vote. */
  readonly user: string;
  readonly verdict: 'approve' | 'deny';
  /** Roles of the user when the vote was cast. */
  readonly roles: readonly string[];
  readonly comment: string;
  readonly atMs: number;
}

export interface ApprovalRecord {
  /** 32 hex digits; also the id of the call that waits. */
  readonly id: string;
  readonly tenant: string;
  readonly state: ApprovalState;
  readonly principal: Principal;
  /** Who else is behind the call and so may not vote: users at the root of its tree, and such. */
  readonly behind: readonly string[];
  readonly target: Target;
  /** SHA-256 over the canonical form of all that was approved, hex. */
  readonly digest: string;
  readonly spec: ApprovalSpec;
  /** `level/id` of the rules that ask for it, and the sentence that people read. */
  readonly rules: readonly string[];
  readonly reason: string;
  readonly policyVersion: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly votes: readonly ApprovalVote[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly decidedAtMs: number | null;
  /** Counts changes of this record, from 1. */
  readonly version: number;
}

/** The one use of an approval: it is burned in the transaction that lets the call go. */
export interface GrantUse {
  readonly approval: string;
  /** Recomputed from the bytes that are about to be sent. */
  readonly digest: string;
}

export interface ApprovalStore {
  /** Writes the record when the stored one has `version - 1` (1: there is none). Throws `conflict` otherwise (facts: `expected`, `actual`). */
  put(record: ApprovalRecord): Promise<void>;
  get(tenant: string, id: string): Promise<ApprovalRecord | undefined>;
  /** The pending or approved one of this principal with this digest. */
  open(tenant: string, principal: Principal, digest: string): Promise<ApprovalRecord | undefined>;
  /** Newest first. */
  list(filter: {
    readonly tenant: string | null;
    readonly state?: ApprovalState;
    readonly limit: number;
  }): Promise<readonly ApprovalRecord[]>;
  /** Pending or approved, with their time over at this instant. */
  due(nowMs: number, limit: number): Promise<readonly ApprovalRecord[]>;
}
