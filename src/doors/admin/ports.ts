/** Everything that the admin door asks of a node: it serves what these answer and decides only who may ask. */
import type { IncomingMessage } from 'node:http';
import type {
  AgentSpan,
  AlertView,
  ApprovalCard,
  ApprovalState,
  ApprovalView,
  AuditFilter,
  AuditHead,
  AuditRecord,
  AuditVerification,
  Belonging,
  BreakerOrder,
  BreakerRequest,
  BreakerView,
  BudgetEntry,
  CallEvent,
  CallRecord,
  CancelSignal,
  ControlPort,
  Credential,
  Diagnosis,
  FleetEndpoint,
  Incident,
  IncidentFilter,
  KillOrder,
  KillRequest,
  LeaseReply,
  LogFilter,
  LogRecord,
  NodeAuditHead,
  NodeEntry,
  NodePort,
  NodeRole,
  Operation,
  PlanCheck,
  PlanSpec,
  Principal,
  Protocol,
  ReleasePort,
  RemovedWhy,
  ReplayPort,
  Rights,
  RunDetail,
  RunEvent,
  RunFilter,
  RunView,
  RunWish,
  SumsView,
  Target,
  TargetEntry,
  TargetKind,
  TelemetrySize,
  TextFile,
  TraceStore,
  Unit,
  UsageAsked,
  UsageView,
} from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';
import type { CapabilityView } from './capability-view.ts';

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
    /** Of all tenants, in the exposition format that `accept` asks for; Prometheus 0.0.4 unless it names another that there is. */
    text(accept: string): Promise<{ readonly contentType: string; readonly text: string }>;
    targets(tenant: string | null): readonly TargetCounts[];
  };
  /** What routing knows, of one tenant. */
  readonly fleet: (tenant: string) => readonly FleetTarget[];
  readonly breakers: BreakerPort;
  /** Targets of the current snapshot, of all tenants. */
  readonly targets: () => readonly TargetEntry[];
  /** Of one tenant, in the order of names: what is provided by operations that may be seen. */
  readonly capabilities: (
    tenant: string,
    isSeen: (target: TargetEntry, operation: string) => boolean,
  ) => readonly CapabilityView[];
  readonly traces: Pick<TraceStore, 'trace' | 'recent'>;
  /** What agents said in a trace of the tenant, by start time. */
  readonly agentSpans: (tenant: string, trace: string) => Promise<readonly AgentSpan[]>;
  /** A trace in OTLP, as a collector gets it from this node. */
  readonly otlp: (events: readonly CallEvent[], said: readonly AgentSpan[]) => unknown;
  /** Of one tenant: the last so many minutes, the current one among them. */
  readonly sums: (tenant: string, minutes: number) => Promise<SumsView>;
  /** Of one tenant; `isTheirs`: only calls of those callers to those targets, by the names of usage. Absent: all. */
  readonly usage: (
    tenant: string,
    asked: UsageAsked,
    isTheirs: ((caller: string, target: string) => boolean) | undefined,
  ) => Promise<UsageView>;
  /** Requests made again. */
  readonly replays: ReplayPort;
  readonly logs: LogPort;
  readonly feed: Feed;
  readonly access: AccessPort;
  readonly policy: PolicyPort;
  readonly topology: TopologyPort;
  readonly kills: KillPort;
  readonly budgets: BudgetPort;
  readonly audit: AuditPort;
  readonly alerts: AlertPort;
  readonly approvals: ApprovalPort;
  readonly plans: PlanPort;
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

/** Ways of calls, from what was recorded. Of nodes that see a part only, each throws `bad_request` and says who sees all. */
export interface TopologyPort {
  show(tenant: string, windowMs: number): Promise<unknown>;
  /** Throws `not_found` for a route that does not exist. */
  advise(
    tenant: string,
    asked: {
      readonly to: 'mesh' | 'hub' | 'hierarchy';
      readonly route?: string | undefined;
      readonly windowMs: number;
    },
  ): Promise<unknown>;
  /** Throws `not_found`. */
  arms(
    tenant: string,
    route: string,
    asked: { readonly sinceMs: number; readonly grows: 'hub' | 'mesh' },
  ): Promise<unknown>;
}

