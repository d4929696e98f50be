/** What Airspace needs from storage, as duties. Every implementation passes `conformance/stores`. */

import type { AgentSpan, SpanOutcome } from './agent-span.ts';
import type { ApprovalStore, GrantUse } from './approval.ts';
import type { AuditEntry, AuditStore, NodeAuditStore, NodeAuditTaken } from './audit.ts';
import type { BreakerReport, BreakerView } from './breaker.ts';
import type { Principal, Target, TargetKind } from './call.ts';
import type { Counting } from './counting.ts';
import type { CallEvent, CallStatus } from './event.ts';
import type { Executed } from './fault.ts';
import type { Incident } from './incident.ts';
import type { KillStore } from './kill.ts';
import type { LogStore } from './log.ts';
import type { AccountState, Amounts, LedgerStore, Reservation } from './money.ts';
import type { ReleaseStore } from './release.ts';
import type { Resource, ResourceId, ResourceKind } from './resources/index.ts';
import type { Rights } from './rights.ts';
import type { RoomStore } from './room.ts';
import type { PlanStore, StepBegin, StepEnd } from './run.ts';
import type { CancelSignal } from './scope.ts';
import type { SecretStore } from './secret.ts';
import type { InstanceEntry, InstanceState, NodeEntry, Signed, SignedDelta } from './snapshot.ts';
import type { StepMark } from './step-mark.ts';
import type { SumStore } from './sums.ts';
import type { TaskStore } from './task.ts';
import type { UsageStore } from './usage.ts';

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
  /** What was known of the execution when outcome is `fault`. Absent in what was kept before it was: then the code says. */
  readonly executed?: Executed;
  /** As in the reply: the endpoint behind all nodes that has what the call was about. */
  readonly pin?: string;
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
  /** Empty when the caller gave none. Unique per (tenant, principal, target, key) for 24 h (R6), but for steps of runs: their attempts share one. */
  readonly idempotencyKey: string;
  /** SHA-256 over content type and the SHA-256 of the body, hex; empty for a stream. */
  readonly digest: string;
  readonly state: CallState;
  /** May run again after a crash between dispatch and conclusion. */
  readonly idempotent: boolean;
  /** The caller polls for the reply. */
  readonly detached: boolean;
  /** It is a step of a run. Absent: it is none. */
  readonly step?: StepMark;
  /** Needed only to run an accepted detached call again after a restart; null otherwise. */
  readonly request: {
    readonly contentType: string;
    readonly body: Uint8Array;
    readonly timeoutMs: number;
    readonly priority: number;
    /** Content type of the form that the answer is wanted in. Absent: that of the request. */
    readonly accept?: string;
    /** As in `Call`. */
    readonly pin?: string;
  } | null;
  readonly policyVersion: string;
  readonly acceptedAtMs: number;
  readonly concludedAtMs: number | null;
  readonly reply: StoredReply | null;
}

/**
 * Everything that must be true before a call is sent. INVARIANT: one transaction, all of it or nothing (reliability 3.11); what
 * is refused has written nothing.
 */
export interface Begin {
  /** The intent; null for a call that nobody relies on. */
  readonly record: CallRecord | null;
  /** Id of a call that was accepted before and goes out now, with the policy that lets it go. */
  readonly dispatch: { readonly id: string; readonly policyVersion: string } | null;
  readonly grant: (GrantUse & { readonly tenant: string }) | null;
  readonly reservation: Reservation | null;
  /** It is a step of a run: refused when another intent has taken its place. Absent: it is none. */
  readonly step?: StepBegin;
  readonly audit: readonly AuditEntry[];
  /** Unix ms. */
  readonly atMs: number;
}

export type Begun =
  | { readonly kind: 'begun' }
  /** The record holds the id or the idempotency key: the caller compares digests and states. */
  | { readonly kind: 'taken'; readonly record: CallRecord }
  /** The approval does not cover these bytes: it is used, over, denied, or of another digest. */
  | { readonly kind: 'no_grant'; readonly why: string }
  | { readonly kind: 'overdrawn'; readonly account: AccountState; readonly asked: number }
  /** Its run has another intent for this step, or has ended it. */
  | { readonly kind: 'superseded' };

