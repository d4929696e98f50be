/** What Airspace needs from storage, as duties. Every implementation passes `conformance/stores`. */

import type { Principal, Target } from './call.ts';
import type { CallEvent, CallStatus } from './event.ts';
import type { Resource, ResourceId, ResourceKind } from './resources/index.ts';
import type { NodeEntry } from './snapshot.ts';

/** A resource with its place in history. */
export interface StoredResource {
  readonly resource: Resource;
  /** Counts changes of this resource, from 1. */
  readonly version: number;
  /** Revision of the whole configuration that brought this version. */
  readonly revision: number;
}

export interface Change {
  /** INVARIANT: applied all together or not at all. A resource may appear once only. */
  readonly puts: readonly Resource[];
  /** What does not exist cannot be deleted: `not_found`. Versions go on counting when it is put again. */
  readonly deletes: readonly ResourceId[];
  readonly by: string;
  readonly reason: string;
  /** Revision the author looked at; the commit fails with `conflict` when the configuration has moved on. Absent: no check. */
  readonly ifRevision?: number;
  /** The same for single resources, by `resourceKey`; 0 means must not exist. */
  readonly ifVersions?: Readonly<Record<string, number>>;
  /** Revision that this one brings back, when it is a rollback. */
  readonly rollbackOf?: number;
}

export interface Revision {
  /** Strictly increasing by one from 1; 0 is the empty configuration. */
  readonly revision: number;
  readonly atMs: number;
  readonly by: string;
  readonly reason: string;
  readonly rollbackOf: number | null;
  /** Resource keys that it put and deleted. */
  readonly put: readonly string[];
  readonly deleted: readonly string[];
}

/** Versioned desired state. Durable: a resolved `commit` survives kill -9 and power loss. */
export interface ResourceStore {
  /** Throws Fault `conflict` (facts: `expected`, `actual`) when a condition does not hold. */
  commit(change: Change, atMs: number): Promise<Revision>;
  /** The whole configuration at a revision (default: the newest), ordered by resource key. Throws `not_found` for an unknown revision. */
  list(revision?: number): Promise<{ readonly revision: number; readonly resources: readonly StoredResource[] }>;
  /** Newest first. */
  history(limit: number, key?: string): Promise<readonly Revision[]>;
  /** One resource at one of its versions, deleted ones too. Undefined when there never was such a version. */
  version(id: ResourceId, version: number): Promise<StoredResource | undefined>;
}

/** A reply kept so that it can be given again, byte for byte. */
export interface StoredReply {
  readonly outcome: 'ok' | 'failed' | 'fault';
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Fault code and public message when outcome is `fault`. */
  readonly code: string;
  readonly message: string;
  readonly endpoint: string;
  readonly attempts: number;
}

export type CallState = 'accepted' | 'dispatched' | 'done' | 'cancelled' | 'unknown';

/** One call that somebody relies on: asynchronous, with an idempotency key, or with an effect on the world. */
export interface CallRecord {
  readonly id: string;
  readonly tenant: string;
  readonly principal: Principal;
  readonly target: Target;
  readonly trace: string;
  readonly session: string;
  /** Empty when the caller gave none. Unique per (tenant, principal, target, key) for 24 h (R6). */
  readonly idempotencyKey: string;
  /** SHA-256 of content type and body, hex. */
  readonly digest: string;
  readonly state: CallState;
  /** May run again after a crash between dispatch and conclusion. */
  readonly idempotent: boolean;
  /** The caller polls for the reply. */
  readonly detached: boolean;
  /** Needed only to run an accepted detached call again after a restart; null otherwise. */
  readonly request: {
    readonly contentType: string;
    readonly body: Uint8Array;
    readonly timeoutMs: number;
    readonly priority: number;
  } | null;
  readonly policyVersion: string;
  readonly acceptedAtMs: number;
  readonly concludedAtMs: number | null;
  readonly reply: StoredReply | null;
}

/**
 * Intents and outcomes. Durable: what a resolved promise acknowledged survives kill -9.
 * Implementations group all commands of one event-loop turn into one transaction.
 */
