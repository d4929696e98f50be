/** The tables as Kysely sees them. Only text, bigint, double and bytes: what SQLite and PostgreSQL mean alike. */

export interface Tables {
  /** One row per commit. */
  revision: RevisionRow;
  /** Every version of every resource, with the revisions between which it was current. */
  resource: ResourceRow;
  call: CallRow;
  node: { id: string; entry: string };
  token: { hash: string; granted: string; expires_at: number };
  sequence: { name: string; value: number };
  /** Orders to stop that are in force; the order itself as JSON. */
  kill_order: { id: string; tenant: string; at_ms: number; body: string };
  /** Alerts that fired; the whole as JSON. `is_finished`: 1 when it is over and told. */
  incident: {
    id: string;
    tenant: string;
    node: string;
    opened_at: number;
    ended_at: number | null;
    is_finished: number;
    body: string;
  };
  release: ReleaseRow;
  /** What every hub over one database must agree on. */
  setting: { name: string; value: string };
  /** What each hub over one database hears by itself, so that the others know it too. */
  peer: PeerRow;
  account: AccountRow;
  reservation: ReservationRow;
  approval: ApprovalRow;
  audit: AuditRow;
  /** What nodes handed over of their own chains, and where each ends here. */
  node_audit: AuditRow & { node: string };
  node_audit_head: { node: string; tenant: string; owner: string; seq: number; hash: string };
  /** What a node remembers about itself. */
  mark: { name: string; value: number };
  /** Events of a node that wait for its hub. */
  spool: { seq: number; body: string };
  /** How far nodes have handed over their events. */
  taken: { node: string; epoch: string; seq: number };
  /** Where the chain of each tenant ends. */
  audit_head: { tenant: string; seq: number; hash: string };
  /** A sealed secret as JSON. */
  secret: { tenant: string; name: string; body: string };
  tenant_key: { tenant: string; wrapped: string };
  task: TaskRow;
  task_context: ContextRow;
  task_push: PushRow;
  run: RunRow;
  run_event: RunEventRow;
  run_step: RunStepRow;
  run_blob: RunBlobRow;
  /** In the telemetry database. */
  event: EventRow;
  agent_span: AgentSpanRow;
  log: LogRow;
  /** Sums per minute. */
  sum_row: SumColumns;
  /** The same, as far as the parent does not have them. */
  sum_out: SumOutRow;
  /** How far nodes have sent their sums, and under no name how far this one has. */
  sum_mark: { node: string; epoch: string; seq: number };
  /** How much of telemetry there is. */
  tally: { name: string; part: string; value: number };
  /** By who called what, per minute, hour and day. */
  usage_row: UsageColumns;
  /** In both databases: the migrations that they have seen. */
  airspace_schema: { version: number; name: string };
}

export interface RevisionRow {
  revision: number;
  at_ms: number;
  author: string;
  reason: string;
  rollback_of: number | null;
  /** JSON lists of resource keys. */
  put_keys: string;
  deleted_keys: string;
}

export interface ResourceRow {
  key: string;
  version: number;
  revision: number;
  /** Revision that replaced or deleted it; null while it is current. */
  ended_by: number | null;
  /** The resource as JSON. */
  body: string;
}

export interface CallRow {
  id: string;
  tenant: string;
  /** Null when the caller gave no idempotency key, and when the key has run its time (R6). */
  unique_key: string | null;
  state: string;
  policy_version: string;
  accepted_at: number;
  concluded_at: number | null;
  /** What never changes of a call record, as JSON, without the bytes. */
  record: string;
  request_body: Uint8Array | null;
  /** The reply as JSON without its bytes, or null. */
  reply: string | null;
  reply_body: Uint8Array | null;
  /** The process that runs it, where several share the table; only that one may say after a restart what became of it. */
  holder: string;
}

export interface PeerRow {
  id: string;
  /** Rises for as long as the hub is there. */
  beats: number;
  body: string;
}

export interface ReleaseRow {
  tenant: string;
  id: string;
  version: number;
  state: string;
  /** Order of the last changes, over all releases. */
  changed: number;
  /** The record as JSON. */
  body: string;
}

export interface AccountRow {
  id: string;
  tenant: string;
  budget: string;
  holder: string;
  unit: string;
  /** As the last charge knew it. */
  limit_now: number;
  window_start: number;
  window_end: number | null;
  spent: number;
  reserved: number;
  extra: number;
}

export interface ReservationRow {
  tenant: string;
  id: string;
  state: string;
  /** JSON object of texts. */
  labels: string;
  /** JSON list of what was set aside and booked, account by account. */
  charges: string;
  at_ms: number;
  expires_at: number;
  settled_at: number | null;
}

export interface ApprovalRow {
  tenant: string;
  id: string;
  state: string;
  /** Kind and id of the caller, as JSON. */
  principal: string;
  digest: string;
  created_at: number;
  expires_at: number;
  version: number;
  /** The rest of the record as JSON, without the bytes. */
  record: string;
  body: Uint8Array;
  /** The digest before somebody edited the call; null when nobody did. */
  asked_digest: string | null;
}

