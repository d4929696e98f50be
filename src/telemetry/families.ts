/** Everything that `/metrics` says, once: the exposition, the docs and the dashboards are held against this table. */

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence. */
  readonly help: string;
  /** In the order in which they are written. */
  readonly labels: readonly string[];
}

const counter = (help: string, ...labels: readonly string[]): Family => ({ type: 'counter', help, labels });
const gauge = (help: string, ...labels: readonly string[]): Family => ({ type: 'gauge', help, labels });
const histogram = (help: string, ...labels: readonly string[]): Family => ({ type: 'histogram', help, labels });

const CALL = ['tenant', 'role', 'caller_domain', 'kind', 'target', 'operation', 'status'] as const;
const USE = ['tenant', 'role', 'kind', 'target', 'caller', 'team'] as const;
const ENDPOINT = ['role', 'via', 'tenant', 'kind', 'target', 'endpoint'] as const;
const BUDGET = ['tenant', 'budget', 'unit'] as const;
const NODE = ['tenant', 'node'] as const;

export const FAMILIES = {
  airspace_calls_total: counter('Finished calls.', ...CALL),
  airspace_call_duration_seconds: histogram('Time from the first byte in to the end of the reply.', ...CALL),
  airspace_call_faults_total: counter(
    'Calls that ended in a fault, by its code.',
    ...['tenant', 'role', 'kind', 'target', 'code'],
  ),
  airspace_request_bytes_total: counter('Payload of calls.', 'tenant', 'role', 'kind', 'target'),
  airspace_reply_bytes_total: counter('Payload of replies.', 'tenant', 'role', 'kind', 'target'),

  airspace_tokens_total: counter('Tokens that calls came to, as targets report them.', ...USE, 'direction'),
  airspace_cost_usd_total: counter('US dollars that priced calls came to.', ...USE),

  airspace_outcomes_total: counter(
    'Pieces of work by how they ended, as agents, people and runs of plans say it.',
    ...['tenant', 'role', 'agent', 'task', 'result'],
  ),
  airspace_outcome_score: histogram(
    'Scores of those that have one, from 0 to 1.',
    ...['tenant', 'role', 'agent', 'task'],
  ),

  airspace_decisions_total: counter(
    'Decisions of policy, by effect and by the level whose rule brought it about; `all` for an allow, which needs every level.',
    ...['tenant', 'role', 'effect', 'level'],
  ),
  airspace_decision_duration_seconds: histogram('Time that a decision took.', 'role', 'effect'),
  airspace_holds_total: counter('Calls that came to wait for people.', 'tenant', 'role', 'outcome'),
  airspace_policy_fallback_total: counter(
    'Sets of rules that cedar-wasm evaluated, because an operator in them is unknown to the fast engine.',
  ),
  airspace_policy_oracle_checked_total: counter('Decisions that were taken again by cedar-wasm.'),
  airspace_policy_oracle_mismatch_total: counter(
    'Decisions that cedar-wasm takes differently. Anything but 0 is an alarm.',
  ),
  airspace_policy_oracle_dropped_total: counter('Decisions that were to be taken again and found no room.'),
  airspace_policy_oracle_failed_total: counter('Decisions about which cedar-wasm gave no answer.'),

  airspace_budget_spent: gauge('Spent in this window, of the fullest account of the budget.', ...BUDGET),
  airspace_budget_reserved: gauge('Set aside for calls that run, of that account.', ...BUDGET),
  airspace_budget_limit: gauge('What that account may come to, with what was added to it.', ...BUDGET),
  airspace_budget_used_ratio: gauge('Spent and set aside, as a share of the limit of that account.', ...BUDGET),
  airspace_budget_runs_out_seconds: gauge(
    'Time until that account is empty at the pace of the last hour; absent when it lasts until its window ends.',
    ...BUDGET,
  ),
  airspace_budget_refused_total: counter('Calls that a budget had too little left for.'),
  airspace_budget_cut_total: counter('Streams that a budget cut.'),
  airspace_budget_soft_total: counter('Accounts that reached their soft limit.'),
  airspace_budget_flagged_total: counter('Calls whose reported usage could not be true.'),
  airspace_budget_expired_total: counter('Reservations that nobody settled in time.'),
  airspace_budget_paused: gauge('Calls that wait for room in a budget.'),
  airspace_leases_open: gauge('Parts of budgets that nodes below draw on now.', 'node'),

  airspace_alerts: gauge('Alerts by the state that they are in.', 'tenant', 'severity', 'state'),
  airspace_incidents_opened_total: counter('Alerts that fired.', 'tenant', 'severity'),

  airspace_breaker_open: gauge(
    '1 while the breaker of an endpoint is open or tries again, 0 while closed.',
    ...ENDPOINT,
  ),
  airspace_breaker_transitions_total: counter('Changes of breakers, by what they became.', 'role', 'state'),
  airspace_endpoint_eligible: gauge('1 while an endpoint takes calls.', ...ENDPOINT),
  airspace_endpoint_calls_running: gauge('Calls under way at an endpoint.', ...ENDPOINT),

  airspace_calls_running: gauge('Calls in the works on this node.', 'role'),
  airspace_calls_waiting: gauge('Calls that wait for their turn on this node.', 'role'),
  airspace_overload_level: gauge(
    'How much is turned away: 0 nothing, 1 batch work, 2 all but interactive, 3 nearly all.',
  ),

  airspace_snapshot_sequence: gauge('Number of the configuration in force here.'),
  airspace_snapshot_age_seconds: gauge('Time since this node last heard that its configuration is the newest.'),
  airspace_orders_age_seconds: gauge('Time since this node last heard that its list of orders to stop is the newest.'),
  airspace_hub_silent_seconds: gauge('Time since this node last heard its hub.'),
  airspace_node_up: gauge('1 while a node that joined here is heard, 0 while it is silent.', ...NODE),
  airspace_node_silent_seconds: gauge('Time since a node that joined here was last heard.', ...NODE),
  airspace_node_snapshot_lag: gauge('Configurations that a node that joined here is behind.', ...NODE),
  airspace_node_orders_lag_seconds: gauge(
    'From the publication of the newest orders to stop until a node carried them out, or until now while it has not.',
    ...NODE,
  ),
  airspace_node_lost_events: gauge('Finished calls that a node says it could not hand over.', ...NODE),
  airspace_mesh_refused_total: counter('Connections and requests between nodes that were refused.', 'reason'),
  airspace_mesh_without_peer_total: counter(
    'Calls that were to go directly, reached no sidecar of their target, and went through the hub.',
  ),

  airspace_audit_waiting_records: gauge('Lines of the audit that are not on disk yet.'),
  airspace_audit_lost_total: counter('Lines of the audit that could not be kept.'),
  airspace_audit_unsent_records: gauge('Lines of the audit of this node that its hub does not have yet.'),
  airspace_spool_events: gauge('Finished calls of this node that its hub does not have yet.'),
  airspace_telemetry_dropped_total: counter('Finished calls that could not be kept.', 'reason'),
  airspace_logs_dropped_total: counter(
    'Records of logs that could not be kept or handed up; `rate` and `sender` are of nodes that joined here.',
    'reason',
  ),
  airspace_telemetry_events: gauge('Finished calls that are kept here.'),
  airspace_telemetry_bytes: gauge('What finished calls and spans of agents take, as it is held against the limit.'),
  airspace_telemetry_file_bytes: gauge('Telemetry on the disk, with sums, usage and free space.'),
  airspace_telemetry_limit_bytes: gauge('What finished calls and spans of agents may take.'),
  airspace_telemetry_removed_total: counter(
    'Finished calls that were removed to make room, or left out of a sample.',
    'reason',
  ),
  airspace_otlp_spans_sent_total: counter('Spans that the collector took.'),
  airspace_otlp_spans_waiting: gauge('Spans that wait for the collector.'),
  airspace_otlp_spans_dropped_total: counter('Spans that the collector did not get.', 'reason'),
  airspace_otlp_points_sent_total: counter('Points of metrics that the collector took.'),
  airspace_otlp_points_dropped_total: counter(
    'Points of metrics that the collector did not get. What they say is in the next ones.',
    'reason',
  ),
  airspace_agent_spans_kept_total: counter('Spans that agents said and that were kept.'),
  airspace_agent_spans_dropped_total: counter('Spans that agents said and that were not kept.', 'reason'),
  airspace_agent_spans_waiting: gauge('What agents said at this node and its hub does not have yet.'),
  airspace_agent_spans_unhanded_total: counter('What agents said at this node and its hub did not get.', 'reason'),
  airspace_metrics_other_total: counter(
    'Observations counted under `other`, for want of room in their family.',
    'family',
  ),
  airspace_metrics_left_out: gauge(
    'Series that were left out of this answer, for want of room in their family.',
    'family',
  ),
  airspace_metrics_failed_total: counter('Sources that could not be read for an answer.', 'source'),

  airspace_build_info: gauge('Always 1.', 'version', 'node', 'role'),
  process_start_time_seconds: gauge('Unix time at which the process started.'),
  process_cpu_seconds_total: counter('Processor time of the process.'),
  process_resident_memory_bytes: gauge('Memory of the process.'),
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof FAMILIES;

/** Their values come from closed lists, and stay what they are when names become `other`. */
export const CLOSED_LABELS: ReadonlySet<string> = new Set([
  ...[
    'role',
    'kind',
    'status',
    'code',
    'direction',
    'effect',
    'outcome',
    'reason',
    'result',
    'severity',
    'state',
    'unit',
    'via',
  ],
]);
