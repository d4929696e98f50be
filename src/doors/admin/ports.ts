/** Everything that the admin door asks of a node: it serves what these answer and decides only who may ask. */
import type {
  CallEvent,
  CancelSignal,
  ControlPort,
  Credential,
  InstanceEntry,
  NodeRole,
  Principal,
  TargetEntry,
  TraceStore,
} from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';

export interface AdminPorts {
  readonly world: World;
  /** Over when the node shuts down: streams end, so that draining does not wait for readers. */
  readonly signal: CancelSignal;
  readonly resolver: {
    /** Who a credential stands for right now. Throws `unauthenticated`. */
    resolve(credential: Credential, wallMs: number): Principal;
  };
  readonly control: ControlPort;
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
  readonly instances: InstancePort;
  readonly nodes: NodePort;
  /** Takes faults whose causes only the operator may see: those with code `internal`. */
  readonly onInternal?: (thrown: unknown, path: string) => void;
  /** Serve `/metrics` to processes of this machine without a key, for a scraper next to the node. Default false. */
  readonly openMetrics?: boolean;
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
  /** Where state lives: `sqlite`, or `memory`, which forgets. */
  readonly store: string;
  /** Controls that somebody turned down, in words: a public bind, no TLS, memory only. Empty is good. */
  readonly weakened: readonly string[];
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

export interface AccessPort {
  /** A new secret for the Key resource `id`; it exists nowhere else afterwards. */
  mint(id: string): { readonly secret: string; readonly secretHash: string };
  /** Burns the bootstrap token. Throws `unauthenticated` when it is unknown, used or expired. */
  useBootstrapToken(token: string): Promise<void>;
}

export interface InstancePort {
  /** Observed now, of one tenant. */
  list(tenant: string): readonly InstanceEntry[];
  /** Registers an instance or renews it. It is `silent` when it was not renewed for `ttlMs`. */
  beat(entry: InstanceEntry): Promise<{ readonly ttlMs: number }>;
  remove(tenant: string, id: string): Promise<void>;
  /** No new calls; resolves when none is in flight or the time is over, with those that were left. `not_found` when nothing has this id. */
  drain(tenant: string, id: string, timeoutMs: number): Promise<{ readonly inFlight: number }>;
}

/** What a join token lets a node become. `agent` is empty for a domain hub. */
export interface JoinGrant {
  readonly role: 'sidecar' | 'domain';
  readonly tenant: string;
  readonly domain: string;
  readonly agent: string;
}

/** The link between this node and those that joined it. The node link owns what is inside bodies and messages. */
export interface NodePort {
  issueToken(grant: JoinGrant): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** The one-time token in the body is the credential. Throws `unauthenticated`. */
  join(body: unknown): Promise<unknown>;
  heartbeat(node: string, body: unknown): Promise<unknown>;
  /**
   * Sends the node its documents now and whenever they change, until the answered function is called. `send` takes one line of
   * text and answers false when the node reads too slowly: the stream then ends and the node comes back for everything.
   * `end` closes it, for a node that was removed.
   */
  stream(
    node: string,
    send: (message: { readonly event: string; readonly data: string }) => boolean,
    end: () => void,
  ): () => void;
  events(node: string, events: unknown): Promise<void>;
}
