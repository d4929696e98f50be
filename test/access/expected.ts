/**
 * Who gets in where, written down by hand and by nobody's code: the other opinion that every route is held against. A route that is
 * not here fails the build; whoever adds one says here who may use it.
 */
import type { Who } from './scene.ts';

export interface Expected {
  /** Everybody else is turned away, sees nothing of what is called here, and reaches no target. */
  readonly in: readonly Who[];
  /** Of those who get in, the ones who may see what the target is and says. Default: all of them. */
  readonly see?: readonly Who[];
  /** A call: the target is reached by whoever gets in. */
  readonly calls?: true;
}

const GONE: readonly Who[] = ['garbage', 'expired', 'revoked', 'halted'];
const AGENTS: readonly Who[] = ['alice', 'bob', 'stranger-agent'];
/** A cookie alone is enough to look, and for nothing that changes something. */
const LOOKING: readonly Who[] = ['adam-at-another-page'];
const ADMINS: readonly Who[] = ['adam-admin', 'adam-at-a-browser', 'stranger-admin'];
const KNOWN: readonly Who[] = [
  ...AGENTS,
  ...ADMINS,
  'alice-reading',
  'ursula',
  'vera-viewer',
  'olga-operator',
  'dora-developer',
  'adam-reading',
];
const NODES: readonly Who[] = ['node', 'node-for-bob'];

const everybody: Expected = { in: ['nobody', ...GONE, ...KNOWN, ...LOOKING, ...NODES], see: [] };
/** Their own proof, which none of these is: the door says no, or that nothing came. */
const noneOfThese: Expected = { in: [] };
/** `adam-reading` is narrowed to it, and `olga` and `dora` hold it. */
const viewers = (looks: boolean): Expected => ({
  in: ['vera-viewer', 'olga-operator', 'dora-developer', 'adam-reading', ...ADMINS, ...(looks ? LOOKING : [])],
});
const withRole = (roles: readonly Who[], looks: boolean): Expected => ({
  in: [...roles, ...ADMINS, ...(looks ? LOOKING : [])],
});
const operators = (looks: boolean): Expected => withRole(['olga-operator'], looks);
const developers = withRole(['dora-developer'], false);
const admins = (looks: boolean): Expected => withRole([], looks);
/** What concerns every tenant. */
const onlyHere = (looks: boolean): Expected => ({
  in: ['adam-admin', 'adam-at-a-browser', ...(looks ? LOOKING : [])],
});
const known = (looks: boolean): Expected => ({ in: [...KNOWN, ...(looks ? LOOKING : [])], see: [] });
const agents: Expected = { in: AGENTS, see: [] };
const viewersAndAgents: Expected = {
  in: [...viewers(true).in, ...AGENTS],
  see: ['alice', 'olga-operator', 'adam-admin', 'adam-at-a-browser', 'adam-at-another-page'],
};
const node: Expected = { in: ['node'], see: [] };
const browsers: Expected = { in: ['adam-at-a-browser', ...LOOKING] };
const catalog: Expected = {
  in: ['nobody', ...KNOWN, ...NODES, ...LOOKING],
  see: ['alice'],
};
const call: Expected = { in: ['alice'], calls: true };
const owner: Expected = { in: ['alice'] };