/** Rules over what this hub counts, and what became of them. */
export interface AlertPort {
  list(tenant: string): readonly AlertView[];
  /** Newest first. */
  incidents(filter: IncidentFilter): Promise<readonly Incident[]>;
  /** By its id, or by how it begins. Throws `not_found`, and `bad_request` where more than one begins so. */
  incident(tenant: string, id: string): Promise<Incident>;
  /** Somebody looks after it. Throws like `incident`, and `conflict` for one that is over or that somebody has. */
  acknowledge(tenant: string, id: string, said: { readonly by: string; readonly note: string }): Promise<Incident>;
  /** Ends it by hand. Throws like `acknowledge`. */
  close(tenant: string, id: string, said: { readonly by: string; readonly reason: string }): Promise<Incident>;
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

/** What a node wrote down, and handed over. */
export interface AuditChain {
  readonly node: string;
  readonly tenant: string;
}

/** What was written down about a tenant. */
export interface AuditPort {
  search(filter: AuditFilter): Promise<readonly AuditRecord[]>;
  /** In order, from a sequence on. */
  read(tenant: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** `publicKey` signs the checkpoints: SPKI DER in base64. */
  head(tenant: string): Promise<AuditHead & { readonly publicKey: string }>;
  /** What this node found when somebody last asked it to read the whole chain. `chain`: one that a node of the tenant handed over. */
  verification(tenant: string, chain?: AuditChain): AuditVerification;
  /** Begins to read it, unless that is under way. Throws `not_found` for a chain that nobody handed over. */
  verify(tenant: string, by: string, chain?: AuditChain): Promise<AuditVerification>;
  /** What nodes of a tenant have handed over. */
  readonly nodes: {
    read(owner: string, chain: AuditChain, fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
    heads(owner: string): Promise<readonly NodeAuditHead[]>;
  };
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
  /** Of a domain hub: what it stands on, and what came of its own configuration there. */
  readonly parent?: ParentStatus;
  /** Spans that agents said of themselves, since the node started. */
  readonly agentSpans: { readonly kept: number; readonly left: Readonly<Record<string, number>> };
  /** How much of telemetry there is, what of it may be, and what was removed since the node started. */
  readonly telemetry: TelemetrySize & {
    readonly keepBytes: number;
    /** Share of ordinary traces that is kept, 0 to 1. */
    readonly sample: number;
    /** Finished calls, by why. */
    readonly removed: Readonly<Record<RemovedWhy, number>>;
  };
  /** Spans for a collector, since the node started. Absent: none is named. */
  readonly otlp?: {
    /** Its address. */
    readonly to: string;
    readonly sent: number;
    readonly waiting: number;
    /** By reason. */
    readonly dropped: Readonly<Record<string, number>>;
    /** Of the last request; empty: none. Words of the collector may be in it. */
    readonly trouble: string;
  };
  /** Points of metrics for a collector, since the node started. Absent: none is named. */
  readonly otlpMetrics?: Omit<NonNullable<NodeStatus['otlp']>, 'waiting'>;
}

export interface ParentStatus {
  readonly domain: string;
  /** Id and address of the hub above. */
  readonly hub: string;
  readonly url: string;
  /** Of its snapshot that is in force here; 0: none yet. */
  readonly snapshotSeq: number;
  /** Milliseconds since its last word; null when there was none since the start. */
  readonly silentMs: number | null;
  /** What is configured here and not in force, each with why. Empty is good. */
  readonly left: readonly string[];
  readonly exports: ExportStatus;
  /** What the parent is told of calls: all of them and sums per minute, or sums only, as its Domain resource says. */
  readonly telemetry: 'calls' | 'sums';
  /** Why the parent took nothing of the last sums; null when it did, or there were none. */
  readonly sumsRefused: string | null;
}

/** Something that this hub takes nothing of from the hub of a domain. */
export interface HubRefusal {
  readonly node: string;
  readonly domain: string;
  readonly what: 'exports' | 'sums';
  /** In the words that the other hub was given: of a name that is taken, who has it. */
  readonly reason: string;
}

/** What the parent made of what this hub told it that it can do. */
export interface ExportStatus {
  /** Capabilities and domains that the parent took last. */
  readonly taken: readonly string[];
  /** Why it took nothing of what was said last; null when it did. */
  readonly refused: string | null;
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
  /** Pieces of work that it said the end of, and those that were completed. Absent: it said none. */
  readonly outcomes?: number;
  readonly completed?: number;
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

/** What this node and those that joined it wrote down. */
export interface LogPort {
  /** Newest last. `isCut`: it stopped looking before the beginning. */
  find(
    filter: LogFilter,
    matches: (record: LogRecord) => boolean,
  ): Promise<{ readonly records: readonly LogRecord[]; readonly isCut: boolean }>;
  /** `take` gets every record of every tenant from now on; it must not throw. Returns the function that ends it. */
  subscribe(take: (record: LogRecord) => void): () => void;
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

/** Throws `not_found` also for runs that somebody may not see: the two look alike. */
export interface PlanPort {
  /** Those of the principal; with role `viewer` all of the tenant. Newest first. */
  list(who: Principal, filter: Omit<RunFilter, 'tenant' | 'principal'>): Promise<readonly RunView[]>;
  get(who: Principal, id: string): Promise<RunDetail>;
  events(who: Principal, id: string, after: number, limit: number): Promise<readonly RunEvent[]>;
  /** Ends with the run, or with the signal. */
  follow(who: Principal, id: string, after: number, signal: CancelSignal): AsyncIterable<RunEvent>;
  /** Its owner may, and whoever has role `operator`. Throws `conflict` where the run is not in a state for it. */
  wish(who: Principal, id: string, wish: RunWish): Promise<RunDetail>;
  /** For whoever asks, or for another agent by somebody with role `viewer`. Changes nothing, and sends nothing. */
  check(
    who: Principal,
    asked: {
      readonly plan?: string | undefined;
      readonly spec?: PlanSpec | undefined;
      readonly input?: unknown;
      readonly as?: string | undefined;
    },
  ): Promise<PlanCheck>;
}

export interface Vote {
  readonly verdict: 'approve' | 'deny';
  readonly comment: string;
  readonly digest: string;
  /** `answer` of the check of a plan that the voter looked at. Absent: as it was when people were asked. */
  readonly check?: string | undefined;
}

/** Breakers of this node and of nodes below it. */
export interface BreakerPort {
  /** Those that are not closed, are held, or have not always been closed; the most urgent first. */
  list(tenant: string): readonly BreakerView[];
  /** In force where it is of this node, on its way where it is of another. Throws `not_found`, `conflict`, `denied`, `rate_limited`. */
  force(by: Principal, request: BreakerRequest): Promise<BreakerAnswer>;
}

export interface BreakerAnswer {
  readonly order: BreakerOrder;
  /** Of the list of orders that has it: a node that runs it, or a later one, has carried it out. */
  readonly seq: number;
  readonly warnings: readonly string[];
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
  /** By node, how many parts of budgets it draws on now. */
  leases(): ReadonlyMap<string, number>;
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
  /** Whom that makes. Default: `admin` of the tenant that runs the node. */
  readonly first?: { readonly tenant: string; readonly name: string };
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
