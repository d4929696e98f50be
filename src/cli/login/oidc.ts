/** Logging in with an OpenID Connect provider from a terminal: by a code that is typed elsewhere, or by a browser on this machine. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oidc from 'openid-client';
import { EXIT, Failure } from '../failure.ts';
import type { Login } from './kept.ts';
import { isLoopbackHost } from './loopback.ts';

export interface LoginRequest {
  readonly issuer: string;
  readonly clientId: string;
}

/** `offline_access` gives what a login is renewed with; a provider that has no such thing leaves it out. */
const SCOPE = 'openid profile email offline_access';

type Tell = (text: string) => void;

/** Tells an address and a code, and waits until somebody has typed it there. */
export const byDevice = async (request: LoginRequest, tell: Tell): Promise<Login> => {
  const config = await configurationOf(request);
  return failing(request, async () => {
    const device = await oidc.initiateDeviceAuthorization(config, { scope: SCOPE });
    tell(`open ${device.verification_uri} and enter ${device.user_code}`);
    if (device.verification_uri_complete !== undefined) tell(`or open ${device.verification_uri_complete}`);
    return loginFrom(request, await oidc.pollDeviceAuthorizationGrant(config, device));
  });
};

const PATIENCE_MS = 5 * 60_000;

/** Tells an address; the browser that logs in there comes back to a port of this machine. */
export const byBrowser = async (request: LoginRequest, tell: Tell): Promise<Login> => {
  const config = await configurationOf(request);
  return failing(request, async () => {
    const back = await comingBack();
    try {
      const verifier = oidc.randomPKCECodeVerifier();
      const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: back.url,
        scope: SCOPE,
        prompt: 'consent',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      tell(`open ${url.href}`);
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      return loginFrom(request, await oidc.authorizationCodeGrant(config, await back.request, checks));
    } finally {
      back.close();
    }
  });
};

/** A new token for one that ends. Throws when the provider wants to see the person again. */
export const renew = async (login: Login): Promise<Login> => {
  if (login.refreshToken === undefined) throw again('the login has ended');
  const { refreshToken } = login;
  const config = await configurationOf(login);
  const answer = await failing(login, () => oidc.refreshTokenGrant(config, refreshToken));
  return loginFrom(login, answer, refreshToken);
};

const again = (message: string): Failure =>
  new Failure(EXIT.notPermitted, message, { code: 'unauthenticated', try: 'airspace login' });

/** Plain HTTP on this machine only: elsewhere the network would read the tokens. */
const configurationOf = ({ issuer, clientId }: LoginRequest): Promise<oidc.Configuration> =>
  failing({ issuer }, () => {
    const url = new URL(issuer);
    const plain = url.protocol === 'http:' && isLoopbackHost(url.hostname);
    return oidc.discovery(
      url,
      clientId,
      undefined,
      oidc.None(),
      plain ? { execute: [oidc.allowInsecureRequests] } : {},
    );
  });

const failing = async <T>({ issuer }: Pick<LoginRequest, 'issuer'>, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    const said =
      thrown instanceof Error && 'error_description' in thrown ? String(thrown.error_description) : undefined;
    throw new Failure(EXIT.notPermitted, `no login with ${issuer}`, {
      because: said ?? (thrown instanceof Error ? thrown.message : String(thrown)),
      code: 'unauthenticated',
    });
  }
};

type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

/** The ID token is what Airspace gets: it names its audience, and every provider signs it. */
const loginFrom = ({ issuer, clientId }: LoginRequest, tokens: Tokens, before?: string): Login => {
  const claims = tokens.claims();
  if (tokens.id_token === undefined || claims === undefined) throw again(`${issuer} gave no ID token`);
  const refreshToken = tokens.refresh_token ?? before;
  return {
    issuer,
    clientId,
    idToken: tokens.id_token,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    expiresAtMs: claims.exp * 1000,
  };
};

interface ComingBack {
  readonly url: string;
  /** The address that the browser came back with. */
  readonly request: Promise<URL>;
  close(): void;
}

const comingBack = async (): Promise<ComingBack> => {
  const came = Promise.withResolvers<URL>();
  const server = http.createServer((req, res) => {
    const url = new URL(req.url ?? '/', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const ours = req.method === 'GET' && url.pathname === '/callback';
    res.writeHead(ours ? 200 : 404, { 'content-type': 'text/plain', connection: 'close' });
    res.end(ours ? 'You can close this page and go back to the terminal.\n' : 'There is nothing here.\n');
    if (ours) came.resolve(url);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const late = setTimeout(() => came.reject(again('nobody came back from the browser')), PATIENCE_MS);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    request: came.promise,
    close: () => {
      clearTimeout(late);
      server.close();
      server.closeIdleConnections();
    },
  };
};