export interface TaskRow {
  tenant: string;
  id: string;
  /** Kind and id of the owner, as JSON. */
  owner: string;
  /** Kind and name, as JSON. */
  target: string;
  context: string;
  state: string;
  /** The node that follows it; empty when it is over. */
  follower: string;
  status_at: number;
  created_at: number;
  version: number;
  /** The whole record as JSON. */
  record: string;
}

export interface ContextRow {
  tenant: string;
  owner: string;
  target: string;
  id: string;
  at_ms: number;
  remote: string;
}

export interface PushRow {
  tenant: string;
  task: string;
  id: string;
  at_ms: number;
  body: string;
}

export interface RunRow {
  tenant: string;
  id: string;
  plan: string;
  /** Kind and id of who started it, as JSON. */
  principal: string;
  state: string;
  /** Of the newest event. */
  seq: number;
  epoch: number;
  /** Who works on it; empty: nobody. */
  holder: string;
  /** The process in which that was, where several share the table; after a restart it takes its own back at once. */
  opener: string;
  lease_until: number;
  /** When somebody must look at it. */
  due: number | null;
  /** When it may be claimed: while somebody works on it, when that lease is over; otherwise when it is due. */
  claim_at: number | null;
  started_at: number;
  ended_at: number | null;
  cost: number;
  /** All that does not change, as JSON. */
  head: string;
}

export interface RunEventRow {
  tenant: string;
  run: string;
  seq: number;
  at_ms: number;
  /** The fact as JSON. */
  body: string;
}

export interface RunStepRow {
  tenant: string;
  run: string;
  step: string;
  /** The call that its newest intent names. */
  call: string;
  phase: string;
  /** That of the intent, as JSON. */
  taint: string;
}

export interface RunBlobRow {
  tenant: string;
  run: string;
  digest: string;
  content_type: string;
  body: Uint8Array;
}

export interface AuditRow {
  tenant: string;
  seq: number;
  prev: string;
  hash: string;
  /** All that it says, as a JSON array in the order in which it is hashed. */
  body: string;
}

export interface EventRow {
  /** Order of arrival; the database counts it. */
  seq?: number;
  trace: string;
  call_id: string;
  span: string;
  node: string;
  tenant: string;
  target: string;
  /** Null when the caller could not be identified. */
  principal: string | null;
  status: string;
  started_at: number;
  /** Why it keeps its trace; empty: it does not. */
  worth: string;
  /** What it takes, with columns and indexes. */
  bytes: number;
  /** The whole event as JSON. */
  body: string;
}

/** `level`: where it is in `LOG_LEVELS`. */
export interface LogRow {
  /** Order of arrival; the database counts it. */
  seq?: number;
  at_ms: number;
  tenant: string;
  level: number;
  call_id: string;
  trace: string;
  body: string;
}

export interface AgentSpanRow {
  /** Order of arrival; the database counts it. */
  seq?: number;
  tenant: string;
  trace: string;
  span: string;
  /** Kind and id of who said it, as JSON. */
  principal: string;
  started_at: number;
  received_at: number;
  bytes: number;
  /** The whole span as JSON. */
  body: string;
}

/** As many as the contract has buckets of durations. */
export const DURATION_COLUMNS = [
  ...(['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9', 'd10', 'd11', 'd12'] as const),
  ...(['d13', 'd14', 'd15', 'd16', 'd17', 'd18', 'd19', 'd20', 'd21', 'd22', 'd23', 'd24'] as const),
] as const;

export interface SumColumns extends Record<(typeof DURATION_COLUMNS)[number], number> {
  minute: number;
  tenant: string;
  domain: string;
  kind: string;
  target: string;
  caller: string;
  calls: number;
  errors: number;
  denied: number;
  held: number;
  cost_micros: number;
  input_tokens: number;
  output_tokens: number;
}

export interface SumOutRow extends SumColumns {
  /** The database counts it. */
  id?: number;
  /** The number under which it is under way; 0: it waits. */
  batch: number;
}

export const USAGE_KEY = ['tenant', 'step_ms', 'start_ms', 'caller', 'target', 'operation'] as const;

export const USAGE_COUNTS = [
  ...(['calls', 'denied', 'held', 'attempts', 'cost_micros', 'input_tokens', 'output_tokens'] as const),
  ...(['error_target', 'error_timeout', 'error_unreachable', 'error_overloaded', 'error_own'] as const),
  ...(['took_micros', 'waited_micros'] as const),
  ...DURATION_COLUMNS,
] as const;

export interface UsageColumns extends Record<(typeof USAGE_COUNTS)[number], number> {
  tenant: string;
  /** Length of the step in milliseconds. */
  step_ms: number;
  start_ms: number;
  caller: string;
  target: string;
  operation: string;
}
