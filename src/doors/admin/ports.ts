/** Everything that the admin door asks of a node: it serves what these answer and decides only who may ask. */
import type { IncomingMessage } from 'node:http';
import type {
  ApprovalCard,
  ApprovalState,
  ApprovalView,
  AuditHead,
  AuditRecord,
  AuditStore,
  Belonging,
  BudgetEntry,
  CallEvent,
  CallRecord,
  CancelSignal,
  ControlPort,
  Credential,
  Diagnosis,
  KillOrder,
  KillRequest,
  LeaseReply,
  NodeEntry,
  NodePort,
  NodeRole,
  Operation,
  Principal,
  Protocol,
  ReleasePort,
  Rights,
  Target,
  TargetEntry,
  TargetKind,
  TextFile,
  TraceStore,
  Unit,
} from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';

export interface AdminPorts {
  readonly world: World;
  /** Over when the node shuts down: streams end, so that draining does not wait for readers. */
  readonly signal: CancelSignal;
  readonly resolver: {
    /** Who a credential stands for right now. Throws `unauthenticated`. */
    resolve(credential: Credential, wallMs: number): Principal | Promise<Principal>;
  };
  /** People at a browser. Absent where nobody logs in. */
  readonly sessions?: {
    resolve(request: IncomingMessage): BrowserSession | undefined;
  };
  /** What of their tenant those with such rights may look at, by the current snapshot. */
  readonly belonging: (rights: Rights) => Belonging;
  readonly secrets: SecretPort;
  readonly tools: ToolPort;
  readonly control: ControlPort;
  readonly releases: ReleasePort;
  readonly status: () => NodeStatus;
  readonly metrics: {
    /** Prometheus text exposition format 0.0.4, of all tenants. */
    text(): string;
    targets(tenant: string | null): readonly TargetCounts[];
  };
  /** What routing knows, of one tenant. */
  readonly fleet: (tenant: string) => readonly FleetTarget[];
  /** Targets of the current snapshot, of all tenants. */
  readonly targets: () => readonly TargetEntry[];
  readonly traces: Pick<TraceStore, 'trace' | 'recent'>;
  readonly logs: {
    /** Newest last. */
    recent(limit: number, matches: (record: LogLine) => boolean): readonly LogLine[];
  };
  readonly feed: Feed;
  readonly access: AccessPort;
  readonly policy: PolicyPort;
  readonly kills: KillPort;
  readonly budgets: BudgetPort;
  readonly audit: AuditPort;
  readonly approvals: ApprovalPort;
  readonly unknown: UnknownPort;
  /** The node link and the registry that it feeds. */
  readonly nodes: NodePort;
  /**
   * Takes an instance or endpoint out of service: no new calls; resolves when none is in flight or the time is over, with
   * those that were left. Throws `not_found` when nothing of the tenant has this id.
   */
  readonly drain: (tenant: string, id: string, timeoutMs: number) => Promise<{ readonly inFlight: number }>;
  /** Looks what is behind an address. Throws `denied` for one that this node does not go to, `unreachable`, `overloaded`. */
  readonly discover: (by: Principal, asked: DiscoverRequest) => Promise<unknown>;
  /** Takes faults whose causes only the operator may see: those with code `internal`. */
  readonly onInternal?: (thrown: unknown, path: string) => void;
  /** Serve `/metrics` to processes of this machine without a key, for a scraper next to the node. Default false. */
  readonly openMetrics?: boolean;
}

/** An address that somebody wants to register, and what they say about it. */
export interface DiscoverRequest {
  readonly url: string;
  readonly kind?: TargetKind | undefined;
  readonly protocol?: Protocol | undefined;
  readonly origins: readonly string[];
  readonly credential?: { readonly secret: string; readonly as?: string | undefined } | undefined;
  readonly name?: string | undefined;
  readonly domain?: string | undefined;
  readonly aliases: readonly string[];
  readonly models: readonly string[];
  readonly operations: readonly Pick<Operation, 'name' | 'effect'>[];
}

