/** The same result in the words of the other era. Both take and give JSON text of an object. */
import { membersOf, objectOf } from './members.ts';
import { META } from './meta.ts';
import { isCacheable } from './methods.ts';

/** What a legacy server says once, in its handshake, and a modern one with every result. */
export interface ServerInfo {
  readonly name: string;
  readonly version: string;
}

/** Nothing is known of how long a legacy result holds, nor for whom: so not at all, and for nobody else. */
export const modernResult = (method: string, json: string, server?: unknown): string => {
  const members = new Map(membersOf(json));
  if (!members.has('resultType')) members.set('resultType', '"complete"');
  if (isCacheable(method)) {
    if (!members.has('ttlMs')) members.set('ttlMs', '0');
    if (!members.has('cacheScope')) members.set('cacheScope', '"private"');
  }
  if (server !== undefined) {
    const meta = new Map(membersOf(members.get('_meta') ?? '{}'));
    meta.set(META.serverInfo, JSON.stringify(server));
    members.set('_meta', objectOf(meta));
  }
  return objectOf(members);
};

/** A legacy `result` is `complete` or nothing: what else there is goes to the client as requests of the server. */
export const legacyResult = (method: string, json: string): string => {
  const members = new Map(membersOf(json));
  members.delete('resultType');
  if (isCacheable(method)) {
    members.delete('ttlMs');
    members.delete('cacheScope');
  }
  const meta = new Map(membersOf(members.get('_meta') ?? '{}'));
  meta.delete(META.serverInfo);
  if (meta.size === 0) members.delete('_meta');
  else members.set('_meta', objectOf(meta));
  return objectOf(members);
};

/** `complete`, `input_required`, `task`, or whatever an extension made up. */
export const resultTypeOf = (json: string): string => {
  const type = membersOf(json)?.get('resultType');
  const parsed: unknown = type === undefined ? 'complete' : JSON.parse(type);
  return typeof parsed === 'string' ? parsed : '';
};
