/** Who may ask for what: where a request may come from, who sent it, and whether that is enough for its route. */
import type { IncomingMessage } from 'node:http';
import {
  type AdminRole,
  adminRolesOf,
  type Credential,
  DEFAULT_TENANT,
  Fault,
  HEADERS,
  isForCalls,
  type Principal,
  type Rights,
  WHOLE_TENANT,
} from '../../contract/index.ts';

/**
 * The least that may ask. A role, or any of several: users who have it or one that holds it; with `agents` also every agent, whose
 * route then shows it nothing but its own. `agent`: agents only. `anybody`: who is known, about themselves. With `domains` also users
 * who administer a domain, whose rights are then that domain. `everyTenant`: only the tenant that runs the node.
 */
export interface Access {
  readonly least: AdminRole | readonly AdminRole[] | 'agent' | 'anybody';
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
  if (least === 'anybody') return WHOLE_TENANT;
  if (principal.kind === 'agent' && (agents === true || least === 'agent')) {
    if (!isForCalls(principal)) throw new Fault('denied', 'this needs a key with scope `call`');
    return WHOLE_TENANT;
  }
  if (least === 'agent') throw new Fault('denied', 'this is for agents, with a key of their own');
  const wanted = typeof least === 'string' ? [least] : least;
  const holdsRole = hasOne(principal, wanted);
  const looksAfter = domains === true && administersAny(principal) && isOpen(principal, wanted);
  if (!holdsRole && !looksAfter) throw refusal(principal, wanted);
  if (everyTenant === true && principal.tenant !== DEFAULT_TENANT)
    throw new Fault(
      'denied',
      `this concerns every tenant and needs role ${either(wanted)} in tenant \`${DEFAULT_TENANT}\``,
    );
  return holdsRole ? WHOLE_TENANT : domainsOf(principal);
};

const refusal = (principal: Principal, wanted: readonly AdminRole[]): Fault => {
  const { scopes, ...whole } = principal;
  if (scopes !== undefined && (hasOne(whole, wanted) || administersAny(whole)))
    return new Fault(
      'denied',
      `this needs role ${either(wanted)}, and your key is narrowed to scopes ${scopes.map((scope) => `\`${scope}\``).join(', ')}; use another key`,
    );
  return new Fault('denied', `this needs role ${either(wanted)}; ask an admin to add it to your User resource`);
};

/** Of a person, with what their credential is narrowed to. */
type Asking = Pick<Principal, 'kind' | 'roles' | 'scopes'>;

/** INVARIANT: the only place where roles become rights at this door. They are for people: an agent that has one has none here. */
const hasOne = ({ kind, roles, scopes }: Asking, wanted: readonly AdminRole[]): boolean => {
  if (kind !== 'user') return false;
  const held = adminRolesOf(scopes === undefined ? { roles } : { roles, scopes });
  return wanted.some((role) => held.has(role));
};

/** Do the scopes of a key let through what such a role could do? */
const isOpen = ({ kind, scopes }: Principal, wanted: readonly AdminRole[]): boolean =>
  hasOne({ kind, roles: ['admin'], ...(scopes === undefined ? {} : { scopes }) }, wanted);

const either = (roles: readonly AdminRole[]): string => roles.map((role) => `\`${role}\``).join(' or ');

/** Roles are for people, and so are domains to look after. */
export const administersAny = ({ kind, administers = [] }: Principal): boolean =>
  kind === 'user' && administers.length > 0;

/** What the principal reaches without any role. */
export const domainsOf = (principal: Principal): Rights => ({
  kind: 'domains',
  tenant: principal.tenant,
  domains: administersAny(principal) ? (principal.administers ?? []) : [],
});

/** May see what is there, and not only what it may call. */
export const isOperator = (principal: Asking): boolean => hasOne(principal, ['operator']);
