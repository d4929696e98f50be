/** The question that Airspace governs: who wants what of whom, with which bytes, until when. */

import type { KeyScope } from './access.ts';
import type { StepMark } from './step-mark.ts';

export type TargetKind = 'agent' | 'tool' | 'model';

/** What is called. `name` is the resource's name inside the tenant, `operation` one of the operations it declares. */
export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  readonly operation: string;
}

/** What is asked for instead of a target: whoever provides it, in a version that fits. */
export interface AskedCapability {
  readonly name: string;
  /** A range of semantic versioning as the caller wrote it. Null: any stable version. */
  readonly range: string | null;
}

/** What a capability was resolved to, and why to this one. */
export interface ChosenProvider {
  readonly target: Target;
  readonly version: string;
  /** In words, such as `highest of 3`. */
  readonly because: string;
}

/** Name of the target of a call that was not resolved yet. No resource can have it, so that such a call reaches nobody. */
export const UNRESOLVED = '@capability';

export const unresolvedTarget = ({ name }: AskedCapability): Target => ({
  kind: 'tool',
  name: UNRESOLVED,
  operation: name,
});

/** `query_database@^2`, or the name alone. */
export const askedText = ({ name, range }: AskedCapability): string => (range === null ? name : `${name}@${range}`);

/** The same read back. The text in front of the first `@` is the name: no name holds one. */
export const askedIn = (text: string): AskedCapability => {
  const at = text.indexOf('@');
  return at < 0 ? { name: text, range: null } : { name: text.slice(0, at), range: text.slice(at + 1) };
};

/** Who calls, proven by a credential. The tenant comes from the credential only; a header may never choose it. */
export interface Principal {
  readonly kind: 'agent' | 'user' | 'node';
  readonly tenant: string;
  readonly id: string;
  /** Domain of an agent or node; users may have none. */
  readonly domain?: string;
  readonly roles: readonly string[];
  /** Teams that a token says it belongs to, besides those of the configuration. Absent: none. */
  readonly teams?: readonly string[];
  /** What the credential is narrowed to. Absent: everything that the principal may do. Never leaves the node that read the credential. */
  readonly scopes?: readonly KeyScope[];
  /** Domains whose policy and targets a user may change; absent: none. No policy sees it. */
  readonly administers?: readonly string[];
}

/** Bytes first: nobody parses a payload unless a rule or a protocol needs a field of it. */
export type Body =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<Uint8Array> };

/** Where this call stands in its tree. Depth counts from 0 at the root. */
export interface Lineage {
  readonly root: string;
  readonly parent?: string;
  readonly depth: number;
}

/** One call of a tree, as the calls below it remember it. */
export interface Hop {
  /** `agent/orders/where`: kind, name, operation. */
  readonly target: string;
  /** Of its payload. Empty where nobody needs it, or where it is streamed: then it equals no other. */
  readonly digest: string;
}

/** What a call has behind it, as `lineage` found out: who began, through whom it came, until when. */
export interface Tree {
  /** Who began the tree, proven. Null when that cannot be told: an agent that mixes several trees, or a claim without proof. */
  readonly origin: Principal | null;
  /** The same for people, proven or not: `user/ann`. */
  readonly begun: string;
  /** From the root to this call itself, which is last. */
  readonly hops: readonly Hop[];
  /** Calls of the tree so far, this one included: exact on a hub, a lower bound elsewhere. */
  readonly calls: number;
  /** Monotonic instant of this node at which the time of the whole tree is over. */
  readonly endsAtMs: number;
  /** Signed by a node that may speak for `origin`, so that nodes further on need not believe those in between. */
  readonly proof?: string;
  /** Where what went into this call, or into one above it, came from, as runs of plans know it. Absent: of nowhere that they know. */
  readonly taint?: readonly string[];
  /** The call itself is a step of a plan; calls below it are not. */
  readonly plan?: PlanStep;
  /** A recorded request is made again. INVARIANT: nothing of such a tree is sent but its first call, and that by the node that replays it. */
  readonly replay?: true;
}

/** A step of a plan as policies see it. */
export interface PlanStep {
  readonly name: string;
  readonly step: string;
}

/** W3C trace context: 32 and 16 lower-case hex digits. `parentSpan` is the caller's span, if it sent one. */
export interface TraceContext {
  readonly trace: string;
  readonly parentSpan?: string;
  readonly sampled: boolean;
}

/** 0 control, 1 interactive, 2 standard, 3 batch (L4). It comes from policy or route, never from the caller's word. */
export type Priority = 0 | 1 | 2 | 3;

/** What the node that sends a call on has decided it with. */
export interface Decided {
  /** Of the policy: `policyVersion` of the decision. */
  readonly version: string;
  /** Of a snapshot that had it in force there. */
  readonly snapshotSeq: number;
  /**
   * Of a release on trial: `sinceMs` of its trial. The version does not tell: what is on trial now may have been active, or on trial
   * for the first time, a moment ago.
   */
  readonly trial?: number;
}

