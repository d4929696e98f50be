/** Every path of the admin interface with the least that may ask it. INVARIANT: what is not in this table is not served. */

import { bootstrap, createToken } from './access.ts';
import { acknowledgeIncident, closeIncident, getIncident, listAlerts, listIncidents } from './alerts.ts';
import type { Answer } from './answer.ts';
import { approve, deny, edit, getApproval, listApprovals } from './approvals.ts';
import { auditHead, auditNodes, auditVerification, readAudit, searchAudit, verifyAudit } from './audit.ts';
import type { Access } from './authorise.ts';
import { forceBreaker, listBreakers } from './breakers.ts';
import { lease, listBudgets, payersOf, topUp } from './budgets.ts';
import { capabilities } from './capabilities.ts';
import { CHANGING } from './changing.ts';
import {
  applyResources,
  deleteResources,
  diffResources,
  history,
  listResources,
  revision,
  rollback,
} from './configuration.ts';
import { discover } from './discover.ts';
import { createKey, listKeys, revokeKey, rotateKey } from './keys.ts';
import { liftKill, listKills, orderKill } from './kills.ts';
import { followLogs, logs } from './logs.ts';
import {
  certificate,
  heartbeat,
  join,
  leave,
  listNodes,
  nodeAudit,
  nodeCheckpoint,
  nodeEvents,
  nodeExports,
  nodeLogs,
  nodeSaid,
  nodeStream,
  nodeSums,
  removeNode,
} from './nodes.ts';
import { calls, compare, metrics, status, stream, top, trace, traceAsOtlp } from './observe.ts';
import {
  cancelRun,
  checkPlan,
  followRun,
  getRun,
  listRuns,
  pauseRun,
  resumeRun,
  retryRun,
  runEvents,
  signalRun,
} from './plans.ts';
import { can, diagnose, explain } from './policy.ts';
import { announce, drain, instances, targets, withdraw } from './registry.ts';
import {
  activateRelease,
  approveRelease,
  bundleVersions,
  checkRelease,
  getRelease,
  listBundles,
  listReleases,
  releaseTexts,
  replayRelease,
  rollbackRelease,
  shadowRelease,
  stageRelease,
} from './releases.ts';
import { checkReplay, replayRequest } from './replays.ts';
import type { AdminRequest, NodeRequest, OpenRequest } from './request.ts';
import { listSecrets, rekeySecrets, removeSecret, setSecret } from './secrets.ts';
import { domainSums } from './sums.ts';
import { acceptTool, getTool, listTools } from './tools.ts';
import { routeArms, topology, topologyAdvice } from './topology.ts';
import { listUnknown, resolveUnknown } from './unknown.ts';
import { usage } from './usage.ts';
import { whoami } from './whoami.ts';

/**
 * `own`: the body carries its own proof, a one-time token; `machine`: and it must come from this machine. `node`: a node that
 * joined, by its assertion, about itself only. `key`: an API key whose principal has the access.
 */
export type AdminRoute = { readonly method: 'GET' | 'POST' | 'DELETE'; readonly path: string } & (
  | { readonly proof: 'own' | 'machine'; readonly serve: (asked: OpenRequest) => Promise<Answer> }
  | { readonly proof: 'node'; readonly serve: (asked: NodeRequest) => Promise<Answer> }
  | { readonly proof: 'key'; readonly access: Access; readonly serve: (asked: AdminRequest) => Promise<Answer> }
);

type KeyRoute = Extract<AdminRoute, { proof: 'key' }>;

const route = (method: AdminRoute['method'], path: string, access: Access, serve: KeyRoute['serve']): AdminRoute => ({
  method,
  path,
  proof: 'key',
  access,
  serve,
});

/** Who proposes, decides about or lives with a release. */
const REPLAYING = ['operator', 'developer', 'policy-admin', 'approver'] as const;

