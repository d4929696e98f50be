/** A real OpenID Connect provider on loopback, and a browser of the plainest kind that logs in with it. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  /** How often somebody asked what it is. */
  readonly discoveries: () => number;
}

const CLIENT = {
  client_id: 'airspace',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
};

/** `callbacks` are paths on 127.0.0.1 of any port. Everybody exists, is in group `staff`, and the name is the address. */
export const startProvider = async (idTokenSeconds = 300): Promise<TestProvider> => {
  const server = http.createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirects = ['http://127.0.0.1/callback', 'http://127.0.0.1/login/callback'];
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: redirects }],
    features: { devInteractions: { enabled: true }, deviceFlow: { enabled: true } },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
    conformIdTokenClaims: false,
    ttl: { IdToken: idTokenSeconds },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@corp.example`, email_verified: true, groups: ['staff'] }),
    }),
  });
  let discoveries = 0;
  server.on('request', ({ url = '' }) => {
    if (url.startsWith('/.well-known/')) discoveries++;
  });
  server.on('request', provider.callback());
  return {
    issuer,
    discoveries: () => discoveries,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

/** Follows redirects, keeps cookies of each origin, and fills in the forms of the provider. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** Goes there, logs in wherever it is asked to, and answers the page where it all ends. */
  async logIn(start: string, name: string): Promise<Page> {
    let page = await this.open(start);
    for (let step = 0; step < 10; step++) {
      const form = /<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(page.text);
      if (form === null || !/interaction|device/.test(form[1]!)) return page;
      const fields = new URLSearchParams({ login: name, password: 'anything' });
      for (const [input] of form[2]!.matchAll(/<input[^>]*>/g)) {
        const field = /name="([^"]*)"/.exec(input)?.[1];
        const value = /value="([^"]*)"/.exec(input)?.[1];
        if (field !== undefined && value !== undefined) fields.set(field, value);
      }
      page = await this.open(new URL(form[1]!, page.url).href, { method: 'POST', body: fields });
    }
    throw new Error(`the way in does not end: ${page.url}`);
  }

  async open(url: string, init: RequestInit = {}): Promise<Page> {
    let at = url;
    let asked = init;
    for (let hop = 0; hop < 20; hop++) {
      const { origin } = new URL(at);
      const response = await fetch(at, {
        ...asked,
        redirect: 'manual',
        headers: { ...(asked.headers as Record<string, string> | undefined), cookie: this.cookies(origin) },
      });
      this.#keep(origin, response);
      const to = response.headers.get('location');
      if (to === null) return { url: at, status: response.status, text: await response.text() };
      await response.body?.cancel();
      at = new URL(to, at).href;
      asked = {};
    }
    throw new Error(`too many redirects at ${at}`);
  }

  cookies(origin: string): string {
    return [...(this.#jars.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(origin: string, response: Response): void {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      if (/;\s*max-age=0|expires=Thu, 01 Jan 1970/i.test(cookie)) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}
