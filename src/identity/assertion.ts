/** How nodes speak for callers to each other: a short-lived signed sentence "iss tells aud that this is principal". */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Clock, FACT_READER, type NodeEntry, type Principal } from '../contract/index.ts';
import { type NodeKey, verifySignature } from './nodekey.ts';
import { unauthenticated } from './refusal.ts';

export const ASSERTION_VALID_MS = 60_000;
/** Signing costs about 50 microseconds: the same sentence is said again for half of its life. */
export const ASSERTION_REUSE_MS = 30_000;
/** How far a signer's clock may run ahead of ours. */
export const CLOCK_SKEW_MS = 60_000;
const LONGEST = 8192;
const CACHE_LIMIT = 10_000;
/** Domain separation: a signature under an assertion can never pass for one under a snapshot. */
const PURPOSE = 'assertion\n';

const short = z.string().min(1).max(255);
const Claims = z.strictObject({
  iss: short,
  aud: short,
  principal: z.strictObject({
    kind: z.enum(['agent', 'user', 'node']),
    tenant: short,
    id: short,
    domain: short.exactOptional(),
    roles: z.array(short).max(100),
    teams: z.array(short).max(100).exactOptional(),
  }),
  /** Unix milliseconds. */
  exp: z.number().int(),
  iat: z.number().int(),
});
type Claims = z.output<typeof Claims>;

/** Signs for one node, and reuses what it signed per principal and audience. */
export class AssertionSigner {
  readonly #nodeId: string;
  readonly #key: NodeKey;
  readonly #clock: Clock;
  readonly #validMs: number;
  readonly #said = new Map<string, { readonly token: string; readonly reuseUntilMs: number }>();

  constructor(nodeId: string, key: NodeKey, clock: Clock, validMs = ASSERTION_VALID_MS) {
    this.#validMs = validMs;
    this.#nodeId = nodeId;
    this.#key = key;
    this.#clock = clock;
  }

  /** The token for `authorization: Airspace-Node <token>`. */
  assert(principal: Principal, audience: string): string {
    const who = [
      audience,
      principal.kind,
      principal.tenant,
      principal.id,
      principal.domain ?? '',
      ...principal.roles,
      '',
      ...(principal.teams ?? []),
    ].join('\n');
    const wallMs = this.#clock.wallMs();
    const said = this.#said.get(who);
    if (said !== undefined && wallMs < said.reuseUntilMs && wallMs >= said.reuseUntilMs - ASSERTION_REUSE_MS)
      return said.token;
    const token = this.#sign(principal, audience, Math.floor(wallMs));
    remember(this.#said, who, { token, reuseUntilMs: wallMs + ASSERTION_REUSE_MS });
    return token;
  }

  #sign(principal: Principal, audience: string, iat: number): string {
    const claims: Claims = {
      iss: this.#nodeId,
      aud: audience,
      principal: saidOf(principal),
      exp: iat + this.#validMs,
      iat,
    };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${payload}.${this.#key.sign(PURPOSE + payload).toString('base64url')}`;
  }
}

/** Scopes stay behind: they were held against what this node was asked, and another one is only ever asked to call. */
const saidOf = ({ kind, tenant, id, domain, roles, teams }: Principal): Claims['principal'] => ({
  kind,
  tenant,
  id,
  ...(domain === undefined ? {} : { domain }),
  roles: [...roles],
  ...(teams === undefined ? {} : { teams: [...teams] }),
});

/** What a node knows about others when it is spoken to; answers change with every snapshot and roster. */
export interface KnownNodes {
  node(id: string): NodeEntry | undefined;
  /** Domain of a declared agent: empty for the organisation itself, undefined when nobody declared it. */
  domainOfAgent(tenant: string, agent: string): string | undefined;
  /** Is `domain` the other one, or below it? */
  isWithin(tenant: string, domain: string, ancestor: string): boolean;
}

interface Verified {
  readonly claims: Claims;
  /** Key that the signature was checked with: a node that joined again must sign again. */
  readonly publicKey: string;
}

/** Verifies for one audience. Remembers signatures that held, by hash of the token; everything else is asked anew each time. */
export class AssertionVerifier {
  readonly #audience: string;
  readonly #known: KnownNodes;
  readonly #validMs: number;
  readonly #verified = new Map<string, Verified>();

  constructor(audience: string, known: KnownNodes, validMs = ASSERTION_VALID_MS) {
    this.#validMs = validMs;
    this.#audience = audience;
    this.#known = known;
  }