/** Secrets of targets; of nodes that have none, each throws `bad_request` and says who has. */
export interface SecretPort {
  set(secret: {
    readonly tenant: string;
    readonly name: string;
    readonly value: string;
    readonly origins: readonly string[];
    readonly by: string;
  }): Promise<unknown>;
  list(tenant: string): Promise<readonly unknown[]>;
  /** Throws `not_found`. */
  remove(tenant: string, name: string, by: string): Promise<void>;
  /** Seals all of the tenant with a new key. Answers how many. */
  rekey(tenant: string, by: string): Promise<number>;
}

/** Tools of MCP servers, as they were accepted and as their servers define them now. */
export interface ToolPort {
  list(tenant: string): Promise<readonly ToolView[]>;
  /** Looks now. Throws `not_found`. */
  get(tenant: string, name: string): Promise<ToolView>;
  /** Throws `conflict` when the server says something else by now than what was looked at. */
  accept(acceptance: Acceptance): Promise<Awaited<ReturnType<ControlPort['apply']>>>;
}

export interface ToolView {
  readonly name: string;
  readonly domain: string;
  /** Unix ms; null when nobody has looked yet. */
  readonly seenAtMs: number | null;
  /** Why nothing is known of the server; empty when it is. */
  readonly problem: string;
  readonly operations: readonly ToolOperationView[];
}

export interface ToolOperationView {
  readonly name: string;
  /**
   * `changed`, `gone`, `twice`: not called until somebody accepts it. `new`: offered, and unknown to the configuration. `unpinned`: the
   * configuration does not say how its server defines it. `unseen`: nobody could look.
   */
  readonly state: 'same' | 'changed' | 'gone' | 'twice' | 'new' | 'unpinned' | 'unseen';
  readonly accepted: Readonly<Record<string, unknown>> | null;
  /** In the words of the server, which are not to be trusted. */
  readonly now: readonly Readonly<Record<string, unknown>>[];
  readonly digest: string;
}

export interface Acceptance {
  readonly tenant: string;
  readonly name: string;
  readonly operations: readonly { readonly name: string; readonly digest: string }[];
  readonly reason: string;
  readonly by: string;
  readonly rights: Rights;
}

export interface BrowserSession {
  readonly principal: Principal;
  /** Is it the token that goes with everything that changes something? */
  isCsrf(shown: string | undefined): boolean;
}

/** Calls whose outcome is unknown. */
export interface UnknownPort {
  /** Oldest first. */
  list(tenant: string, limit: number): Promise<readonly CallRecord[]>;
  /** Throws `not_found` when it is not unknown, or not of this tenant. */
  say(
    tenant: string,
    id: string,
    said: { readonly verdict: 'executed' | 'not_executed'; readonly reason: string },
    by: string,
  ): Promise<void>;
}

