/** A call that waits for people: exactly these bytes, of this caller, to this target, until so many said yes. */
import type { Lineage, Principal, Target, Tree } from './call.ts';
import type { PlanCheck } from './run.ts';
import type { StepKey } from './step-mark.ts';

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

/** All that is known of a held call but the bytes that it would send: these are as large as a call may be, and a list of many would be them. */
export interface ApprovalSummary {
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
  /** Where the call stood in its tree, so that it runs as what it was. Whoever began is asked about again then. */
  readonly tree?: { readonly lineage: Lineage; readonly described: Omit<Tree, 'endsAtMs' | 'proof'> };
  /** Empty when the call belongs to none. */
  readonly session?: string;
  readonly contentType: string;
  /** Of a call that lets a run of a plan go: what the check of it said when people were asked. Absent: it is no such call. */
  readonly plan?: PlanAsked;
  /** SHA-256 of the target as it was configured then, so that people approve what will run. */
  readonly resource?: string;
  /** `read`, `write`, ...: what the operation does to the world. */
  readonly effect?: string;
  /** Digest of the call as its caller sent it, when somebody edited it since: the same call again finds its approval all the same. */
  readonly askedDigest?: string;
  /** Users who changed the arguments. They are authors now and have no vote. */
  readonly editedBy?: readonly string[];
  /** The reply was given once to the same call without idempotency key: the next one is a call of its own. */
  readonly collected?: boolean;
  readonly votes: readonly ApprovalVote[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly decidedAtMs: number | null;
  /** Counts changes of this record, from 1. */
  readonly version: number;
}

/** What people are asked about when a run of a plan waits for them. */
export interface PlanAsked {
  /** SHA-256 of the definition, hex. No other one runs with this approval. */
  readonly definition: string;
  /** SHA-256 over all that the check says and that does not change by itself, hex: what is left of budgets is not in it. */
  readonly answer: string;
  /** What it says of each step, in one line each, for a comparison; a long plan has only its first ones here. */
  readonly steps: readonly { readonly step: StepKey; readonly says: string }[];
}

export interface ApprovalRecord extends ApprovalSummary {
  /** Exactly these bytes are sent. */
  readonly body: Uint8Array;
}

/** An approval as people see it in a list. Everything an agent could have written in it is untrusted. */
export interface ApprovalCard {
  readonly id: string;
  readonly state: ApprovalState;
  /** `agent/orders` */
  readonly caller: string;
  /** `user/ada` */
  readonly behind: readonly string[];
  readonly session: string;
  /** `tool/ledger/book` */
  readonly target: string;
  readonly effect: string;
  readonly rules: readonly string[];
  readonly reason: string;
  readonly policyVersion: string;
  readonly quorum: number;
  readonly roles: readonly string[];
  /** Votes for it so far. */
  readonly approvals: number;
  readonly votes: readonly ApprovalVote[];
  readonly editedBy: readonly string[];
  readonly contentType: string;
  readonly digest: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly decidedAtMs: number | null;
  /** Why whoever looks may not vote on it; null: they may. */
  readonly obstacle: string | null;
}

/** An approval as people judge it: with the exact bytes. */
export interface ApprovalView extends ApprovalCard {
  /** As text when it is valid UTF-8, in base64 otherwise. */
  readonly body: string;
  readonly isText: boolean;
  /** Of a call that lets a run of a plan go. Absent: it is no such call. */
  readonly plan?: PlanUnderApproval;
}

/** A plan as people judge it before a run of it goes. */
export interface PlanUnderApproval {
  /** As of now; null when it cannot be made any more, and `changes` says why. */
  readonly check: PlanCheck | null;
  /** Of the check as of now, as in `PlanAsked`: a yes carries it. Empty: there is no check. */
  readonly answer: string;
  /** What is different since people were asked. Empty: nothing. */
  readonly changes: readonly string[];
}

/** The one use of an approval: it is burned in the transaction that lets the call go. */
export interface GrantUse {
  readonly approval: string;
  /** Recomputed from the bytes that are about to be sent. */
  readonly digest: string;
}

/** INVARIANT: what answers many answers no bodies, and reads none. A hundred held calls of 4 MB are a list of some kilobytes. */
export interface ApprovalStore {
  /** Writes the record when the stored one has `version - 1` (1: there is none). Throws `conflict` otherwise (facts: `expected`, `actual`). */
  put(record: ApprovalRecord): Promise<void>;
  get(tenant: string, id: string): Promise<ApprovalRecord | undefined>;
  /** The newest of this principal with this digest, or with it before somebody edited the call, whatever its state. */
  latest(tenant: string, principal: Principal, digest: string): Promise<ApprovalRecord | undefined>;
  /** How many of this principal are pending. */
  waiting(tenant: string, principal: Principal): Promise<number>;
  /** Newest first. */
  list(filter: {
    readonly tenant: string | null;
    readonly state?: ApprovalState;
    readonly limit: number;
  }): Promise<readonly ApprovalSummary[]>;
  /** Pending or approved, with their time over at this instant. */
  due(nowMs: number, limit: number): Promise<readonly ApprovalSummary[]>;
  /** Removes what is neither pending nor approved, when its time was over before the instant and its call is not on record any more. Returns how many. */
  prune(beforeMs: number): Promise<number>;
}
