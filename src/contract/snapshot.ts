/** Desired state as nodes run it: complete, immutable, signed, and numbered so that no node ever goes back. */
import type { KeyScope } from './access.ts';
import type { ApprovalSpec } from './approval.ts';
import type { Target, TargetKind } from './call.ts';
import type { Unit } from './money.ts';
import type { Effect, FactSource, IdentityProviderSpec, PlanSpec, WindowLength } from './resources/index.ts';
import type { CredentialEntry } from './secret.ts';
import type { Speech } from './speech.ts';

/** Prices as calls are charged: whole micro-USD, each of them the dearest that applies. */
export interface PriceEntry {
  /** Of a million tokens. 0: those tokens cost nothing. */
  readonly inputPerMTok: number;
  readonly outputPerMTok: number;
  readonly cacheReadPerMTok: number;
  readonly cacheWritePerMTok: number;
  /** Of sound. Absent: as of text. */
  readonly inputAudioPerMTok?: number;
  readonly outputAudioPerMTok?: number;
  readonly perCall: number;
  /** For estimates. */
  readonly bytesPerToken: number;
}

/** A capability that an operation provides. */
export interface ProvisionEntry {
  readonly capability: string;
  /** Semantic version without build metadata. */
  readonly version: string;
  /** Absent: false. */
  readonly shared?: boolean;
}

export interface OperationEntry {
  readonly name: string;
  readonly effect: Effect;
  readonly idempotent: boolean;
  /** Of a read: what it shows is not for everybody. Absent: it is. */
  readonly sensitive?: boolean;
  /** Absent: nobody has said what it costs, which is not nothing. */
  readonly price?: PriceEntry;
  /** What it is for, for whoever may call it. */
  readonly description?: string;
  /** JSON Schema of the payload. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** As its MCP server defined it when it was registered. */
  readonly definition?: Readonly<Record<string, unknown>>;
  /** People say yes before each call, whatever else policy says. Absent: policy alone says when. */
  readonly approval?: ApprovalSpec & { readonly reason: string };
  /** How an unknown outcome is settled; absent: a person says. */
  readonly reconcile?: { readonly replay: true } | { readonly ask: string };
  /** Capabilities that callers may ask for instead of its name. Absent: none. */
  readonly provides?: readonly ProvisionEntry[];
}

/** A plan as runs begin with it. It is called like an agent, as the target of the same name. */
export interface PlanEntry {
  readonly tenant: string;
  readonly name: string;
  /** Empty: the organisation itself. */
  readonly domain: string;
  /** SHA-256 of `spec` as JSON, hex. */
  readonly digest: string;
  readonly spec: PlanSpec;
}

export type BudgetScope =
  | { readonly kind: 'organisation' }
  | { readonly kind: 'domain' | 'team' | 'agent' | 'user'; readonly name: string }
  | { readonly kind: 'target'; readonly target: TargetKind; readonly name: string };

export interface BudgetEntry {
  readonly tenant: string;
  readonly name: string;
  readonly scope: BudgetScope;
  readonly per: 'agent' | 'user' | 'session' | 'tree' | null;
  /** Null: calls of every class. */
  readonly class: string | null;
  readonly unit: Unit;
  readonly limit: number;
  readonly window: { readonly every: WindowLength; readonly timezone: string };
  /** `model` is the name of the one that calls for models go to from then on. */
  readonly soft: { readonly percent: number; readonly do: 'event' | 'ask' | 'model'; readonly model: string } | null;
  readonly hard: 'refuse' | 'pause';
}