/** What became of it. One transaction again. */
export interface End {
  readonly tenant: string;
  readonly id: string;
  /** Null for a call without record. `forgotten`: it never ran, key and record go. */
  readonly outcome: {
    readonly state: 'done' | 'unknown' | 'cancelled' | 'forgotten';
    readonly reply: StoredReply | null;
  } | null;
  /** What it came to, when something was reserved. */
  readonly amounts: Amounts | null;
  /** Id of the reservation, where it is not that of the call. */
  readonly reservation?: string;
  /**
   * It was a step of a run, which hears of the end in the same transaction. Absent: it was none.
   * A record that is `unknown` by now learns better from it: its run says `unknown` of a call whose node is silent.
   */
  readonly step?: StepEnd;
  readonly audit: readonly AuditEntry[];
  readonly atMs: number;
}

export interface Ended {
  /** False when the record was concluded before. */
  readonly concluded: boolean;
  readonly overdrawn: readonly AccountState[];
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
  /** Throws `conflict` when the call to dispatch is not `accepted`, `not_found` for an unknown id. */
  begin(begin: Begin): Promise<Begun>;
  /** Once; a second end of the same call changes nothing of it. Throws `not_found` for an unknown record. */
  end(end: End): Promise<Ended>;
  /**
   * -> done, unknown or cancelled, once; a second conclusion is ignored and answers false. Throws `not_found` for an unknown id.
   * Not for steps of runs: their run would not hear of it. They end with `end`.
   */
  conclude(
    id: string,
    state: 'done' | 'unknown' | 'cancelled',
    reply: StoredReply | null,
    atMs: number,
  ): Promise<boolean>;
  get(tenant: string, id: string): Promise<CallRecord | undefined>;
  /** Accepted or dispatched but not concluded, oldest first: what a restart must look at. */
  open(): Promise<readonly CallRecord[]>;
  /** Concluded as `unknown`, oldest first; null means every tenant. */
  unresolved(tenant: string | null, limit: number): Promise<readonly CallRecord[]>;
  /** unknown -> dispatched: it is about to be sent again with its key. False when it is not `unknown` any more. */
  reopen(tenant: string, id: string): Promise<boolean>;
  /**
   * Says what became of an unknown call, once; false when it is not `unknown` any more. `not_executed` frees its idempotency key
   * and its money, `executed` books what was set aside unless `amounts` says better.
   */
  resolve(resolution: Resolution): Promise<boolean>;
  /** Removes concluded records older than the instant, and with them what they keep of payloads; not those that are `unknown`. Returns how many. */
  prune(beforeMs: number): Promise<number>;
}

export interface Resolution {
  readonly tenant: string;
  readonly id: string;
  readonly verdict: 'executed' | 'not_executed';
  /** What the target answered then; null when that is lost. */
  readonly reply: StoredReply | null;
  /** The run that it was a step of hears so in the same transaction. Absent: it was none. */
  readonly step?: StepEnd;
  readonly audit: readonly AuditEntry[];
  readonly atMs: number;
}

export interface TraceFilter {
  readonly tenant?: string;
  readonly status?: CallStatus;
  /** Name of the target, of whatever kind. */
  readonly target?: string;
  /** Id of the principal. */
  readonly principal?: string;
  readonly sinceMs?: number;
  /** Not later than this: how a reader of many comes to the next page. */
  readonly untilMs?: number;
  readonly limit: number;
}

