/** Who may ask for what: where a request may come from, who sent it, and whether that is enough for its route. */
import type { IncomingMessage } from 'node:http';
import {
  type Credential,
  DEFAULT_TENANT,
  Fault,
  HEADERS,
  type Principal,
  type Rights,
  WHOLE_TENANT,
} from '../../contract/index.ts';

/** Each holds what those before it hold. */
const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/**
 * The least that may ask. A role: users who have it or a higher one; with `agents` also every agent, whose route then shows it
 * nothing but its own. `agent`: agents only. With `domains` also users who administer a domain, whose rights are then that domain.
 * `everyTenant`: only the tenant that runs the node.
 */
export interface Access {
  readonly least: Role | 'agent';
  readonly agents?: true;
  readonly domains?: true;
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

/** Over loopback, or from the very address that it connected to: a node bound to one address has no loopback. */
export const isFromThisMachine = ({ socket }: IncomingMessage): boolean => {
  const from = socket.remoteAddress ?? '';
  return /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/.test(from) || (from !== '' && from === socket.localAddress);
};

const TOKEN = /^[A-Za-z0-9._~+/-]{1,8192}=*$/;

/** The token of one scheme; undefined without a header. Throws `unauthenticated` for another scheme or what is no token. */
const tokenOf = (req: IncomingMessage, scheme: string): string | undefined => {
  const { authorization } = req.headers;
  if (authorization === undefined) return undefined;
  const space = authorization.indexOf(' ');
  const token = authorization.slice(space + 1).trim();
  if (authorization.slice(0, Math.max(0, space)).toLowerCase() !== scheme || !TOKEN.test(token))
    throw new Fault('unauthenticated', `the authorization header must be \`${scheme}\` and a token`);
  return token;
};

export const credentialOf = (req: IncomingMessage): Credential => {
  const token = tokenOf(req, 'bearer');
  return token === undefined ? { kind: 'none' } : { kind: 'bearer', token };
};

/** What a node shows about itself; an API key can never stand in its place. Throws `unauthenticated` when there is none. */
export const assertionOf = (req: IncomingMessage): string => {
  const token = tokenOf(req, HEADERS.nodeScheme);
  if (token === undefined) throw new Fault('unauthenticated', 'a node must send its assertion in `authorization`');
  return token;
};

/** How far the principal reaches on the route. Throws `denied` when it is not enough for it. */
export const authorise = (principal: Principal, { least, agents, domains, everyTenant }: Access): Rights => {
  if (principal.kind === 'agent' && (agents === true || least === 'agent')) return WHOLE_TENANT;
  if (least === 'agent') throw new Fault('denied', 'this is for agents, with a key of their own');
  const holdsRole = principal.kind === 'user' && holds(principal.roles, least);
  if (!holdsRole && !(domains === true && administersAny(principal)))
    throw new Fault('denied', `this needs role \`${least}\`; ask an admin to add it to your User resource`);
  if (everyTenant === true && principal.tenant !== DEFAULT_TENANT)
    throw new Fault('denied', `this concerns every tenant and needs role \`${least}\` in tenant \`${DEFAULT_TENANT}\``);
  return holdsRole ? WHOLE_TENANT : domainsOf(principal);
};

/** Roles are for people, and so are domains to look after. */
const administersAny = ({ kind, administers = [] }: Principal): boolean => kind === 'user' && administers.length > 0;

/** What the principal reaches without any role. */
export const domainsOf = (principal: Principal): Rights => ({
  kind: 'domains',
  tenant: principal.tenant,
  domains: administersAny(principal) ? (principal.administers ?? []) : [],
});

/** What an apply of theirs would be held against: a diff says the same, also to those who may look at more. */
export const changesOf = (principal: Principal, rights: Rights): Rights =>
  administersAny(principal) && !holds(principal.roles, 'admin') ? domainsOf(principal) : rights;

/** May see what is there, and not only what it may call. */
export const isOperator = ({ kind, roles }: Pick<Principal, 'kind' | 'roles'>): boolean =>
  kind === 'user' && holds(roles, 'operator');

const holds = (roles: readonly string[], least: Role): boolean => {
  const enough: readonly string[] = ROLES.slice(ROLES.indexOf(least));
  return roles.some((role) => enough.includes(role));
};
