/** What the login door asks of a node: it shows forms and sets cookies, and others know who somebody is. */
import type { Principal } from '../../contract/index.ts';

export interface LoginProvider {
  /** `tenant/name`. */
  readonly id: string;
  readonly issuer: string;
}

/** A login that waits for the browser to come back. */
export interface Begun {
  /** Where the browser goes. */
  readonly url: string;
  /** What only the browser that began may finish. */
  readonly ticket: string;
}

export interface SessionView {
  readonly principal: Principal;
  readonly csrf: string;
}

type WithCookies = { readonly headers: { readonly cookie?: string | undefined } };

export interface LoginPorts {
  /** Those with which people can log in. */
  providers(): readonly LoginProvider[];
  /** Throws `not_found` for an unknown provider, `unavailable` when it cannot be reached. */
  begin(provider: string, redirectUri: string): Promise<Begun>;
  /** The value of a session cookie. Throws `unauthenticated`, with one text for every cause. */
  finish(ticket: string, returned: URL): Promise<string>;
  /** The same for an API key of a person. `from`: address of the machine that asks. Throws `unauthenticated` and `rate_limited`. */
  byKey(key: string, from: string): string;
  session(request: WithCookies): SessionView | undefined;
  isCsrf(session: SessionView, shown: string | undefined): boolean;
  end(request: WithCookies): void;
  /** `Set-Cookie` of a session; empty value: it goes away. */
  cookie(value: string): string;
  /** This node is reached with TLS. */
  readonly secure: boolean;
  /** API keys may be typed in: on a machine of one's own. */
  readonly keys: boolean;
}
