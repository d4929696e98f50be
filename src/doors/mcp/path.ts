/** Paths of the MCP door: everything at once, one server as if it were here itself, and what OAuth clients look for first. */

/** Where a request goes. `target` null: everything that the caller may use. */
export interface Place {
  readonly target: string | null;
}

export type Route =
  | { readonly kind: 'mcp'; readonly place: Place }
  | { readonly kind: 'metadata'; readonly resource: string };

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Undefined: somebody else's path. */
export const routeOf = (url: string): Route | undefined => {
  const path = url.split('?', 1)[0]!;
  const place = placeOf(path);
  if (place !== undefined) return { kind: 'mcp', place };
  if (path === WELL_KNOWN) return { kind: 'metadata', resource: '/mcp' };
  if (!path.startsWith(`${WELL_KNOWN}/`)) return undefined;
  const resource = path.slice(WELL_KNOWN.length);
  return placeOf(resource) === undefined ? undefined : { kind: 'metadata', resource };
};

const placeOf = (path: string): Place | undefined => {
  if (path === '/mcp' || path === '/mcp/') return { target: null };
  const name = path.startsWith('/mcp/') ? path.slice('/mcp/'.length) : '';
  return NAME.test(name) ? { target: name } : undefined;
};

export const pathOf = ({ target }: Place): string => (target === null ? '/mcp' : `/mcp/${target}`);

/** RFC 9728: where the metadata of a resource stands. */
export const metadataPathOf = (place: Place): string => WELL_KNOWN + pathOf(place);