export interface CallJournal {
  /**
   * Writes the record unless its idempotency key is already taken. Answers the record that holds the key otherwise:
   * the caller compares digests (same key + other body = mismatch) and states.
   * The call id counts as a key too: the same call again hears of its record, and another caller or target is a `conflict`.
   * A key older than 24 h is free again, unless its call is still open (R6).
   */
  accept(record: CallRecord): Promise<{ readonly taken: CallRecord | null }>;
  /** accepted -> dispatched, before any byte leaves. Throws `conflict` when the state is another, `not_found` for an unknown id. */
  dispatch(id: string, policyVersion: string): Promise<void>;
  /** -> done, unknown or cancelled, once; a second conclusion is ignored and answers false. Throws `not_found` for an unknown id. */
  conclude(
    id: string,
    state: 'done' | 'unknown' | 'cancelled',
    reply: StoredReply | null,
    atMs: number,
  ): Promise<boolean>;
  /** Forgets an open call that never ran, key and record, so that the caller may try again. Ignored once it is concluded. */
  release(id: string): Promise<void>;
  get(tenant: string, id: string): Promise<CallRecord | undefined>;
  /** Accepted or dispatched but not concluded, oldest first: what a restart must look at. */
  open(): Promise<readonly CallRecord[]>;
  /** Removes concluded records older than the instant; returns how many. */
  prune(beforeMs: number): Promise<number>;
}

export interface TraceFilter {
  readonly tenant?: string;
  readonly status?: CallStatus;
  /** Name of the target, of whatever kind. */
  readonly target?: string;
  /** Id of the principal. */
  readonly principal?: string;
  readonly sinceMs?: number;
  readonly limit: number;
}

/** Finished calls. Telemetry: batches may be lost in a crash, calls never wait for it. */
export interface TraceStore {
  /** A batch may be delivered twice: the same span of a call on the same node is kept once. */
  append(events: readonly CallEvent[]): Promise<void>;
  /**
   * All events of a trace, by start time; none when it is unknown. Accepts a trace id, a call id, or a prefix of 8 or more digits
   * of either. Throws `bad_request` when the prefix is shorter, or fits several traces (facts: `matches`).
   */
  trace(tenant: string | null, id: string): Promise<readonly CallEvent[]>;
  /** Newest first. */
  recent(filter: TraceFilter): Promise<readonly CallEvent[]>;
  prune(beforeMs: number): Promise<number>;
}

/** Nodes that joined, one-time tokens, and the highest sequence numbers handed out. Durable. */
export interface NodeStore {
  put(node: NodeEntry): Promise<void>;
  remove(id: string): Promise<void>;
  list(): Promise<readonly NodeEntry[]>;
  /** A one-time token by its hash: what it grants and until when. */
  putToken(hash: string, grant: string, expiresAtMs: number): Promise<void>;
  /** Burns the token in one atomic step; undefined when unknown, used or expired. */
  takeToken(hash: string, nowMs: number): Promise<string | undefined>;
  /** The next number of a named, strictly increasing sequence, from 1. Durable before it is returned. */
  next(sequence: string): Promise<number>;
}

export interface Stores {
  readonly resources: ResourceStore;
  readonly calls: CallJournal;
  readonly traces: TraceStore;
  readonly nodes: NodeStore;
  close(): Promise<void>;
}

/** What the admin door may ask of the control plane; the door itself decides nothing. */
export interface ControlPort {
  /** `ifVersions` and dry run as in `Change`. Answers what changed, or throws `bad_request` with facts naming file, line and field. */
  apply(request: ApplyRequest): Promise<ApplyResult>;
  diff(request: ApplyRequest): Promise<readonly ResourceDiff[]>;
  list(filter: {
    readonly tenant: string | null;
    readonly kind?: ResourceKind;
    readonly name?: string;
  }): Promise<readonly StoredResource[]>;
  remove(ids: readonly ResourceId[], by: string, reason: string, dryRun: boolean): Promise<ApplyResult>;
  history(limit: number, key?: string): Promise<readonly Revision[]>;
  rollback(toRevision: number, by: string, reason: string, dryRun: boolean): Promise<ApplyResult>;
}

export interface ApplyRequest {
  readonly tenant: string;
  readonly resources: readonly unknown[];
  /** Where each came from, for error messages: `orders.yaml:12`. Same length as `resources`. */
  readonly origins: readonly string[];
  readonly by: string;
  readonly reason: string;
  readonly dryRun: boolean;
  /** Delete what is in the tenant but not in the request. */
  readonly prune: boolean;
  readonly ifRevision?: number;
  readonly ifVersions?: Readonly<Record<string, number>>;
}

export interface ResourceDiff {
  readonly key: string;
  readonly change: 'create' | 'update' | 'delete' | 'none';
  readonly before: Resource | null;
  readonly after: Resource | null;
  /** Dotted paths that differ. */
  readonly paths: readonly string[];
}

export interface ApplyResult {
  /** Unchanged when nothing differed or on a dry run. */
  readonly revision: number;
  readonly snapshotSeq: number;
  readonly diffs: readonly ResourceDiff[];
  readonly warnings: readonly string[];
}