  /** Who the call is from, as the sending node says and may say. Throws `unauthenticated`, with one text for every cause. */
  verify(token: string, wallMs: number): Principal {
    const { claims, publicKey } = this.#signed(token);
    const issuer = this.#known.node(claims.iss);
    if (issuer === undefined || issuer.publicKey !== publicKey || claims.aud !== this.#audience)
      throw unauthenticated();
    if (!isTimely(claims, wallMs, this.#validMs)) throw unauthenticated();
    const principal = spokenFor(issuer, claims.principal, this.#audience, this.#known);
    if (principal === undefined) throw unauthenticated();
    return principal;
  }

  #signed(token: string): Verified {
    if (token.length > LONGEST) throw unauthenticated();
    const hash = createHash('sha256').update(token).digest('base64');
    const before = this.#verified.get(hash);
    if (before !== undefined) return before;
    const verified = checkSignature(token, this.#known);
    remember(this.#verified, hash, verified);
    return verified;
  }
}

const checkSignature = (token: string, known: KnownNodes): Verified => {
  const [payload = '', signature = '', ...rest] = token.split('.');
  const claims = rest.length === 0 ? parseClaims(payload) : undefined;
  const issuer = claims === undefined ? undefined : known.node(claims.iss);
  if (claims === undefined || issuer === undefined) throw unauthenticated();
  if (!verifySignature(issuer.publicKey, PURPOSE + payload, Buffer.from(signature, 'base64url')))
    throw unauthenticated();
  return { claims, publicKey: issuer.publicKey };
};

const parseClaims = (payload: string): Claims | undefined => {
  try {
    return Claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
};

const isTimely = (claims: Claims, wallMs: number, validMs: number): boolean =>
  claims.iat <= wallMs + CLOCK_SKEW_MS && claims.exp > wallMs && claims.exp - claims.iat <= validMs;

/**
 * INVARIANT: a node never speaks for more than its place allows, and what it may not choose (roles, the domain of its own agent) is
 * taken from our records instead of its words.
 */
const spokenFor = (
  issuer: NodeEntry,
  claimed: Claims['principal'],
  audience: string,
  known: KnownNodes,
): Principal | undefined => {
  // Airspace asking for a fact, passed on from node to node. Policy lets it call nothing but what a fact asks.
  if (claimed.kind === 'node' && claimed.id === FACT_READER) {
    const own = issuer.role === 'hub' || claimed.tenant === issuer.tenant;
    return own ? { kind: 'node', tenant: claimed.tenant, id: FACT_READER, roles: [] } : undefined;
  }
  if (claimed.kind === 'node') {
    return claimed.id === issuer.id && claimed.tenant === issuer.tenant ? nodePrincipal(issuer) : undefined;
  }
  if (issuer.role === 'hub') return claimed;
  if (claimed.tenant !== issuer.tenant) return undefined;
  if (issuer.role === 'domain' && isGateOf(issuer, known.node(audience), known)) return claimed;
  if (claimed.kind !== 'agent') return undefined;
  return issuer.role === 'sidecar' ? ownAgent(issuer, claimed) : agentOfDomain(issuer, claimed, known);
};

/**
 * Calls into a delegated domain come through its hub, whoever makes them: nodes inside believe it about every caller of the
 * tenant. A domain hub that lies deceives its own domain only.
 */
const isGateOf = (hub: NodeEntry, self: NodeEntry | undefined, known: KnownNodes): boolean =>
  self !== undefined && self.tenant === hub.tenant && known.isWithin(self.tenant, self.domain, hub.domain);

const ownAgent = ({ tenant, agent, domain }: NodeEntry, claimed: Claims['principal']): Principal | undefined =>
  agent !== '' && claimed.id === agent && (claimed.domain ?? domain) === domain
    ? agentPrincipal(tenant, agent, domain)
    : undefined;

/** A domain hub may know agents that nobody declared here; a declared one keeps the domain that it was declared in. */
const agentOfDomain = (issuer: NodeEntry, claimed: Claims['principal'], known: KnownNodes): Principal | undefined => {
  const domain = known.domainOfAgent(claimed.tenant, claimed.id) ?? claimed.domain ?? '';
  return domain !== '' && known.isWithin(claimed.tenant, domain, issuer.domain)
    ? agentPrincipal(claimed.tenant, claimed.id, domain)
    : undefined;
};

const agentPrincipal = (tenant: string, id: string, domain: string): Principal => ({
  kind: 'agent',
  tenant,
  id,
  ...(domain === '' ? {} : { domain }),
  roles: [],
});

/** A node speaking for itself: towards the node link, never towards agents. */
export const nodePrincipal = (node: NodeEntry): Principal => ({
  kind: 'node',
  tenant: node.tenant,
  id: node.id,
  ...(node.domain === '' ? {} : { domain: node.domain }),
  roles: [],
});

const remember = <V>(cache: Map<string, V>, key: string, value: V): void => {
  cache.delete(key);
  if (cache.size >= CACHE_LIMIT) cache.delete(cache.keys().next().value!);
  cache.set(key, value);
};
