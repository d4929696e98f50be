/** Paths of the A2A door: whom a request is for, in which binding, and what it asks. */
import { CARD_PATH, CARD_PATH_02, OPERATIONS, type OperationFacts } from '../../dialects/a2a/index.ts';
import { type Addressed, isName, ROOTS } from './targets.ts';
import type { Version } from './version.ts';

export type Route =
  | { readonly kind: 'card'; readonly addressed: Addressed }
  | { readonly kind: 'keys' }
  | { readonly kind: 'rpc'; readonly addressed: Addressed }
  | {
      readonly kind: 'rest';
      readonly addressed: Addressed;
      /** Of the path; null: the header says. */
      readonly version: Version | null;
      /** What it may be; the method of HTTP decides. */
      readonly matches: readonly Match[];
    }
  /** Under our roof, but no room of ours. */
  | { readonly kind: 'nowhere' };

export interface Match {
  readonly facts: OperationFacts;
  readonly verbs: readonly string[];
  /** Members of the request that the path names. */
  readonly named: Readonly<Record<string, string>>;
}

const BASE = '/a2a';
export const KEYS_PATH = `${BASE}/.well-known/jwks.json`;

/** Undefined: somebody else's path. */
export const routeOf = (path: string): Route | undefined => {
  if (path === CARD_PATH || path === CARD_PATH_02) return { kind: 'card', addressed: null };
  if (path !== BASE && !path.startsWith(`${BASE}/`)) return undefined;
  if (path === KEYS_PATH) return { kind: 'keys' };
  const { addressed, rest } = addressedIn(path.slice(BASE.length));
  if (rest === '' || rest === '/') return { kind: 'rpc', addressed };
  if (rest === CARD_PATH || rest === CARD_PATH_02) return { kind: 'card', addressed };
  const isOld = rest.startsWith('/v1/');
  const matches = matchesOf(isOld ? rest.slice('/v1'.length) : rest, isOld);
  return matches.length === 0
    ? { kind: 'nowhere' }
    : { kind: 'rest', addressed, version: isOld ? '0.3' : null, matches };
};

/** What can follow the address of the node itself; an agent of such a name is reached as `/a2a/agents/{name}`. */
const RESERVED = /^(?:message:|tasks$|extendedAgentCard$|v1$|\.well-known$|card$)/;

const addressedIn = (path: string): { readonly addressed: Addressed; readonly rest: string } => {
  const [, first = '', second = ''] = path.split('/');
  const kind = first === 'agents' ? 'agent' : ROOTS[first];
  if (kind !== undefined && isName(second))
    return { addressed: { kind, name: second }, rest: path.slice(first.length + second.length + 2) };
  if (first !== '' && isName(first) && !RESERVED.test(first))
    return { addressed: { kind: 'agent', name: first }, rest: path.slice(first.length + 1) };
  return { addressed: null, rest: path };
};

const ID = '([A-Za-z0-9._~-]{1,256})';

const PATTERNS = OPERATIONS.map((facts) => {
  const names: string[] = [];
  const source = facts.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name);
    return ID;
  });
  return { facts, names, pattern: new RegExp(`^${source}$`) };
});

const matchesOf = (path: string, isOld: boolean): readonly Match[] =>
  PATTERNS.flatMap(({ facts, names, pattern }) => {
    const isOldCard = isOld && facts.method === 'GetExtendedAgentCard' && path === '/card';
    const found = pattern.exec(path);
    if (found === null && !isOldCard) return [];
    if (isOld && facts.method03 === '') return [];
    const named = Object.fromEntries(names.map((name, at) => [name, found?.[at + 1] ?? '']));
    // The text of the specification and its .proto differ about this one.
    const verbs = facts.method === 'SubscribeToTask' ? ['GET', 'POST'] : [facts.verb];
    return [{ facts, verbs, named }];
  });