/** `{hex}`, `{number}`, `{name}` and `{id}` are the places for a parameter; a path has at most one. */
export const ROUTES: readonly AdminRoute[] = [
  route('GET', '/metrics', { least: 'viewer', everyTenant: true }, metrics),
  route('GET', '/v1/whoami', { least: 'anybody' }, whoami),
  route('GET', '/v1/status', { least: 'viewer', domains: true }, status),

  route('GET', '/v1/resources', { least: 'viewer', domains: true }, listResources),
  route('POST', '/v1/resources:diff', { least: 'viewer', domains: true }, diffResources),
  route('POST', '/v1/resources:apply', { least: CHANGING, domains: true }, applyResources),
  route('POST', '/v1/resources:delete', { least: CHANGING, domains: true }, deleteResources),
  // Changes nothing, and sends requests.
  route('POST', '/v1/discover', { least: 'developer', domains: true }, discover),
  route('GET', '/v1/revisions', { least: ['viewer', 'auditor'], domains: true }, history),
  route('GET', '/v1/revisions/{number}', { least: 'viewer', domains: true }, revision),
  // A revision is the configuration of all tenants.
  route('POST', '/v1/revisions/{number}:rollback', { least: 'admin', domains: true, everyTenant: true }, rollback),

  route('GET', '/v1/policy/bundles', { least: 'viewer', domains: true }, listBundles),
  route('GET', '/v1/policy/bundles/{name}/versions', { least: 'viewer', domains: true }, bundleVersions),
  route('GET', '/v1/policy/releases', { least: 'viewer', domains: true }, listReleases),
  // A proposal changes nothing until somebody else's route says so.
  route('POST', '/v1/policy/releases', { least: ['developer', 'policy-admin'], domains: true }, stageRelease),
  // For those who could propose it: cases say how calls are decided, and that takes as long as a proposal does.
  route('POST', '/v1/policy/releases:check', { least: ['developer', 'policy-admin'], domains: true }, checkRelease),
  // Changes nothing, but reads a lot.
  route('POST', '/v1/policy/releases:replay', { least: REPLAYING, domains: true }, replayRelease),
  route('POST', '/v1/policy/releases:rollback', { least: 'policy-admin', domains: true }, rollbackRelease),
  route('GET', '/v1/policy/releases/{hex}', { least: 'viewer', domains: true }, getRelease),
  route('GET', '/v1/policy/releases/{hex}/bundles', { least: 'viewer', domains: true }, releaseTexts),
  route('POST', '/v1/policy/releases/{hex}:shadow', { least: 'policy-admin', domains: true }, shadowRelease),
  route('POST', '/v1/policy/releases/{hex}:activate', { least: 'policy-admin', domains: true }, activateRelease),
  route('POST', '/v1/policy/releases/{hex}:approve', { least: ['policy-admin', 'approver'] }, approveRelease),

  route('GET', '/v1/kills', { least: 'viewer', domains: true }, listKills),
  route('POST', '/v1/kills', { least: 'operator', domains: true }, orderKill),
  route('DELETE', '/v1/kills/{name}', { least: 'operator', domains: true }, liftKill),

  // Everybody may ask; the port shows nobody what is not theirs to judge, and takes no vote of an agent.
  route('GET', '/v1/approvals', { least: 'anybody' }, listApprovals),
  route('GET', '/v1/approvals/{hex}', { least: 'anybody' }, getApproval),
  route('POST', '/v1/approvals/{hex}:approve', { least: 'anybody' }, approve),
  route('POST', '/v1/approvals/{hex}:deny', { least: 'anybody' }, deny),
  route('POST', '/v1/approvals/{hex}:edit', { least: 'anybody' }, edit),

  // Everybody may ask about their own; the port shows nobody else's to whoever may not see them.
  route('GET', '/v1/runs', { least: 'anybody' }, listRuns),
  route('GET', '/v1/runs/{hex}', { least: 'anybody' }, getRun),
  route('GET', '/v1/runs/{hex}/events', { least: 'anybody' }, runEvents),
  route('GET', '/v1/runs/{hex}/stream', { least: 'anybody' }, followRun),
  route('POST', '/v1/runs/{hex}:pause', { least: 'anybody' }, pauseRun),
  route('POST', '/v1/runs/{hex}:resume', { least: 'anybody' }, resumeRun),
  route('POST', '/v1/runs/{hex}:cancel', { least: 'anybody' }, cancelRun),
  route('POST', '/v1/runs/{hex}:retry', { least: 'anybody' }, retryRun),
  route('POST', '/v1/runs/{hex}:signal', { least: 'anybody' }, signalRun),
  // Changes nothing, but reads policy.
  route('POST', '/v1/plans:check', { least: 'anybody' }, checkPlan),

  route('GET', '/v1/unknown', { least: 'operator' }, listUnknown),
  route('POST', '/v1/unknown/{hex}:resolve', { least: 'operator' }, resolveUnknown),

  route('GET', '/v1/audit', { least: ['operator', 'auditor'] }, searchAudit),
  route('GET', '/v1/audit/records', { least: ['operator', 'auditor'] }, readAudit),
  route('GET', '/v1/audit/head', { least: ['operator', 'auditor'] }, auditHead),
  route('GET', '/v1/audit/nodes', { least: ['operator', 'auditor'] }, auditNodes),
  route('GET', '/v1/audit/verification', { least: ['operator', 'auditor'] }, auditVerification),
  // Changes nothing, but reads a lot.
  route('POST', '/v1/audit:verify', { least: ['operator', 'auditor'] }, verifyAudit),

  // Over all calls of the tenant, as budgets are.
  route('GET', '/v1/alerts', { least: 'viewer' }, listAlerts),
  route('GET', '/v1/incidents', { least: 'viewer' }, listIncidents),
  route('GET', '/v1/incidents/{hex}', { least: 'viewer' }, getIncident),
  route('POST', '/v1/incidents/{hex}:acknowledge', { least: 'operator' }, acknowledgeIncident),
  route('POST', '/v1/incidents/{hex}:close', { least: 'operator' }, closeIncident),

  route('GET', '/v1/budgets', { least: 'viewer' }, listBudgets),
  route('GET', '/v1/budgets/{name}/payers', { least: 'viewer' }, payersOf),
  route('POST', '/v1/budgets/{name}:topup', { least: 'budget-admin' }, topUp),

  route('GET', '/v1/keys', { least: 'admin' }, listKeys),
  route('POST', '/v1/keys', { least: 'admin' }, createKey),
  route('POST', '/v1/keys/{name}:rotate', { least: 'admin' }, rotateKey),
  route('DELETE', '/v1/keys/{name}', { least: 'admin' }, revokeKey),
  route('GET', '/v1/secrets', { least: 'admin' }, listSecrets),
  route('POST', '/v1/secrets', { least: 'admin' }, setSecret),
  route('POST', '/v1/secrets:rotate', { least: 'admin' }, rekeySecrets),
  route('DELETE', '/v1/secrets/{name}', { least: 'admin' }, removeSecret),
  route('POST', '/v1/tokens', { least: 'admin' }, createToken),
  { method: 'POST', path: '/v1/bootstrap', proof: 'machine', serve: bootstrap },

  route('GET', '/v1/traces/{hex}', { least: 'viewer', domains: true }, trace),
  route('GET', '/v1/traces/{hex}/otlp', { least: 'viewer', domains: true }, traceAsOtlp),
  route('GET', '/v1/traces/{hex}/compare', { least: 'viewer', domains: true }, compare),
  // Clauses are for operators: whoever sees one can try to satisfy it.
  route('GET', '/v1/traces/{hex}/explain', { least: 'operator', domains: true }, explain),
  // An agent is asked, on behalf of whoever asked it then: over all of the tenant, and for those who may stop it too.
  route('POST', '/v1/replays', { least: 'operator' }, replayRequest),
  // Changes nothing, and says which payloads are kept.
  route('POST', '/v1/replays:check', { least: 'operator' }, checkReplay),
  route('GET', '/v1/calls', { least: 'viewer', domains: true }, calls),
  route('GET', '/v1/top', { least: 'viewer', domains: true }, top),
  route('GET', '/v1/breakers', { least: 'viewer', domains: true }, listBreakers),
  route('POST', '/v1/breakers:force', { least: 'operator' }, forceBreaker),
  route('GET', '/v1/sums', { least: 'viewer', domains: true }, domainSums),
  route('GET', '/v1/usage', { least: 'viewer', domains: true }, usage),
  // Over all calls of the tenant: what a part of it looks like from one domain would be another topology.
  route('GET', '/v1/topology', { least: 'viewer' }, topology),
  route('GET', '/v1/topology/advice', { least: 'viewer' }, topologyAdvice),
  route('GET', '/v1/topology/routes/{name}/arms', { least: 'viewer' }, routeArms),
  route('GET', '/v1/logs', { least: 'viewer', domains: true }, logs),
  route('GET', '/v1/logs/stream', { least: 'viewer', domains: true }, followLogs),
  route('GET', '/v1/events/stream', { least: 'viewer', domains: true }, stream),

  route('POST', '/v1/policy:can', { least: 'viewer', domains: true }, can),
  // Whoever may list the policy of the whole tenant: corrections are names from all of it. Nothing is kept.
  route('POST', '/v1/policy/diagnose', { least: 'viewer' }, diagnose),

  route('GET', '/v1/targets', { least: 'viewer', agents: true, domains: true }, targets),
  route('GET', '/v1/capabilities', { least: 'viewer', agents: true, domains: true }, capabilities),
  route('GET', '/v1/definitions', { least: 'viewer', domains: true }, listTools),
  route('GET', '/v1/definitions/{name}', { least: 'viewer', domains: true }, getTool),
  route('POST', '/v1/definitions/{name}:accept', { least: CHANGING, domains: true }, acceptTool),
  route('GET', '/v1/instances', { least: 'viewer', agents: true, domains: true }, instances),
  route('POST', '/v1/instances', { least: 'agent' }, announce),
  route('DELETE', '/v1/instances/{id}', { least: 'agent' }, withdraw),
  route('POST', '/v1/instances/{id}:drain', { least: 'operator' }, drain),

  route('GET', '/v1/nodes', { least: 'viewer', domains: true }, listNodes),
  route('DELETE', '/v1/nodes/{name}', { least: 'admin' }, removeNode),
  { method: 'POST', path: '/v1/nodes:join', proof: 'own', serve: join },
  { method: 'POST', path: '/v1/nodes/{name}:heartbeat', proof: 'node', serve: heartbeat },
  { method: 'POST', path: '/v1/nodes/{name}/leases', proof: 'node', serve: lease },
  { method: 'POST', path: '/v1/nodes/{name}:leave', proof: 'node', serve: leave },
  { method: 'GET', path: '/v1/nodes/{name}/stream', proof: 'node', serve: nodeStream },
  { method: 'POST', path: '/v1/nodes/{name}/events', proof: 'node', serve: nodeEvents },
  { method: 'POST', path: '/v1/nodes/{name}/said', proof: 'node', serve: nodeSaid },
  { method: 'POST', path: '/v1/nodes/{name}/logs', proof: 'node', serve: nodeLogs },
  { method: 'POST', path: '/v1/nodes/{name}/checkpoints', proof: 'node', serve: nodeCheckpoint },
  { method: 'POST', path: '/v1/nodes/{name}/exports', proof: 'node', serve: nodeExports },
  { method: 'POST', path: '/v1/nodes/{name}/sums', proof: 'node', serve: nodeSums },
  { method: 'POST', path: '/v1/nodes/{name}/certificate', proof: 'node', serve: certificate },
  { method: 'POST', path: '/v1/nodes/{name}/audit', proof: 'node', serve: nodeAudit },
];
