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

/** Durable: a resolved `append` survives kill -9 and power loss. Nothing here changes or removes a record. */
export interface AuditStore {
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** In order, from a sequence on. */
  read(tenant: string, fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Newest first. */
  search(filter: {
    readonly tenant: string;
    readonly kind?: string | undefined;
    readonly actor?: string | undefined;
    readonly object?: string | undefined;
    readonly callId?: string | undefined;
    readonly sinceMs?: number | undefined;
    readonly limit: number;
  }): Promise<readonly AuditRecord[]>;
  /** One for each tenant that has records, by tenant. */
  heads(): Promise<readonly AuditHead[]>;
}