export interface EndpointEntry {
  readonly url: string;
  readonly version: string;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface TargetEntry {
  readonly tenant: string;
  readonly kind: TargetKind;
  readonly name: string;
  /** Empty: the organisation itself. */
  readonly domain: string;
  /** Team that answers for it. Absent: nobody but its domain. */
  readonly owner?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly endpoints: readonly EndpointEntry[];
  readonly operations: readonly OperationEntry[];
  readonly health: { readonly path: string; readonly intervalMs: number; readonly timeoutMs: number } | null;
  readonly concurrency: number;
  readonly timeoutMs: number | null;
  /** Calls go to the nearest endpoints that are well. Absent: to all of them alike. */
  readonly near?: true;
  /** The domain hub that says what it can do, and the only way to it. Absent: it was declared here. */
  readonly exportedBy?: string;
  /** What its fixed endpoints are shown, by name: the secret itself is in no snapshot. Absent: nothing. */
  readonly credential?: CredentialEntry;
  /** Absent: our own way, one POST per operation. */
  readonly speech?: Speech;
  readonly description?: string;
  /** Of a model: other names for it, and what gets its calls when it cannot take them. */
  readonly aliases?: readonly string[];
  readonly fallback?: readonly string[];
  /** Of an A2A agent: its card as it was when it was registered. */
  readonly card?: Readonly<Record<string, unknown>>;
}

export interface RouteEntry {
  readonly tenant: string;
  readonly name: string;
  readonly fromAgents: readonly string[];
  readonly fromDomains: readonly string[];
  readonly toKind: TargetKind;
  /** `*` for any. */
  readonly toName: string;
  readonly toDomain: string;
  readonly via: 'hub' | 'mesh';
  /** Of a route that is between the two, with `via: hub`: whoever does not know this field sends all of it through the hub. Absent: all of it goes by `via`. */
  readonly meshPercent?: number;
  /** A call that is to go directly and finds nobody there goes through the hub. Absent: it is refused. */
  readonly withoutPeer?: 'hub';
  readonly timeoutMs: number | null;
  readonly attempts: number;
  readonly priority: 1 | 2 | 3;
}

export interface KeyEntry {
  readonly id: string;
  readonly tenant: string;
  readonly secretHash: string;
  readonly principal: {
    readonly kind: 'agent' | 'user';
    readonly name: string;
    readonly domain: string;
    readonly roles: readonly string[];
    /** Domains that a user administers; absent: none. */
    readonly administers?: readonly string[];
  };
  /** Unix ms, null when it does not expire. */
  readonly expiresAtMs: number | null;
  /** What the key is narrowed to. Absent: everything that its principal may do. */
  readonly scopes?: readonly KeyScope[];
}

/** A person, for tokens that only say a name. */
export interface UserEntry {
  readonly tenant: string;
  readonly name: string;
  readonly domain: string;
  readonly roles: readonly string[];
  /** Domains that the user administers; absent: none. */
  readonly administers?: readonly string[];
}

/** Who else may say who somebody is, in one tenant. */
export interface ProviderEntry extends IdentityProviderSpec {
  readonly tenant: string;
  readonly name: string;
}

export interface TeamEntry {
  readonly tenant: string;
  readonly name: string;
  readonly users: readonly string[];
  readonly agents: readonly string[];
}

export interface DomainEntry {
  readonly tenant: string;
  readonly name: string;
  readonly parent: string;
  readonly delegated: boolean;
  /** `target/operation` patterns that other domains may see. Absent: all. */
  readonly exports?: readonly string[];
  /** Hubs of this domain and hubs of others may speak directly. Absent: through their parent. */
  readonly direct?: true;
  /** Its hub tells sums per minute of its calls, and keeps the calls themselves. Absent: it tells both. */
  readonly telemetry?: 'sums';
  /** The domain hub that says so. Absent: it was declared here. */
  readonly exportedBy?: string;
}

/** One policy as Cedar's JSON AST. The policy room owns what is inside. */
export interface PolicyEntry {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
  readonly est: unknown;
}

export interface PolicyLevel {
  readonly tenant: string;
  /** `org`, or a domain. Two hubs of a tree may both have one for a domain: then the lower one's has `@` and its domain behind it. */
  readonly level: string;
  /** The domain whose calls it decides, where that is not its name. */
  readonly of?: string;
  readonly policies: readonly PolicyEntry[];
  readonly limits: readonly PolicyEntry[];
}

/** What policies may know of a payload. Cedar has a word for each; what has none is not here, and no policy can read it. */
export type ArgumentType =
  | { readonly is: 'string' | 'boolean' | 'long' | 'decimal' }
  | { readonly is: 'set'; readonly of: ArgumentType }
  | RecordArgument;

export interface RecordArgument {
  readonly is: 'record';
  readonly fields: readonly {
    readonly name: string;
    readonly required: boolean;
    /** Null: it may be there, and policies see nothing of it. */
    readonly type: ArgumentType | null;
  }[];
  /** A field that is not listed does not fit. */
  readonly closed: boolean;
}

/** The typed arguments of one operation, from its JSON Schema. */
export interface ArgumentsEntry {
  readonly tenant: string;
  /** `kind/target/operation`. */
  readonly operation: string;
  readonly type: RecordArgument;
}

/** What policies may know about a call besides the call itself, and who is asked for it. */
export interface FactEntry {
  readonly tenant: string;
  readonly name: string;
  /** `kind/target/operation` of the calls that it serves. */
  readonly serves: readonly string[];
  /** Null: it is `value`, and nobody is asked. */
  readonly ask: { readonly target: Target; readonly body: Readonly<Record<string, FactSource>> } | null;
  readonly value: unknown;
  /** JSON pointer into the answer. */
  readonly take: string;
  readonly type: RecordArgument;
  readonly cacheMs: number;
}

export interface PolicySet {
  /** Content address over schema and levels: `sha256:` and 16 hex digits. */
  readonly version: string;
  /** Version of the Cedar language the trees were parsed with. */
  readonly cedar: string;
  /** Groups of actions and the groups they belong to: without them `action in` would never match. An operation's action belongs to the group of its kind. */
  readonly actionParents: Readonly<Record<string, readonly string[]>>;
  /** Operations that are not here have no arguments that a policy could read. */
  readonly arguments: readonly ArgumentsEntry[];
  /** By name, each after those that it is built from. Absent: none. */
  readonly facts?: readonly FactEntry[];
  readonly levels: readonly PolicyLevel[];
}

/**
 * A release on trial beside the active policy. `shadow`: asked after the real decision, and only differences are noted. `canary`:
 * decides a part of the call trees.
 */
export interface PolicyCandidate {
  readonly tenant: string;
  /** Id of the release. */
  readonly release: string;
  readonly mode: 'shadow' | 'canary';
  /** Unix ms at which this trial began: the same release tried again is another trial. */
  readonly sinceMs: number;
  /** Of call trees that a canary decides, in steps of 0.01; 0 for a shadow. */
  readonly percent: number;
  /** The levels of this tenant only. */
  readonly policy: PolicySet;
}

/** What a call tree may grow to. All of them count per root. */
export interface TreeLimits {
  /** Calls above a call. */
  readonly depth: number;
  readonly calls: number;
  /** Different agents that are called. */
  readonly agents: number;
  /** Calls that one call makes itself. */
  readonly fanOut: number;
  /** From the first call to the end of the last. */
  readonly wallMs: number;
  /** Calls back and forth between the same two agents in a row. */
  readonly pingPong: number;
  /** Trees that one agent begins by itself; Infinity where nobody limits it. */
  readonly rootsPerMinute: number;
}

/** What one level says about call trees: `org` instead of the defaults, a domain only to tighten. */
export interface TreeLimitsEntry {
  readonly tenant: string;
  /** `org`, or a domain. */
  readonly level: string;
  readonly limits: Partial<TreeLimits>;
  /** `intersection`: policy must permit a call for who makes it and for who began its tree. */
  readonly delegation: 'caller' | 'intersection';
}

/** For how long, and on how much, a node goes on without its hub. */
export interface Staleness {
  /** Age of the snapshot, by what a call does. */
  readonly readMs: number;
  readonly sensitiveReadMs: number;
  readonly writeMs: number;
  /** Age of the orders to stop, for everything that is no read. */
  readonly killsMs: number;
  /** Heartbeats without an answer, after which the hub is not heard. */
  readonly missedBeats: number;
  /** Kept for the hub. */
  readonly auditRecords: number;
  readonly events: number;
}

/** What one level says: `org` instead of the defaults, a domain only to tighten. */
export interface StalenessEntry {
  readonly tenant: string;
  /** `org`, or a domain. */
  readonly level: string;
  readonly bounds: Partial<Staleness>;
}

/** A hub above, and which of its snapshots is part of one here. */
export interface AboveEntry {
  readonly hub: string;
  readonly seq: number;
}

export interface Snapshot {
  /** Strictly increasing; a rollback is a new number. */
  readonly seq: number;
  /** Of a domain hub: what it stands on, its parent first. Absent at the root. */
  readonly above?: readonly AboveEntry[];
  /** Revision of the resources it was compiled from. */
  readonly revision: number;
  /** Unix ms. */
  readonly createdAtMs: number;
  readonly targets: readonly TargetEntry[];
  readonly routes: readonly RouteEntry[];
  readonly domains: readonly DomainEntry[];
  readonly keys: readonly KeyEntry[];
  /** Absent: none. */
  readonly providers?: readonly ProviderEntry[];
  /** Those of tenants that have a provider. Absent: none. */
  readonly users?: readonly UserEntry[];
  /** Absent: none. */
  readonly teams?: readonly TeamEntry[];
  readonly policy: PolicySet;
  /** Absent: the defaults hold everywhere. */
  readonly trees?: readonly TreeLimitsEntry[];
  /** Absent: the defaults hold everywhere. */
  readonly staleness?: readonly StalenessEntry[];
  /** By tenant and name. Absent: none. */
  readonly budgets?: readonly BudgetEntry[];
  /** By tenant and name. Absent: none. */
  readonly plans?: readonly PlanEntry[];
  /** Releases on trial: at most one for each tenant. Absent: none. */
  readonly candidates?: readonly PolicyCandidate[];
}

/** The number that all hubs of a tree count by: that of the root's snapshot, which each composed on top of it. */
export const treeSeq = ({ above, seq }: Pick<Snapshot, 'above' | 'seq'>): number => above?.at(-1)?.seq ?? seq;

export type NodeRole = 'hub' | 'domain' | 'sidecar';

/** A process that joined: the public key that its assertions are checked with, and whom it may speak for. */
export interface NodeEntry {
  readonly id: string;
  readonly role: NodeRole;
  readonly tenant: string;
  /** Domain of a domain hub; domain of the agent of a sidecar; empty for the organisation. */
  readonly domain: string;
  /** Sidecars speak for one agent only; hubs for every agent of their domain. Empty for hubs, and beside a tool. */
  readonly agent: string;
  /** Tool that a sidecar stands in front of: it answers for it, and speaks for nobody. Absent beside an agent. */
  readonly tool?: string;
  /** Ed25519 public key, SPKI DER in base64. */
  readonly publicKey: string;
  /** Where other nodes reach its native door. */
  readonly url: string;
}

export type InstanceState = 'starting' | 'ready' | 'draining' | 'silent';

/** A running instance of a target, known by its heartbeat. */
export interface InstanceEntry {
  readonly id: string;
  readonly tenant: string;
  readonly kind: TargetKind;
  readonly name: string;
  readonly url: string;
  /** `direct`: the agent itself; `airspace`: a sidecar's or domain hub's native door in front of it. */
  readonly protocol: 'direct' | 'airspace';
  /** Node in front of it; empty for direct ones. */
  readonly node: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: InstanceState;
  /** Of the node in front of it: another one after each start. Absent for direct ones. */
  readonly epoch?: string;
}

/**
 * Observed state of one hub: who joined and what runs. Sent whole; to a node that follows the hub, as much of it as that node can have
 * to do with.
 */
export interface Roster {
  readonly seq: number;
  /** Absent: everything. */
  readonly view?: RosterView;
  readonly nodes: readonly NodeEntry[];
  readonly instances: readonly InstanceEntry[];
}

/** Whose part of a roster it is. */
export interface RosterView {
  /** `tenant/<name>`, or the id of one node: nobody else takes it. */
  readonly for: string;
  /** Digest of what was routed when it was cut: who may reach whom directly under other routes is not in it. */
  readonly routes: string;
}

/** A document on the wire and on disk. The signature covers the exact payload text and its kind. */
export interface Signed {
  readonly kind: 'kills' | 'snapshot' | 'roster';
  /** JSON text; parsed only after the signature is checked. */
  readonly payload: string;
  /** First 16 hex digits of the SHA-256 of the signer's public key. */
  readonly keyId: string;
  /** Ed25519 over `kind`, a newline, and the payload; base64. */
  readonly signature: string;
}

/** Null: as it was. A text: the JSON of it. A list, of a list: its elements, as JSON or as so many of the earlier ones from a place on. */
export type FieldDelta = string | null | readonly (string | readonly [number, number])[];

/** The same document told by what changed since an earlier one: the signature is that of the whole, which a reader puts together again. */
export interface SignedDelta {
  readonly kind: Signed['kind'];
  /** Sequence of the document that it begins from. */
  readonly base: number;
  /** All fields of the whole in order. */
  readonly fields: readonly (readonly [string, FieldDelta])[];
  readonly keyId: string;
  readonly signature: string;
}