/** How a caller proved, or claims to prove, who it is. `identify` turns it into a principal or refuses. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  /** Set by a listener that only one known process can reach with its own secret: the application side of a sidecar. */
  | { readonly kind: 'known'; readonly principal: Principal };

/**
 * What a call shows where policy wants an approval first. `own`: the approval of this node that it waited for; `told`: the word of
 * another node that it had one. Nobody believes either without looking.
 */
export type ShownGrant =
  | { readonly kind: 'own'; readonly approval: string }
  | { readonly kind: 'told'; readonly token: string };

/** By what a call does to the world: how long a node may go on without its hub differs. */
export const CONSEQUENCES = ['read', 'sensitive-read', 'write', 'spend', 'irreversible', 'approval-gated'] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

/** What a node that follows a hub knew about its own age when it let a call go, or did not. */
export interface Standing {
  readonly consequence: Consequence;
  /** Since the hub last confirmed that the snapshot is its newest; Infinity: it never did. */
  readonly snapshotAgeMs: number;
  /** The same of the orders to stop. */
  readonly killsAgeMs: number;
  /** What the age is held against, and which age that is. */
  readonly boundMs: number;
  readonly of: 'snapshot' | 'kills' | 'hub';
}

/** Where a call for a capability stands among those that could take it. */
export interface Detour {
  /** Providers that were asked before this one. */
  readonly asked: number;
  /** Another one is left, if this one is away. */
  readonly more: boolean;
}

export interface Call {
  /** 128 random bits in hex, minted by the first node that sees the call; the same at every hop of it. */
  readonly id: string;
  readonly credential: Credential;
  /** Null until `identify` has spoken. A decision on a call without a principal is a denial. */
  readonly principal: Principal | null;
  readonly target: Target;
  /**
   * Set when a capability was asked for. `chosen` is there when a door had to know the provider before the call began; otherwise
   * `target` is `unresolvedTarget` until routing has chosen.
   */
  readonly capability?: { readonly asked: AskedCapability; readonly chosen?: ChosenProvider };
  readonly contentType: string;
  readonly accept: string;
  readonly body: Body;
  /** Headers that pass through to the target, lower-case names; hop-by-hop, credentials and `airspace-*` are already gone. */
  readonly headers: readonly (readonly [string, string])[];
  /** What the caller still grants, relative and so safe from skewed clocks (D1). Absent: the route's own limit. */
  readonly timeoutMs?: number;
  readonly trace: TraceContext;
  readonly lineage: Lineage;
  /** What came with the call about its tree: a run token from an agent, a description from a node. Only `lineage` opens it. */
  readonly run?: string;
  /** Set by `lineage`, and by Airspace for calls of its own. */
  readonly tree?: Tree;
  readonly session?: string;
  readonly idempotencyKey?: string;
  readonly grant?: ShownGrant;
  readonly priority: Priority;
  /** The caller wants the reply as it comes. It lengthens the default deadline and changes nothing else. */
  readonly stream: boolean;
  /** Nodes that this call has passed, nearest last: the loop guard of a mesh and a tree. */
  readonly via: readonly string[];
  /** Another Airspace node already owns retries for this call (R1). */
  readonly retriedElsewhere: boolean;
  /** Behind the decide layer what decided here; before it the word of the node that sent the call, absent from any other caller. */
  readonly decided?: Decided;
  /**
   * Ids of the endpoints that this node already picked for the call, newest last: `retry` brings the list, `route` adds
   * each pick and prefers others (R5). Its length is the number of the attempt. The one part of a call that grows.
   */
  readonly avoid?: string[];
  /**
   * Id of the endpoint that has what the call is about, such as a task or a session: another one would not know it. It means
   * something on the last node only; the others pass it on.
   */
  readonly pin?: string;
  /** How old what it is judged by was; of a node that is no root. */
  readonly standing?: Standing;
  /** Models of a chain that were asked before this one, when the call was moved. Absent: it is for whom it came for. */
  readonly move?: number;
  /** Of a call for a capability that another provider could take too, or that was moved to one. Never on the wire. */
  readonly detour?: Detour;
  /** It is a step of a run of this node. Never on the wire. */
  readonly step?: StepMark;
  /** The caller does not wait: accept durably, answer 202, run on, keep the reply for polling. */
  readonly detach?: boolean;
}

/**
 * Who asks for facts, and what MCP servers list: Airspace itself, on whichever node. Nobody can hold a key of it; nodes vouch for it among each other, and
 * it may call nothing but that. Policies name it `Agent::"airspace"`.
 */
export const FACT_READER = 'airspace';

/** One key per target and tenant: `tenant/kind/name`. Names cannot contain a slash, so it cannot be ambiguous. */
export const targetKey = (tenant: string, kind: TargetKind, name: string): string => `${tenant}/${kind}/${name}`;