export const EXPECTED: Readonly<Record<string, Expected>> = {
  'listener: GET /healthz': everybody,
  'listener: HEAD /healthz': everybody,
  'listener: GET /readyz': everybody,
  'listener: HEAD /readyz': everybody,

  'native: POST /v1/agents/{name}/{operation}': call,
  'native: POST /v1/tools/{name}/{operation}': call,
  'native: POST /v1/models/{name}/{operation}': call,
  'native: GET /v1/calls/{id}': owner,
  'native: DELETE /v1/calls/{id}': owner,
  'native: GET /v1/calls/{id}/reply': owner,

  'catalog: GET /.well-known/ai-catalog.json': catalog,
  'catalog: GET /.well-known/ard.json': catalog,
  'catalog: POST /registry/search': catalog,
  'catalog: POST /registry/explore': catalog,
  'catalog: GET /registry/agents': catalog,
  'catalog: GET /registry/agents/{urn}': { in: ['alice'] },

  'openapi: GET /openapi.json': everybody,
  'openapi: HEAD /openapi.json': everybody,

  'login: GET /login': everybody,
  'login: POST /login': noneOfThese,
  'login: GET /login/callback': noneOfThese,
  'login: GET /session': browsers,
  'login: POST /logout': noneOfThese,

  'admin: GET /metrics': {
    in: ['vera-viewer', 'olga-operator', 'dora-developer', 'adam-reading', ...onlyHere(true).in],
  },
  'admin: GET /v1/whoami': known(true),
  'admin: GET /v1/status': viewers(true),
  'admin: GET /v1/resources': viewers(true),
  'admin: POST /v1/resources:diff': viewers(false),
  'admin: POST /v1/resources:apply': developers,
  'admin: POST /v1/resources:delete': developers,
  'admin: POST /v1/discover': developers,
  'admin: GET /v1/revisions': viewers(true),
  'admin: POST /v1/revisions/{number}:rollback': onlyHere(false),
  'admin: GET /v1/policy/releases': viewers(true),
  'admin: POST /v1/policy/releases': developers,
  'admin: POST /v1/policy/releases:replay': withRole(['olga-operator', 'dora-developer'], false),
  'admin: POST /v1/policy/releases:rollback': admins(false),
  'admin: GET /v1/policy/releases/{hex}': viewers(true),
  'admin: POST /v1/policy/releases/{hex}:shadow': admins(false),
  'admin: POST /v1/policy/releases/{hex}:activate': admins(false),
  'admin: POST /v1/policy/releases/{hex}:approve': admins(false),
  'admin: GET /v1/kills': viewers(true),
  'admin: POST /v1/kills': operators(false),
  'admin: DELETE /v1/kills/{name}': operators(false),
  'admin: GET /v1/approvals': known(true),
  'admin: GET /v1/approvals/{hex}': known(true),
  'admin: POST /v1/approvals/{hex}:approve': known(false),
  'admin: POST /v1/approvals/{hex}:deny': known(false),
  'admin: POST /v1/approvals/{hex}:edit': known(false),
  'admin: GET /v1/unknown': operators(true),
  'admin: POST /v1/unknown/{hex}:resolve': operators(false),
  'admin: GET /v1/audit': operators(true),
  'admin: GET /v1/audit/records': operators(true),
  'admin: GET /v1/audit/head': operators(true),
  'admin: GET /v1/budgets': viewers(true),
  'admin: GET /v1/budgets/{name}/payers': viewers(true),
  'admin: POST /v1/budgets/{name}:topup': admins(false),
  'admin: GET /v1/keys': admins(true),
  'admin: POST /v1/keys': admins(false),
  'admin: POST /v1/keys/{name}:rotate': admins(false),
  'admin: DELETE /v1/keys/{name}': admins(false),
  'admin: GET /v1/secrets': admins(true),
  'admin: POST /v1/secrets': admins(false),
  'admin: POST /v1/secrets:rotate': admins(false),
  'admin: DELETE /v1/secrets/{name}': admins(false),
  'admin: POST /v1/tokens': admins(false),
  'admin: POST /v1/bootstrap': noneOfThese,
  'admin: GET /v1/traces/{hex}': viewers(true),
  'admin: GET /v1/traces/{hex}/explain': operators(true),
  'admin: GET /v1/calls': viewers(true),
  'admin: GET /v1/top': viewers(true),
  'admin: GET /v1/logs': viewers(true),
  'admin: GET /v1/events/stream': viewers(true),
  'admin: POST /v1/policy:can': viewers(false),
  'admin: POST /v1/policy/diagnose': viewers(false),
  'admin: GET /v1/targets': viewersAndAgents,
  'admin: GET /v1/instances': viewersAndAgents,
  'admin: POST /v1/instances': agents,
  'admin: DELETE /v1/instances/{id}': agents,
  'admin: POST /v1/instances/{id}:drain': operators(false),
  'admin: GET /v1/nodes': viewers(true),
  'admin: DELETE /v1/nodes/{name}': admins(false),
  'admin: POST /v1/nodes:join': noneOfThese,
  'admin: POST /v1/nodes/{name}:heartbeat': node,
  'admin: POST /v1/nodes/{name}/leases': node,
  'admin: POST /v1/nodes/{name}:leave': node,
  'admin: GET /v1/nodes/{name}/stream': node,
  'admin: POST /v1/nodes/{name}/events': node,

  'pages: GET /approvals/style.css': everybody,
  'pages: GET /approvals': browsers,
  'pages: GET /approvals/{id}': browsers,
  'pages: POST /approvals/{id}': noneOfThese,
  'pages: POST /approvals/login': noneOfThese,
  'pages: POST /approvals/logout': noneOfThese,
};
