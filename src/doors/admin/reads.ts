/**
 * What each route reads, for the description of the API: the very schemas that judge it. Its test holds this table against what the
 * routes do; a route that is not here reads nothing.
 */
import type { z } from 'zod';
import { BreakerRequest, KillRequest } from '../../contract/index.ts';
import * as access from './access.ts';
import * as alerts from './alerts.ts';
import * as approvals from './approvals.ts';
import * as audit from './audit.ts';
import * as budgets from './budgets.ts';
import { CapabilitiesQuery } from './capabilities.ts';
import * as configuration from './configuration.ts';
import { DiscoverBody } from './discover.ts';
import * as keys from './keys.ts';
import * as logs from './logs.ts';
import * as nodes from './nodes.ts';
import * as observe from './observe.ts';
import * as plans from './plans.ts';
import * as policy from './policy.ts';
import * as registry from './registry.ts';
import * as releases from './releases.ts';
import * as replays from './replays.ts';
import { SecretBody } from './secrets.ts';
import { SumsQuery } from './sums.ts';
import { AcceptBody } from './tools.ts';
import * as topology from './topology.ts';
import * as unknown from './unknown.ts';
import { UsageQuery } from './usage.ts';

export interface Reads {
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
}

const query = (schema: z.ZodType): Reads => ({ query: schema });
const body = (schema: z.ZodType): Reads => ({ body: schema });

/** By method and path. */
export const READS: Readonly<Record<string, Reads>> = {
  'GET /v1/topology': query(topology.TopologyQuery),
  'GET /v1/topology/advice': query(topology.AdviceQuery),
  'GET /v1/topology/routes/{name}/arms': query(topology.ArmsQuery),
  'GET /v1/resources': query(configuration.ListQuery),
  'POST /v1/resources:diff': body(configuration.ApplyBody),
  'POST /v1/resources:apply': body(configuration.ApplyBody),
  'POST /v1/resources:delete': body(configuration.DeleteBody),
  'GET /v1/revisions': query(configuration.HistoryQuery),
  'POST /v1/revisions/{number}:rollback': body(configuration.RollbackBody),
  'POST /v1/discover': body(DiscoverBody),
  'POST /v1/definitions/{name}:accept': body(AcceptBody),
  'GET /v1/policy/bundles/{name}/versions': query(releases.ListQuery),
  'GET /v1/policy/releases': query(releases.ListQuery),
  'POST /v1/policy/releases': body(releases.StageBody),
  'POST /v1/policy/releases:check': body(releases.CheckBody),
  'POST /v1/policy/releases:replay': body(releases.ReplayBody),
  'POST /v1/policy/releases:rollback': body(releases.ReasonBody),
  'POST /v1/policy/releases/{hex}:shadow': body(releases.ReasonBody),
  'POST /v1/policy/releases/{hex}:activate': body(releases.ActivateBody),
  'POST /v1/policy/releases/{hex}:approve': body(releases.ReasonBody),
  'POST /v1/breakers:force': body(BreakerRequest),
  'POST /v1/kills': body(KillRequest),
  'GET /v1/approvals': query(approvals.Filter),
  'POST /v1/approvals/{hex}:approve': body(approvals.Vote),
  'POST /v1/approvals/{hex}:deny': body(approvals.Vote),
  'POST /v1/approvals/{hex}:edit': body(approvals.Edit),
  'GET /v1/runs': query(plans.RunsQuery),
  'GET /v1/runs/{hex}/events': query(plans.EventsQuery),
  'GET /v1/runs/{hex}/stream': query(plans.EventsQuery),
  'POST /v1/runs/{hex}:retry': body(plans.Retry),
  'POST /v1/runs/{hex}:signal': body(plans.Signal),
  'POST /v1/plans:check': body(plans.Check),
  'GET /v1/unknown': query(unknown.Listing),
  'POST /v1/unknown/{hex}:resolve': body(unknown.Verdict),
  'GET /v1/audit': query(audit.Search),
  'GET /v1/audit/records': query(audit.Page),
  'GET /v1/audit/head': query(audit.Head),
  'GET /v1/audit/verification': query(audit.Head),
  'POST /v1/audit:verify': body(audit.Head),
  'GET /v1/incidents': query(alerts.IncidentsQuery),
  'POST /v1/incidents/{hex}:acknowledge': body(alerts.AcknowledgeBody),
  'POST /v1/incidents/{hex}:close': body(alerts.CloseBody),
  'GET /v1/budgets/{name}/payers': query(budgets.PayersQuery),
  'POST /v1/budgets/{name}:topup': body(budgets.TopUpBody),
  'POST /v1/keys': body(keys.KeyBody),
  'POST /v1/keys/{name}:rotate': body(keys.RotateBody),
  'POST /v1/secrets': body(SecretBody),
  'POST /v1/tokens': body(access.TokenBody),
  'POST /v1/bootstrap': body(access.BootstrapBody),
  'GET /v1/traces/{hex}/compare': query(observe.CompareQuery),
  'POST /v1/replays': body(replays.RequestReplayBody),
  'POST /v1/replays:check': body(replays.ReplayCheckBody),
  'GET /v1/calls': query(observe.CallsQuery),
  'GET /v1/logs': query(logs.LogsQuery),
  'GET /v1/logs/stream': query(logs.FollowQuery),
  'GET /v1/sums': query(SumsQuery),
  'GET /v1/usage': query(UsageQuery),
  'GET /v1/events/stream': query(observe.StreamQuery),
  'POST /v1/policy:can': body(policy.CanBody),
  'POST /v1/policy/diagnose': body(policy.DiagnoseBody),
  'GET /v1/capabilities': query(CapabilitiesQuery),
  'GET /v1/targets': query(registry.TargetsQuery),
  'GET /v1/instances': query(registry.InstancesQuery),
  'POST /v1/instances': body(registry.Report),
  'POST /v1/instances/{id}:drain': body(registry.DrainBody),
  'POST /v1/nodes:join': body(nodes.Anything),
  'POST /v1/nodes/{name}:heartbeat': body(nodes.Anything),
  'POST /v1/nodes/{name}/events': body(nodes.Anything),
  'POST /v1/nodes/{name}/said': body(nodes.Anything),
  'POST /v1/nodes/{name}/logs': body(nodes.Anything),
  'POST /v1/nodes/{name}/audit': body(nodes.Anything),
  'POST /v1/nodes/{name}/checkpoints': body(nodes.Anything),
  'POST /v1/nodes/{name}/exports': body(nodes.Anything),
  'POST /v1/nodes/{name}/sums': body(nodes.Anything),
  'POST /v1/nodes/{name}/leases': body(budgets.LeaseBody),
  'GET /v1/nodes/{name}/stream': query(nodes.Held),
};
