/** Paths of the native protocol. Names never need escaping, so a path with an escape, a query or a dot segment is not ours. */
import type { TargetKind } from '../../contract/index.ts';

export type Route =
  | {
      readonly kind: 'call';
      readonly target: { readonly kind: TargetKind; readonly name: string; readonly operation: string };
    }
  | { readonly kind: 'record'; readonly id: string; readonly reply: boolean }
  /** Under our roof, but no room of ours. */
  | { readonly kind: 'nowhere' };

const KINDS: ReadonlyMap<string, TargetKind> = new Map([
  ['agents', 'agent'],
  ['tools', 'tool'],
  ['models', 'model'],
]);

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const OPERATION = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const CALL_ID = /^[0-9a-f]{32}$/;

const CALL_PATHS = 'POST /v1/{agents|tools|models}/{name}/{operation}';
const RECORD_PATHS = 'GET /v1/calls/{id}, GET /v1/calls/{id}/reply, DELETE /v1/calls/{id}';
export const PATHS = `${CALL_PATHS}; ${RECORD_PATHS}`;

/** Undefined: somebody else's path. */
export const routeOf = (method: string, path: string): Route | undefined => {
  // The list of all calls is for operators, and behind another door.
  if (!path.startsWith('/v1/') || path === '/v1/calls') return undefined;
  const [first = '', second = '', third, ...rest] = path.slice('/v1/'.length).split('/');
  if (first === 'calls') return recordRoute(second, third, rest);
  const kind = KINDS.get(first);
  if (kind === undefined) return undefined;
  if (third !== undefined && rest.length === 0 && NAME.test(second) && OPERATION.test(third))
    return { kind: 'call', target: { kind, name: second, operation: third } };
  return method === 'POST' ? { kind: 'nowhere' } : undefined;
};

const recordRoute = (id: string, tail: string | undefined, rest: readonly string[]): Route => {
  const known = CALL_ID.test(id) && rest.length === 0 && (tail === undefined || tail === 'reply');
  return known ? { kind: 'record', id, reply: tail === 'reply' } : { kind: 'nowhere' };
};

export const allowedMethods = (route: Route): readonly string[] => {
  if (route.kind === 'call') return ['POST'];
  if (route.kind === 'record') return route.reply ? ['GET'] : ['GET', 'DELETE'];
  return [];
};
