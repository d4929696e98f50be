/** What a server of one era would have said in the other: sessions with those that have none, and what each says of itself. */
import { CODES, LEGACY, META, MODERN, membersOf, objectOf, SESSION_HEADER } from '../../dialects/mcp/index.ts';
import type { Talk } from './answering.ts';
import { failed } from './said.ts';
import type { Session } from './sessions.ts';
import { EMPTY, local } from './talks.ts';
import type { Wire } from './wire.ts';

export const begunWith = ({ init, handle }: Session): Talk =>
  local('legacy', { kind: 'result', result: init, headers: [[SESSION_HEADER, handle]] });

export const follow = (session: Session, method: string, params: string): Talk => {
  const { uri } = JSON.parse(params) as { readonly uri?: unknown };
  if (typeof uri !== 'string' || uri.length > 2_000 || session.uris.size >= 100)
    return local('legacy', failed({ code: CODES.invalidParams, message: '`uri` must be one, and not one too many' }));
  if (method === 'resources/subscribe') session.uris.add(uri);
  else session.uris.delete(uri);
  session.changed();
  return local('legacy', EMPTY);
};

export const virtualSession = ({ endpoint, scope }: Wire, owner: string, init: string): Session => ({
  handle: scope.ids.callId(),
  owner,
  endpoint,
  era: 'modern',
  sid: '',
  version: MODERN,
  init,
  serverInfo: undefined,
  nextId: 1,
  asked: new Map(),
  uris: new Set(),
  changed: () => {},
  logLevel: undefined,
  inFlight: 0,
  usedMs: scope.clock.nowMs(),
});

/** `initialize` as a modern server would have answered it. */
export const initOf = (discover: string, params: string): string => {
  const members = membersOf(discover);
  const asked: unknown = JSON.parse(membersOf(params)?.get('protocolVersion') ?? 'null');
  const version = LEGACY.find((one) => one === asked) ?? LEGACY[0];
  const server = membersOf(members?.get('_meta') ?? '{}')?.get(META.serverInfo);
  const instructions = members?.get('instructions');
  return objectOf([
    ['protocolVersion', JSON.stringify(version)],
    ['capabilities', members?.get('capabilities') ?? '{}'],
    ['serverInfo', server ?? '{"name":"mcp-server","version":"0"}'],
    ...(instructions === undefined ? [] : [['instructions', instructions] as const]),
  ]);
};

/** `server/discover` as a legacy server would have answered it. */
export const discoverOf = ({ init }: Session): string => {
  const members = membersOf(init);
  const instructions = members?.get('instructions');
  return objectOf([
    ['supportedVersions', JSON.stringify([MODERN])],
    ['capabilities', members?.get('capabilities') ?? '{}'],
    ...(instructions === undefined ? [] : [['instructions', instructions] as const]),
  ]);
};
