/** What nodes write down beside calls: one record a line, with who and what it is about. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Records of one batch that a node hands up. */
export const MOST_LOGS_SENT = 200;
/** Records of all tenants that a store keeps; beyond it the oldest go. */
export const MOST_LOGS_KEPT = 200_000;

/** Records that hold the payload of a call where policy wants it in the log, and with `payload_kept` why it is not there, or not all of it. */
export const PAYLOAD_OF_CALL = 'payload of the call';
export const PAYLOAD_OF_REPLY = 'payload of the reply';

/** Names as they are in the line. What it is not about is empty. */
export interface LogRecord {
  /** RFC 3339, by the clock of the node. */
  readonly time: string;
  readonly level: LogLevel;
  /** That wrote it; of one below a domain hub, `hub/node`. */
  readonly node: string;
  readonly message: string;
  /** Empty: of nobody that is known, or of the node itself. */
  readonly tenant: string;
  /** Of the caller, or of the node. */
  readonly domain: string;
  /** That called, else that was called, else that the node stands beside. */
  readonly agent: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly call_id: string;
  /** Whatever else. A payload only where policy says so. */
  readonly [field: string]: unknown;
}

export interface LogFilter {
  readonly tenant: string;
  /** Least level. */
  readonly level: LogLevel;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Beginning of a call's or trace's id. */
  readonly call?: string;
  readonly trace?: string;
  /** Only those that were kept before this one: how a reader comes to older ones. */
  readonly beforeSeq?: number;
  readonly limit: number;
}

export interface KeptLog {
  /** In the order in which they were kept. */
  readonly seq: number;
  readonly record: LogRecord;
}

/** Logs of this node and of those that joined it. Telemetry: batches may be lost in a crash, nothing waits for it. */
export interface LogStore {
  /** Of all that were ever kept, those before the last `most` go. */
  append(records: readonly LogRecord[], most: number): Promise<void>;
  /** Newest first, in the order in which they were kept. */
  read(filter: LogFilter): Promise<readonly KeptLog[]>;
  /** By their own time. Answers how many went. */
  prune(beforeMs: number): Promise<number>;
}

/** Of a batch that a node hands up. */
export interface LogBatch {
  readonly records: readonly LogRecord[];
  /** That it gave up since the last batch. */
  readonly dropped: number;
}