/** Finished calls. Telemetry: batches may be lost in a crash, calls never wait for it. */
export interface TraceStore {
  /** A batch may be delivered twice: the same span of a call on the same node is kept once. `counting` counts all that are given. */
  append(events: readonly CallEvent[], counting?: Counting): Promise<void>;
  /**
   * Events of a node under its own numbers: those up to the highest that it handed over before are left out. Answers that one. One
   * transaction, so that it holds over a crash and for several hubs over one store. Another `epoch` begins anew. `counting` counts
   * those that were not left out.
   */
  take(
    node: string,
    epoch: string,
    events: readonly NumberedEvent[],
    counting?: Counting,
  ): Promise<{ readonly before: number }>;
  /**
   * All events of a trace, by start time; none when it is unknown. Accepts a trace id, a call id, or a prefix of 8 or more digits
   * of either. Throws `bad_request` when the prefix is shorter, or fits several traces (facts: `matches`).
   */
  trace(tenant: string | null, id: string): Promise<readonly CallEvent[]>;
  /** Newest first. */
  recent(filter: TraceFilter): Promise<readonly CallEvent[]>;
  prune(beforeMs: number): Promise<number>;
}

/** What agents said in spans of their own. Telemetry, as above. */
export interface AgentSpanStore {
  /** Each once by tenant, trace and span; no more than `mostPerTrace` of a trace. Answers what became of each, in their order. */
  append(spans: readonly AgentSpan[], mostPerTrace: number): Promise<readonly SpanOutcome[]>;
  /** Of one trace by its whole id, by start time. */
  trace(tenant: string, trace: string): Promise<readonly AgentSpan[]>;
  /** By when they came: what a span says about its time is its agent's word. Answers how many went. */
  prune(beforeMs: number): Promise<number>;
}

/** A finished call with the number that the node gave it. */
export interface NumberedEvent {
  readonly seq: number;
  readonly event: CallEvent;
}

/** What a node remembers about itself over a restart. Durable. */
export interface MarkStore {
  read(): Promise<Readonly<Record<string, number>>>;
  /** `raise` never makes one lower, `put` may. Whole numbers; all of them or none. */
  write(marks: {
    readonly put?: Readonly<Record<string, number>>;
    readonly raise?: Readonly<Record<string, number>>;
  }): Promise<void>;
}

/** Finished calls that wait for the hub. Durable, bounded, numbered from 1 without gaps: no number is given twice, whatever was removed. */
export interface SpoolStore {
  /** Keeps them under the next numbers; beyond `most` the oldest go. Answers how many that were. */
  add(events: readonly CallEvent[], most: number): Promise<{ readonly dropped: number }>;
  /** The oldest, in order. */
  next(limit: number): Promise<readonly NumberedEvent[]>;
  /** They have arrived, or never will. */
  remove(throughSeq: number): Promise<void>;
  /** All that were ever dropped for want of room. */
  dropped(): Promise<number>;
  /** How many are there. */
  waiting(): Promise<number>;
}

export interface IncidentFilter {
  readonly tenant: string;
  /** Only those that are not over. */
  readonly isOpen: boolean;
  readonly limit: number;
}

