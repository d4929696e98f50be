/** Who may ask for what: where a request may come from, who sent it, and whether that is enough for its route. */
import type { IncomingMessage } from 'node:http';
import { type Credential, DEFAULT_TENANT, Fault, HEADERS, type Principal } from '../../contract/index.ts';

/** Each holds what those before it hold. */
const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/**
 * The least that may ask. `node`: a node that joined, about itself. A role: users who have it or a higher one; with `agents`
 * also every agent, whose route then shows it nothing but its own. `everyTenant`: only the tenant that runs the node.
 */
export interface Access {
  readonly least: Role | 'node';
  readonly agents?: true;
  readonly everyTenant?: true;
}

/** A browser says where a page is from; pages of other origins have no business here, and neither have their forms. */
export const refuseForeignPages = (req: IncomingMessage): void => {
  const { origin, host } = req.headers;
  const site = req.headers['sec-fetch-site'];
  const foreign =
    (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none');
  if (foreign) throw new Fault('denied', 'pages of other origins may not use the admin interface');
};

export const isFromThisMachine = (req: IncomingMessage): boolean =>
  /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/.test(req.socket.remoteAddress ?? '');

const TOKEN = /^[A-Za-z0-9._~+/-]{1,8192}=*$/;

/** An assertion of a node keeps its scheme in front: no API key can contain the space, so neither passes for the other. */
export const credentialOf = (req: IncomingMessage): Credential => {
  const { authorization } = req.headers;
  if (authorization === undefined) return { kind: 'none' };
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, Math.max(0, space)).toLowerCase();
  const token = authorization.slice(space + 1).trim();
  if ((scheme !== 'bearer' && scheme !== HEADERS.nodeScheme) || !TOKEN.test(token))
    throw new Fault('unauthenticated', 'the authorization header must be `Bearer` and an API key');
  return { kind: 'bearer', token: scheme === HEADERS.nodeScheme ? `${HEADERS.nodeScheme} ${token}` : token };
};

/** Throws `denied` when the principal is not enough for the route. `param` is the node that a node route is about. */
export const authorise = (principal: Principal, access: Access, param: string): void => {
  const { least } = access;
  if (least === 'node') {
    if (principal.kind !== 'node' || principal.id !== param)
      throw new Fault('denied', 'only the node itself may ask this, with its own assertion');
    return;
  }
  if (access.agents === true && principal.kind === 'agent') return;
  if (principal.kind !== 'user' || !holds(principal.roles, least))
    throw new Fault('denied', `this needs role \`${least}\`; ask an admin to add it to your User resource`);
  if (access.everyTenant === true && principal.tenant !== DEFAULT_TENANT)
    throw new Fault('denied', `this concerns every tenant and needs role \`${least}\` in tenant \`${DEFAULT_TENANT}\``);
};

const holds = (roles: readonly string[], least: Role): boolean => {
  const enough: readonly string[] = ROLES.slice(ROLES.indexOf(least));
  return roles.some((role) => enough.includes(role));
};
