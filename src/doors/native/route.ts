/**
 * Paths of the native protocol. Names never need escaping, so a path with an escape, a query or a dot segment is not ours; ranges of
 * versions do, and only there both are read.
 */
import type { TargetKind } from '../../contract/index.ts';

export type Route =
  | {
      readonly kind: 'call';
      readonly target: { readonly kind: TargetKind; readonly name: string; readonly operation: string };
    }
  /** `ranges`: as the path says them, escapes undone; the request may say it elsewhere too. */
  | { readonly kind: 'capability'; readonly name: string; readonly ranges: readonly string[] }
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
const CAPABILITY_PATHS = 'POST /v1/capabilities/{name}@{range}';
const RECORD_PATHS = 'GET /v1/calls/{id}, GET /v1/calls/{id}/reply, DELETE /v1/calls/{id}';
export const PATHS = `${CALL_PATHS}; ${CAPABILITY_PATHS}; ${RECORD_PATHS}`;

/** Undefined: somebody else's path. */
export const routeOf = (method: string, path: string): Route | undefined => {
  // The list of all calls is for operators, and behind another door.
  if (!path.startsWith('/v1/') || path === '/v1/calls') return undefined;
  const [first = '', second = '', third, ...rest] = path.slice('/v1/'.length).split('/');
  if (first === 'capabilities')
    return capabilityRoute(
      method,
      [second, third, ...rest].filter((one) => one !== undefined),
    );
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

/** A range may hold a slash as little as a name does. The list of all of them is for operators, and behind another door. */
const capabilityRoute = (method: string, rest: readonly string[]): Route | undefined => {
  if (method !== 'POST') return undefined;
  const [path = '', query, ...more] = rest.join('/').split('?');
  const text = unescaped(path);
  const at = text?.indexOf('@') ?? -1;
  const name = text === undefined || at < 0 ? text : text.slice(0, at);
  const params = new URLSearchParams(query ?? '');
  const isOurs = [...params.keys()].every((key) => key === 'range') && more.length === 0;
  if (text === undefined || name === undefined || !isOurs || !OPERATION.test(name)) return { kind: 'nowhere' };
  return { kind: 'capability', name, ranges: [...(at < 0 ? [] : [text.slice(at + 1)]), ...params.getAll('range')] };
};

const unescaped = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

export const allowedMethods = (route: Route): readonly string[] => {
  if (route.kind === 'call' || route.kind === 'capability') return ['POST'];
  if (route.kind === 'record') return route.reply ? ['GET'] : ['GET', 'DELETE'];
  return [];
};
