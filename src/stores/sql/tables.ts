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
  release: ReleaseRow;
  /** What every hub over one database must agree on. */
  setting: { name: string; value: string };
  /** What each hub over one database hears by itself, so that the others know it too. */
  peer: PeerRow;
  account: AccountRow;
  reservation: ReservationRow;
  approval: ApprovalRow;
  audit: AuditRow;
  /** Where the chain of each tenant ends. */
  audit_head: { tenant: string; seq: number; hash: string };
  /** A sealed secret as JSON. */
  secret: { tenant: string; name: string; body: string };
  tenant_key: { tenant: string; wrapped: string };
  task: TaskRow;
  task_context: ContextRow;
  task_push: PushRow;
  /** In the telemetry database. */
  event: EventRow;
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
  /** The whole event as JSON. */
  body: string;
}
