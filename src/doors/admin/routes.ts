/** Every path of the admin interface with the least that may ask it. INVARIANT: what is not in this table is not served. */
import { bootstrap, createKey, createToken } from './access.ts';
import type { Answer } from './answer.ts';
import type { Access } from './authorise.ts';
import { applyResources, deleteResources, diffResources, history, listResources, rollback } from './configuration.ts';
import { heartbeat, join, nodeEvents, nodeStream } from './nodes.ts';
import { calls, logs, metrics, status, stream, top, trace } from './observe.ts';
import { deregister, drain, instances, register, targets } from './registry.ts';
import type { AdminRequest, OpenRequest } from './request.ts';

export type AdminRoute = { readonly method: 'GET' | 'POST' | 'DELETE'; readonly path: string } & (
  | {
      /** The body carries its own proof, a one-time token. `machine`: and it must come from this machine. */
      readonly open: 'anywhere' | 'machine';
      readonly serve: (asked: OpenRequest) => Promise<Answer>;
    }
  | {
      readonly open?: never;
      readonly access: Access;
      readonly serve: (asked: AdminRequest) => Promise<Answer>;
    }
);

/** `{hex}`, `{number}` and `{id}` are the places for a parameter; a path has at most one. */
export const ROUTES: readonly AdminRoute[] = [
  { method: 'GET', path: '/metrics', access: { least: 'viewer', everyTenant: true }, serve: metrics },
  { method: 'GET', path: '/v1/status', access: { least: 'viewer' }, serve: status },

  { method: 'GET', path: '/v1/resources', access: { least: 'viewer' }, serve: listResources },
  { method: 'POST', path: '/v1/resources:diff', access: { least: 'viewer' }, serve: diffResources },
  { method: 'POST', path: '/v1/resources:apply', access: { least: 'admin' }, serve: applyResources },
  { method: 'POST', path: '/v1/resources:delete', access: { least: 'admin' }, serve: deleteResources },
  { method: 'GET', path: '/v1/revisions', access: { least: 'viewer' }, serve: history },
  // A revision is the configuration of all tenants.
  {
    method: 'POST',
    path: '/v1/revisions/{number}:rollback',
    access: { least: 'admin', everyTenant: true },
    serve: rollback,
  },

  { method: 'POST', path: '/v1/keys', access: { least: 'admin' }, serve: createKey },
  { method: 'POST', path: '/v1/tokens', access: { least: 'admin' }, serve: createToken },
  { method: 'POST', path: '/v1/bootstrap', open: 'machine', serve: bootstrap },

  { method: 'GET', path: '/v1/traces/{hex}', access: { least: 'viewer' }, serve: trace },
  { method: 'GET', path: '/v1/calls', access: { least: 'viewer' }, serve: calls },
  { method: 'GET', path: '/v1/top', access: { least: 'viewer' }, serve: top },
  { method: 'GET', path: '/v1/logs', access: { least: 'viewer' }, serve: logs },
  { method: 'GET', path: '/v1/events/stream', access: { least: 'viewer' }, serve: stream },

  { method: 'GET', path: '/v1/targets', access: { least: 'viewer', agents: true }, serve: targets },
  { method: 'GET', path: '/v1/instances', access: { least: 'viewer', agents: true }, serve: instances },
  { method: 'POST', path: '/v1/instances', access: { least: 'operator', agents: true }, serve: register },
  { method: 'DELETE', path: '/v1/instances/{id}', access: { least: 'operator', agents: true }, serve: deregister },
  { method: 'POST', path: '/v1/instances/{id}:drain', access: { least: 'operator' }, serve: drain },

  { method: 'POST', path: '/v1/nodes:join', open: 'anywhere', serve: join },
  { method: 'POST', path: '/v1/nodes/{id}:heartbeat', access: { least: 'node' }, serve: heartbeat },
  { method: 'GET', path: '/v1/nodes/{id}/stream', access: { least: 'node' }, serve: nodeStream },
  { method: 'POST', path: '/v1/nodes/{id}/events', access: { least: 'node' }, serve: nodeEvents },
];
