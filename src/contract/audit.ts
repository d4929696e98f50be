/** What can be believed afterwards: records that are chained by their hashes, one chain for each tenant of a store. */

/** One thing that happened, before it has its place in the chain. Small: digests and names, never payloads. */
export interface AuditEntry {
  readonly tenant: string;
  /** Unix ms, whole. */
  readonly atMs: number;
  /** `call.sent`, `call.ended`, `call.refused`, `approval.vote`, `config.applied`, `kill.ordered`, ... */
  readonly kind: string;
  /** Who: `agent/a`, `user/ada`, `airspace`. */
  readonly actor: string;
  /** What it was about: `agent/orders/where`, `approval/3f9a...`, `revision/12`. */
  readonly object: string;
  /** Id of the call, or empty. */
  readonly callId: string;
  readonly details: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export interface AuditRecord extends AuditEntry {
  /** From 1, without gaps, for each tenant. */
  readonly seq: number;
  /** Hash of the record before; 64 zeros for the first. */
  readonly prev: string;
  /** SHA-256 over `auditText` of the record, hex. */
  readonly hash: string;
}

/** Where a chain ends. */
export interface AuditHead {
  readonly tenant: string;
  readonly seq: number;
  readonly hash: string;
}

export const GENESIS = '0'.repeat(64);

/** The text that is hashed: an array in a fixed order, so that there is one way to write a record. */
export const auditText = (entry: AuditEntry, seq: number, prev: string): string => {
  const { tenant, atMs, kind, actor, object, callId, details } = entry;
  const sorted = Object.entries(details).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return JSON.stringify([tenant, seq, prev, atMs, kind, actor, object, callId, sorted]);
};

/** Kind, actor and object are as they stand there, or their beginning and `*`: `agent/refunds/*`. */
export interface AuditFilter {
  readonly tenant: string;
  readonly kind?: string | undefined;
  readonly actor?: string | undefined;
  readonly object?: string | undefined;
  readonly callId?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Not from here on. */
  readonly untilMs?: number | undefined;
  /** Only what is before this record. */
  readonly beforeSeq?: number | undefined;
  /** What is before this record is not looked at. Default: everything is. */
  readonly fromSeq?: number | undefined;
  readonly limit: number;
}

/** Whatever place it has in the chain. */
export const isWanted = (record: AuditRecord, filter: AuditFilter): boolean =>
  record.atMs >= (filter.sinceMs ?? Number.NEGATIVE_INFINITY) &&
  record.atMs < (filter.untilMs ?? Number.POSITIVE_INFINITY) &&
  (['kind', 'actor', 'object', 'callId'] as const).every((field) => isLike(record[field], filter[field]));

const isLike = (said: string, wanted: string | undefined): boolean =>
  wanted === undefined || (wanted.endsWith('*') ? said.startsWith(wanted.slice(0, -1)) : said === wanted);

/** Durable: a resolved `append` survives kill -9 and power loss. Nothing here changes or removes a record. */
export interface AuditStore {
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** In order, from a sequence on. */
  read(tenant: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Newest first. */
  search(filter: AuditFilter): Promise<readonly AuditRecord[]>;
  /** One for each tenant that has records, by tenant. */
  heads(): Promise<readonly AuditHead[]>;
}

/** Where the chain of a node ends that it has handed over, and whose node it is. */
export interface NodeAuditHead extends AuditHead {
  readonly node: string;
  readonly owner: string;
}

/** What became of records that a node handed over; `problem`: nothing of them was kept. */
export interface NodeAuditTaken extends AuditHead {
  /** `gap`: what comes before them is not here. `fork`: another record is here in their place. */
  readonly problem: 'gap' | 'fork' | null;
}

/**
 * Chains of nodes as they handed them over, each beside our own and never part of it. Durable, and nothing is changed or removed.
 * INVARIANT: what is here of a chain is its beginning, without gaps, each record once, however often and to however many hubs it is sent.
 */
export interface NodeAuditStore {
  /** Records of one tenant, in order. `owner`: tenant of the node. All of them or none. */
  append(node: string, owner: string, records: readonly AuditRecord[]): Promise<NodeAuditTaken>;
  read(node: string, tenant: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** By node, then tenant. Null: of all owners. */
  heads(owner: string | null): Promise<readonly NodeAuditHead[]>;
}

/** Whether a chain is as it was written, as the node itself found when somebody last asked it to look. */
export interface AuditVerification {
  /** What is being read right now; null: nothing. */
  readonly running: {
    readonly by: string;
    /** Unix ms. */
    readonly startedAtMs: number;
    readonly records: number;
    /** As many as there were when it began. */
    readonly of: number;
  } | null;
  /** Null: nobody has asked since the node started. */
  readonly last: {
    readonly by: string;
    /** Unix ms. */
    readonly atMs: number;
    readonly tookMs: number;
    /** From the first on, each after the one before it. */
    readonly records: number;
    /** Of the last of those. */
    readonly hash: string;
    /** The first that is not as it was written; null: there is none. */
    readonly finding: { readonly seq: number; readonly what: string; readonly text: string } | null;
    /** Why it could not be read to its end; empty: it was. */
    readonly problem: string;
  } | null;
}