/** Alerts that fired. Durable. */
export interface IncidentStore {
  /** By its id; what was there before is replaced. */
  put(incident: Incident): Promise<void>;
  /** Newest first. */
  list(filter: IncidentFilter): Promise<readonly Incident[]>;
  /** Whose id begins so: two at most, by id. */
  named(tenant: string, beginning: string): Promise<readonly Incident[]>;
  /** Of one hub: open, or over and not told of. Oldest first. */
  unfinished(node: string): Promise<readonly Incident[]>;
  /** Removes what was over before. Answers how many. */
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

/** What may have been changed by another hub over the same store. `peers`: what other hubs hear by themselves. */
export type StoreTopic = 'resources' | 'kills' | 'releases' | 'nodes' | 'secrets' | 'peers';

/** What another hub over the same store says of itself. */
export interface Peer {
  readonly id: string;
  /** Rises for as long as it is there. */
  readonly beats: number;
  readonly body: string;
}

/** What hubs over one store need besides its content. */
export interface SharedStore {
  /** For messages: where it is, without any password. */
  readonly name: string;
  /** The network between here and there reads along. */
  readonly isPlain: boolean;
  /** The name of this process among those that have it open. */
  readonly holder: string;
  /** Answers what the first hub that ever asked gave under this name. */
  claim(name: string, value: string): Promise<string>;
  /** Says what may have changed. Level-triggered: several changes may be told once, and one of our own may be told too. */
  watch(changed: (topic: StoreTopic) => void): () => void;
  putPeer(peer: Peer): Promise<void>;
  removePeer(id: string): Promise<void>;
  /** All but this one. */
  peers(id: string): Promise<readonly Peer[]>;
}

export interface Stores {
  /** Present when several processes may have the store open at once. */
  readonly shared?: SharedStore;
  readonly resources: ResourceStore;
  readonly calls: CallJournal;
  readonly traces: TraceStore;
  readonly agentSpans: AgentSpanStore;
  readonly sums: SumStore;
  readonly usage: UsageStore;
  readonly room: RoomStore;
  readonly nodes: NodeStore;
  readonly kills: KillStore;
  readonly releases: ReleaseStore;
  readonly ledger: LedgerStore;
  readonly approvals: ApprovalStore;
  readonly audit: AuditStore;
  readonly nodeAudit: NodeAuditStore;
  readonly marks: MarkStore;
  readonly spool: SpoolStore;
  readonly secrets: SecretStore;
  readonly tasks: TaskStore;
  readonly plans: PlanStore;
  readonly incidents: IncidentStore;
  readonly logs: LogStore;
  close(): Promise<void>;
}

/**
 * What the admin door may ask of the control plane; the door itself decides nothing. Every change throws `denied` and changes nothing
 * when one field of it is not within the rights.
 */
export interface ControlPort {
  /** `ifVersions` and dry run as in `Change`. Answers what changed, or throws `bad_request` with facts naming file, line and field. */
  apply(request: ApplyRequest): Promise<ApplyResult>;
  diff(request: ApplyRequest): Promise<readonly ResourceDiff[]>;
  list(filter: {
    readonly tenant: string | null;
    readonly kind?: ResourceKind;
    readonly name?: string;
  }): Promise<readonly StoredResource[]>;
  remove(ids: readonly ResourceId[], by: string, reason: string, dryRun: boolean, rights: Rights): Promise<ApplyResult>;
  history(limit: number, key?: string): Promise<readonly Revision[]>;
  /** What a revision changed, by key. Throws `not_found` for one that there never was. */
  changes(revision: number): Promise<readonly RevisionChange[]>;
  rollback(toRevision: number, by: string, reason: string, dryRun: boolean, rights: Rights): Promise<ApplyResult>;
}

export interface ApplyRequest {
  readonly tenant: string;
  readonly resources: readonly unknown[];
  /** Where each came from, for error messages: `orders.yaml:12`. Same length as `resources`. */
  readonly origins: readonly string[];
  readonly by: string;
  readonly rights: Rights;
  readonly reason: string;
  readonly dryRun: boolean;
  /** Delete what is in the tenant, within the rights, and not in the request. */
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

/** Versions of the resource; null: there was none, or there is none any more. */
export interface RevisionChange extends ResourceDiff {
  readonly fromVersion: number | null;
  readonly toVersion: number | null;
}

export interface ApplyResult {
  /** Unchanged when nothing differed or on a dry run. */
  readonly revision: number;
  readonly snapshotSeq: number;
  readonly diffs: readonly ResourceDiff[];
  readonly warnings: readonly string[];
}

/** What a join token lets its holder become. */
export type JoinGrant =
  | { readonly role: 'sidecar'; readonly tenant: string; readonly domain: string; readonly agent: string }
  | {
      readonly role: 'sidecar';
      readonly tenant: string;
      readonly domain: string;
      readonly agent: '';
      readonly tool: string;
    }
  | { readonly role: 'domain'; readonly tenant: string; readonly domain: string; readonly agent: '' };

export interface JoinRequest {
  readonly token: string;
  /** Ed25519 public key, SPKI DER in base64. */
  readonly publicKey: string;
  /** Where other nodes reach its native door. */
  readonly url: string;
  /** Signature over `join`, a newline and the token, base64: the key is the sender's own and not copied from a roster. */
  readonly proof: string;
}

export interface JoinReply {
  readonly node: NodeEntry;
  /** Id of the hub: the audience of assertions to it. */
  readonly hub: string;
  /** Public key that snapshots and rosters are signed with; the joining node checks it against its token and pins it. */
  readonly controlKey: string;
  readonly heartbeatMs: number;
}

/** What a node shows to other nodes: certificates in PEM, its own first and the root last. */
export interface CertificateReply {
  readonly chain: readonly string[];
  /** Of a domain hub: what it signs its own nodes with, and how many such authorities may stand below it. */
  readonly authority: { readonly chain: readonly string[]; readonly below: number } | null;
}

/** What a node, or an agent without one, says about an instance it runs. */
export interface InstanceReport {
  /** Unique for its reporter, such as a port number. */
  readonly id: string;
  readonly kind: TargetKind;
  readonly name: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: Exclude<InstanceState, 'silent'>;
}

export interface Heartbeat {
  /** Newest sequences that run here (I14: acknowledged = applied); 0 for none. */
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly killsSeq: number;
  /** The newest document that this node did not take, and why. */
  readonly refused?: { readonly kind: Signed['kind']; readonly seq: number; readonly reason: string };
  /** All of them: what is missing is gone. */
  readonly instances: readonly InstanceReport[];
  /** `name/operation` that a domain hub exports to its parent. */
  readonly capabilities?: readonly string[];
  /** Where it is reached now; absent: as it was when it joined. */
  readonly url?: string;
  /** Random, new with each start of the node: what was learnt about it before says nothing about it now. */
  readonly epoch?: string;
  /** Events that its spool had to drop since it started. */
  readonly lostEvents?: number;
  /** What it shows to other nodes now. */
  readonly certificate?: { readonly serial: string; readonly expiresAtMs: number };
  /** Those that are not closed, are held, or changed lately: its own, and of a domain hub those of nodes below it. */
  readonly breakers?: readonly BreakerReport[];
}

export interface HeartbeatReply {
  /** Newest sequences of the hub; of rosters, of the part that this node gets. */
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly killsSeq: number;
  /** When the next beat is due. */
  readonly heartbeatMs: number;
  /** Reported instances that this node may not report, `kind/name`. */
  readonly ignored: readonly string[];
  /** The newest list of orders to stop, for a node that said it has an older one. */
  readonly kills?: Signed;
}

/** Finished calls of a node. The same `(epoch, number)` is stored once, however often it is sent. */
export interface EventBatch {
  /** Random, new with each store of the node. */
  readonly epoch: string;
  /** Number of the first; those behind it follow without gaps. */
  readonly from: number;
  readonly events: readonly CallEvent[];
}

/** A node as operators see it. */
export interface NodeView {
  readonly node: NodeEntry;
  /** `joined`: not heard of since this hub started. */
  readonly state: 'joined' | 'alive' | 'silent';
  /** Unix ms of the last heartbeat; null before the first. */
  readonly heardAtMs: number | null;
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly killsSeq: number;
  /** Unix ms at which this node first said so, on the clock of the hub; null before the first list. */
  readonly killsAtMs: number | null;
  readonly refused: string | null;
  readonly capabilities: readonly string[];
  readonly lostEvents: number;
  /** What it shows to other nodes, as it says; null for a node that has said nothing of it. */
  readonly certificate: { readonly spiffeId: string; readonly serial: string; readonly expiresAtMs: number } | null;
  /** What this hub made of its exports last: how many it took, or why it took none. Null: it has said nothing to this hub since that started. */
  readonly exports: { readonly taken: number; readonly refused: string | null } | null;
  /** Why this hub took nothing of its last report of sums; null when it did, or there was none. */
  readonly sumsRefused: string | null;
}

export interface InstanceQuery {
  readonly tenant: string;
  readonly kind?: TargetKind;
  readonly name?: string;
  /** Only targets that declare this operation. */
  readonly operation?: string;
  /** Only targets of this domain or of one below it. */
  readonly domain?: string;
  /** All of them must be there with these values. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The hub's side of the node link. Bodies are `unknown`: the port parses them and throws `bad_request`. */
export interface NodePort {
  issueJoinToken(grant: unknown): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** Burns the token. Throws `unauthenticated` when it is unknown, used or expired. */
  join(request: unknown): Promise<JoinReply>;
  /** The node that speaks for itself in `authorization: Airspace-Node <assertion>`. Throws `unauthenticated`. */
  authenticate(assertion: string): NodeEntry;
  /** Throws `unauthenticated` when the node was removed. */
  heartbeat(node: NodeEntry, beat: unknown): Promise<HeartbeatReply>;
  /**
   * Whole documents newer than those held, for as long as the reader reads or until the signal. Level-triggered: a slow reader
   * misses the steps in between and gets the newest. With `deltas`, a document may be told by what changed since the one that was sent
   * before it. Throws `unavailable` with a time when too many have to be told what they missed.
   */
  documents(
    node: NodeEntry,
    held: {
      readonly snapshotSeq: number;
      readonly rosterSeq: number;
      readonly killsSeq: number;
      readonly deltas?: boolean;
    },
    signal: CancelSignal,
  ): AsyncIterable<Signed | SignedDelta>;
  /** `stored` is false for a batch that was here before. Throws `storage` when it must be sent again. */
  events(node: NodeEntry, batch: unknown): Promise<{ readonly stored: boolean }>;
  /** What agents said at it, each once however often it comes. Throws `storage` and `overloaded` when it must be sent again. */
  said(node: NodeEntry, batch: unknown): Promise<{ readonly kept: number }>;
  /** All that a domain hub exports. Throws with everything that is wrong, and then takes nothing. */
  exports(node: NodeEntry, report: unknown): Promise<{ readonly taken: readonly string[] }>;
  /** Sums of the calls of a domain, once. Throws with the first thing that is wrong, and then nothing of the report counts. */
  sums(node: NodeEntry, report: unknown): Promise<{ readonly taken: boolean }>;
  /** Where the audit of a domain hub ends, signed by it. Throws `conflict` when that contradicts what it said before. */
  checkpoint(node: NodeEntry, signed: unknown): Promise<void>;
  /** A certificate for the key that this node has in the roster. Throws `unavailable` while this hub has none of its own. */
  certificate(node: NodeEntry): Promise<CertificateReply>;
  /** Records of one chain of the node's own audit. Throws `storage` when they must be sent again. */
  audit(node: NodeEntry, records: unknown): Promise<NodeAuditTaken>;
  /** Log records of a node. Throws `bad_request` for what is none. */
  logs(node: NodeEntry, batch: unknown): Promise<{ readonly taken: number }>;
  /** A node that shuts down in order: its instances are gone at once, it may come back. */
  leave(node: NodeEntry): Promise<void>;
  /** Takes a node's membership: from now on nobody believes it. Throws `not_found`. */
  remove(tenant: string | null, id: string, by: string): Promise<void>;
  list(tenant: string | null): readonly NodeView[];
  /** What nodes of the tenant said of breakers last. Of those that are silent they are stale, and left out after ten minutes. */
  breakers(tenant: string): readonly BreakerView[];
  /** An agent without a sidecar reports itself; it must do so again within the answered time. */
  announce(principal: Principal, report: unknown): Promise<{ readonly heartbeatMs: number }>;
  withdraw(principal: Principal, id: string): Promise<void>;
  find(query: InstanceQuery): readonly InstanceEntry[];
}