/** What was written down about a tenant. */
export interface AuditPort {
  search(filter: Parameters<AuditStore['search']>[0]): Promise<readonly AuditRecord[]>;
  /** In order, from a sequence on. */
  read(tenant: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** `publicKey` signs the checkpoints: SPKI DER in base64. */
  head(tenant: string): Promise<AuditHead & { readonly publicKey: string }>;
}

export interface NodeStatus {
  readonly node: string;
  readonly role: NodeRole;
  readonly version: string;
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly ready: boolean;
  /** 0: none yet. */
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  /** Where state lives: `sqlite`, `postgres`, which other hubs may share, or `memory`, which forgets. */
  readonly store: string;
  /** Controls that somebody turned down, in words: a public bind, no TLS, memory only. Empty is good. */
  readonly weakened: readonly string[];
  /** Levels, of all tenants, of which cedar-wasm decides rules because our engine does not know an operator in them. Mostly none. */
  readonly fallback: readonly {
    readonly tenant: string;
    readonly level: string;
    readonly operators: readonly string[];
  }[];
  /** Decisions taken again by another engine, since the node started. Absent where no node does that. */
  readonly oracle?: {
    readonly checked: number;
    /** Differently. Anything but 0 is an alarm. */
    readonly mismatched: number;
    readonly dropped: number;
    readonly failed: number;
  };
}

/** Counts since the node started; rates are the business of whoever reads twice. */
export interface TargetCounts {
  readonly kind: string;
  readonly target: string;
  readonly calls: number;
  readonly failed: number;
  readonly denied: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface FleetTarget {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  readonly domain: string;
  readonly via: 'hub' | 'mesh';
  /** Less than half of the endpoints are eligible, so that all are used (H3). */
  readonly panic: boolean;
  readonly endpoints: readonly FleetEndpoint[];
}

export interface FleetEndpoint {
  readonly id: string;
  readonly url: string;
  readonly version: string;
  readonly state: string;
  /** Why it takes no calls; null when it does. */
  readonly obstacle: string | null;
  readonly inFlight: number;
  readonly requests: number;
  readonly failures: number;
  readonly latencyMs: number | null;
  readonly ejectedForMs: number;
  readonly breaker: string;
}

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Finished calls as they finish. */
export interface Feed {
  /** `take` gets every event of the tenant from now on; it must not throw. Returns the function that ends it. */
  subscribe(tenant: string, take: (event: CallEvent) => void): () => void;
}

/** Calls that wait for people. What somebody may not see is `not_found`, like what is not there. */
export interface ApprovalPort {
  /** Newest first. */
  list(viewer: Principal, state: ApprovalState | undefined, limit: number): Promise<readonly ApprovalCard[]>;
  get(viewer: Principal, id: string): Promise<ApprovalView>;
  /** `digest` of what the voter looked at. Throws `denied` and `conflict`. */
  vote(viewer: Principal, id: string, ballot: Vote): Promise<ApprovalView>;
  /** Other arguments: policy decides anew, and every vote is gone. */
  edit(
    viewer: Principal,
    id: string,
    change: { readonly body: string; readonly digest: string; readonly comment: string },
  ): Promise<ApprovalView>;
}

export interface Vote {
  readonly verdict: 'approve' | 'deny';
  readonly comment: string;
  readonly digest: string;
}

/** Orders to stop. */
export interface KillPort {
  /** Durable, in force here, and on its way to the nodes. Throws `bad_request`, `denied`, `rate_limited`, `storage`. */
  order(by: Principal, request: KillRequest): Promise<KillAnswer>;
  /** Throws `not_found` when the tenant has no such order in force. */
  lift(by: Principal, id: string): Promise<KillAnswer>;
  list(tenant: string): KillsView;
}

export interface KillAnswer {
  readonly order: KillOrder;
  /** Of the list that has the change: nodes that run it, or a later one, have carried it out. */
  readonly seq: number;
  /** Unix ms at which the change was asked for. */
  readonly atMs: number;
  /** Calls that it ended on the node that answers. */
  readonly cut: number;
  readonly warnings: readonly string[];
}

export interface KillsView {
  readonly seq: number;
  /** In force: those of the tenant, and those that stop it. */
  readonly items: readonly KillOrder[];
  /** Nodes that should carry them out, and which list each runs since when (Unix ms on the clock of the hub). */
  readonly nodes: readonly {
    readonly id: string;
    readonly state: 'joined' | 'alive' | 'silent';
    readonly seq: number;
    readonly atMs: number | null;
  }[];
}

/** Budgets of a tenant. */
export interface BudgetPort {
  /** By name, with the accounts of their present windows, the fullest first. */
  list(tenant: string): Promise<readonly BudgetView[]>;
  /** Who draws on it in its present window. Throws `not_found`. */
  payers(tenant: string, budget: string, by: PayerKind): Promise<PayersView>;
  /** Grants more, once, to one account. Throws `not_found` for a budget or holder that nobody knows. */
  topUp(request: {
    readonly tenant: string;
    readonly budget: string;
    readonly holder: string;
    readonly amount: number;
    readonly by: string;
    readonly reason: string;
  }): Promise<BudgetAccount>;
  /** What became of parts of budgets that a node spent by itself, and the next one. Throws `bad_request` for anything else. */
  lease(node: NodeEntry, request: unknown): Promise<LeaseReply>;
}

export interface BudgetView extends Pick<BudgetEntry, 'name' | 'per' | 'class' | 'unit' | 'limit' | 'soft' | 'hard'> {
  readonly scope: string;
  /** Its place in the organisation, from the top. */
  readonly path: readonly string[];
  readonly window: {
    readonly every: string;
    readonly timezone: string;
    readonly startMs: number;
    readonly endMs: number | null;
  };
  readonly accountCount: number;
  /** The fullest hundred. */
  readonly accounts: readonly BudgetAccount[];
}

export interface BudgetAccount {
  readonly holder: string;
  readonly limit: number;
  readonly extra: number;
  readonly spent: number;
  readonly reserved: number;
  readonly left: number;
  /** Pace of the last hour. */
  readonly perHour: number;
  /** At that pace; null when it lasts until its window ends. */
  readonly runsOutAtMs: number | null;
}

export const PAYERS = ['principal', 'user', 'target', 'tree', 'session'] as const;
export type PayerKind = (typeof PAYERS)[number];

export interface PayersView {
  readonly unit: Unit;
  readonly by: PayerKind;
  readonly items: readonly Payer[];
}

export interface Payer {
  readonly who: string;
  readonly spent: number;
  readonly reserved: number;
  readonly calls: number;
}

export interface AccessPort {
  /** A new secret for the Key resource `id`; it exists nowhere else afterwards. */
  mint(id: string): { readonly secret: string; readonly secretHash: string };
  /** When this node last saw the key, Unix ms; null when it never did. */
  lastUsedMs(tenant: string, id: string): number | null;
  /** Burns the bootstrap token. Throws `unauthenticated` when it is unknown, used or expired. */
  useBootstrapToken(token: string): Promise<void>;
}

/** What policy says about calls that nobody makes now: for lists, for people who ask before, and for operators who ask after. */
export interface PolicyPort {
  /** Could the principal call it, under some circumstances? Asked once per operation of every list. */
  mayCall(principal: Principal, target: Target): boolean;
  /** Throws `not_found` for a principal of the tenant that cannot call at all, `bad_request` for a context that is no policy data. */
  can(question: CanQuestion): CanAnswer;
  /** What an editor should say about files of the tenant, over what runs; nothing is kept. Throws `overloaded`. */
  diagnose(tenant: string, files: readonly TextFile[]): Promise<Diagnosis>;
  /** Decides a recorded call again, by the policy in force. Null when policy was never asked about it. */
  explain(event: CallEvent): CallExplanation | null;
}

export interface CanQuestion {
  readonly tenant: string;
  readonly principal: { readonly kind: 'agent' | 'user'; readonly name: string };
  readonly target: Target;
  /** What is assumed about the call; the rest is unknown. */
  readonly context: Readonly<Record<string, unknown>>;
}

export interface RuleName {
  readonly level: string;
  readonly id: string;
  readonly reason: string;
}

export interface CanAnswer {
  readonly answer: 'yes' | 'no' | 'maybe';
  readonly policyVersion: string;
  /** Why there was nothing to evaluate; empty when there was. */
  readonly refusal: string;
  readonly permitting: readonly RuleName[];
  readonly denying: readonly RuleName[];
  /** Levels of which no permit matches. */
  readonly missing: readonly string[];
  /** Some or all of the ways lead through an approval. */
  readonly approval: boolean;
  readonly depends: readonly {
    readonly on: string;
    readonly clauses: readonly string[];
    readonly rules: readonly string[];
  }[];
}

/** One clause of a rule as text, what came out, and what it looked at. */
export interface ClauseSeen {
  readonly text: string;
  readonly value: string;
  readonly facts: readonly string[];
}

export interface CallExplanation {
  readonly callId: string;
  readonly span: string;
  readonly node: string;
  readonly sentence: string;
  readonly nearMisses: readonly (RuleName & {
    readonly distance: number;
    readonly scope: readonly string[];
    readonly failed: readonly ClauseSeen[];
  })[];
  readonly blocking: readonly (RuleName & { readonly clauses: readonly ClauseSeen[] })[];
  /** Policy that this explanation is by, and the one that decided then; they may differ. */
  readonly policyVersion: string;
  readonly decidedBy: string;
  /** What the record does not tell and the explanation had to leave out, in words. */
  readonly caveats: readonly string[];
}
