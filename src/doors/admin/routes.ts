/** Every path of the admin interface with the least that may ask it. INVARIANT: what is not in this table is not served. */
import { bootstrap, createToken } from './access.ts';
import type { Answer } from './answer.ts';
import { approve, deny, edit, getApproval, listApprovals } from './approvals.ts';
import { auditHead, readAudit, searchAudit } from './audit.ts';
import type { Access } from './authorise.ts';
import { lease, listBudgets, payersOf, topUp } from './budgets.ts';
import { CHANGING } from './changing.ts';
import { applyResources, deleteResources, diffResources, history, listResources, rollback } from './configuration.ts';
import { discover } from './discover.ts';
import { createKey, listKeys, revokeKey, rotateKey } from './keys.ts';
import { liftKill, listKills, orderKill } from './kills.ts';
import { heartbeat, join, leave, listNodes, nodeEvents, nodeStream, removeNode } from './nodes.ts';
import { calls, logs, metrics, status, stream, top, trace } from './observe.ts';
import { can, diagnose, explain } from './policy.ts';
import { announce, drain, instances, targets, withdraw } from './registry.ts';
import {
  activateRelease,
  approveRelease,
  getRelease,
  listReleases,
  replayRelease,
  rollbackRelease,
  shadowRelease,
  stageRelease,
} from './releases.ts';
import type { AdminRequest, NodeRequest, OpenRequest } from './request.ts';
import { listSecrets, rekeySecrets, removeSecret, setSecret } from './secrets.ts';
import { acceptTool, getTool, listTools } from './tools.ts';
import { listUnknown, resolveUnknown } from './unknown.ts';
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
  // A revision is the configuration of all tenants.
  route('POST', '/v1/revisions/{number}:rollback', { least: 'admin', domains: true, everyTenant: true }, rollback),

  route('GET', '/v1/policy/releases', { least: 'viewer', domains: true }, listReleases),
  // A proposal changes nothing until somebody else's route says so.
  route('POST', '/v1/policy/releases', { least: ['developer', 'policy-admin'], domains: true }, stageRelease),
  // Changes nothing, but reads a lot.
  route('POST', '/v1/policy/releases:replay', { least: REPLAYING, domains: true }, replayRelease),
  route('POST', '/v1/policy/releases:rollback', { least: 'policy-admin', domains: true }, rollbackRelease),
  route('GET', '/v1/policy/releases/{hex}', { least: 'viewer', domains: true }, getRelease),
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

  route('GET', '/v1/unknown', { least: 'operator' }, listUnknown),
  route('POST', '/v1/unknown/{hex}:resolve', { least: 'operator' }, resolveUnknown),

  route('GET', '/v1/audit', { least: ['operator', 'auditor'] }, searchAudit),
  route('GET', '/v1/audit/records', { least: ['operator', 'auditor'] }, readAudit),
  route('GET', '/v1/audit/head', { least: ['operator', 'auditor'] }, auditHead),

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
  // Clauses are for operators: whoever sees one can try to satisfy it.
  route('GET', '/v1/traces/{hex}/explain', { least: 'operator', domains: true }, explain),
  route('GET', '/v1/calls', { least: 'viewer', domains: true }, calls),
  route('GET', '/v1/top', { least: 'viewer', domains: true }, top),
  route('GET', '/v1/logs', { least: 'viewer' }, logs),
  route('GET', '/v1/events/stream', { least: 'viewer', domains: true }, stream),

  route('POST', '/v1/policy:can', { least: 'viewer', domains: true }, can),
  // Whoever may list the policy of the whole tenant: corrections are names from all of it. Nothing is kept.
  route('POST', '/v1/policy/diagnose', { least: 'viewer' }, diagnose),

  route('GET', '/v1/targets', { least: 'viewer', agents: true, domains: true }, targets),
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
];
