/** What a node lends to its login door: providers of the snapshot, the trip to one of them, and sessions that hold while their proof does. */
import { randomBytes } from 'node:crypto';
import * as oidc from 'openid-client';
import { Fault, type Principal, type ProviderEntry } from '../../contract/index.ts';
import { isLoopback, type ListenOptions } from '../../doors/index.ts';
import { type LoginDoor, type LoginPorts, loginDoor } from '../../doors/login/index.ts';
import type { GuardedFetch } from '../../egress/index.ts';
import {
  isCsrf,
  keyIdOf,
  LoginThrottle,
  type Proof,
  Sessions,
  sessionCookie,
  unauthenticated,
} from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { Discovered } from './discovered.ts';
import type { LivePipeline } from './live.ts';

interface LoginParts {
  readonly live: LivePipeline;
  readonly world: World;
  readonly fetch: GuardedFetch;
  readonly secure: boolean;
  /** Bound to this machine only: then keys may be typed in. */
  readonly keys: boolean;
  readonly failed: (issuer: string, cause: unknown) => void;
  readonly discovered: Discovered<oidc.Configuration>;
}

/** How long a browser may be away at the provider. */
const AWAY_MS = 10 * 60_000;
const MOST_AWAY = 1_000;

interface Away {
  readonly provider: ProviderEntry;
  readonly config: oidc.Configuration;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
  readonly untilMs: number;
}

export const sessionsOf = (live: LivePipeline, world: World, secure: boolean): Sessions =>
  new Sessions({ clock: world.clock, secure, again: (proof, wallMs) => again(live, proof, wallMs) });

/** Over a network that reads along, a cookie would be everybody's: then there is no login. */
export const loginDoors = (
  { host, tls }: Pick<ListenOptions, 'host' | 'tls'>,
  { live, world, fetch, logger }: Pick<LoginParts, 'live' | 'world' | 'fetch'> & { readonly logger: Logger },
  sessions: Sessions,
): readonly LoginDoor[] => {
  const secure = tls !== undefined;
  const keys = isLoopback(host);
  if (!secure && !keys) return [];
  const failed = (issuer: string, cause: unknown): void =>
    logger.log('warn', 'a login came to nothing', { issuer, cause: Fault.from(cause).message });
  const discovered = new Discovered<oidc.Configuration>(world.clock);
  return [loginDoor(loginPorts({ live, world, fetch, secure, keys, failed, discovered }, sessions), world.random)];
};

const loginPorts = (parts: LoginParts, sessions: Sessions): LoginPorts => {
  const { live, world, secure } = parts;
  const away = new Map<string, Away>();
  const throttle = new LoginThrottle(world.clock);
  const providers = (): readonly ProviderEntry[] =>
    (live.snapshot?.providers ?? []).filter(({ clientId, users }) => clientId !== undefined && users !== undefined);
  return {
    secure,
    keys: parts.keys,
    providers: () => providers().map((one) => ({ id: idOf(one), issuer: one.issuer })),
    begin: async (id, redirectUri) => {
      const provider = providers().find((one) => idOf(one) === id);
      if (provider === undefined) throw new Fault('not_found', 'nobody logs in with this provider');
      const begun = await beginAt(parts, provider, redirectUri);
      if (away.size >= MOST_AWAY) away.delete(away.keys().next().value!);
      const ticket = randomBytes(32).toString('base64url');
      away.set(ticket, begun.away);
      return { url: begun.url, ticket };
    },
    finish: async (ticket, returned) => {
      const found = away.get(ticket);
      away.delete(ticket);
      if (found === undefined || world.clock.nowMs() >= found.untilMs) throw unauthenticated();
      return sessions.begin(await proofFrom(parts, found, returned));
    },
    byKey: (token, from) => {
      throttle.count(`from ${from}`, `key ${keyIdOf(token) ?? ''}`);
      const proof = { kind: 'key', token } as const;
      if (again(live, proof, world.clock.wallMs()) === undefined) throw unauthenticated();
      return sessions.begin(proof);
    },
    session: (request) => sessions.resolve(request),
    isCsrf,
    end: (request) => sessions.end(request),
    cookie: (value) => sessionCookie(value, secure),
  };
};

const idOf = ({ tenant, name }: ProviderEntry): string => `${tenant}/${name}`;

/** Sessions are for people: an agent has nothing to do at a browser, and a node even less. */
const again = (live: LivePipeline, proof: Proof, wallMs: number): Principal | undefined => {
  try {
    const found =
      proof.kind === 'key'
        ? live.resolver.resolve({ kind: 'bearer', token: proof.token }, wallMs)
        : live.principalOf(proof, wallMs);
    return found instanceof Promise || found?.kind !== 'user' ? undefined : found;
  } catch {
    return undefined;
  }
};

const beginAt = async (
  parts: LoginParts,
  provider: ProviderEntry,
  redirectUri: string,
): Promise<{ readonly url: string; readonly away: Away }> => {
  const config = await configurationOf(parts, provider);
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const untilMs = parts.world.clock.nowMs() + AWAY_MS;
  return { url: url.href, away: { provider, config, verifier, state, nonce, untilMs } };
};

/** Whoever wants to log in is a stranger yet: how often the provider is asked is not up to them. */
const configurationOf = (parts: LoginParts, provider: ProviderEntry): Promise<oidc.Configuration> =>
  parts.discovered.of(JSON.stringify([provider.issuer, provider.clientId]), () => discover(parts, provider));

const discover = async (parts: LoginParts, { issuer, clientId = '' }: ProviderEntry): Promise<oidc.Configuration> => {
  const url = new URL(issuer);
  try {
    return await oidc.discovery(url, clientId, undefined, oidc.None(), {
      [oidc.customFetch]: guarded(parts.fetch),
      // The guard decides where plain HTTP may go.
      ...(url.protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {}),
    });
  } catch (cause) {
    parts.failed(issuer, cause);
    throw new Fault('unavailable', `\`${issuer}\` cannot be asked now`, { cause });
  }
};

/** What the library fetches goes the same way as everything else that others wrote down. */
const guarded =
  (fetch: GuardedFetch): oidc.CustomFetch =>
  async (url, { method, headers, body }) => {
    const sent = body instanceof URLSearchParams ? body.toString() : body;
    const response = await fetch(url, {
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      ...(typeof sent === 'string' ? { body: sent } : {}),
    });
    const type = response.headers['content-type'];
    return new Response(new Uint8Array(response.body), {
      status: response.status,
      headers: typeof type === 'string' ? { 'content-type': type } : {},
    });
  };

/** INVARIANT: the ID token is verified like every other token, by our own rules and pinned algorithms, before it counts. */
const proofFrom = async (parts: LoginParts, away: Away, returned: URL): Promise<Proof> => {
  const { provider, config, verifier, state, nonce } = away;
  try {
    const tokens = await oidc.authorizationCodeGrant(config, returned, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    await parts.live.resolver.resolve({ kind: 'bearer', token: tokens.id_token ?? '' }, parts.world.clock.wallMs());
    return { kind: 'claims', tenant: provider.tenant, provider: provider.name, claims: { ...tokens.claims() } };
  } catch (cause) {
    parts.failed(provider.issuer, cause);
    throw unauthenticated();
  }
};
