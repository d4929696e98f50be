/**
 * Who is in front of the pages, while a node has no other way to know: an API key typed into a form on this machine, kept in memory
 * behind a cookie. A seam: whatever else answers `whoIs` can stand in its place.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock, Credential, Principal } from '../../contract/index.ts';
import type { Visitor } from './frame.ts';

/** A working morning is long enough to forget an open browser. */
const VALID_MS = 3_600_000;
const MOST = 1_000;
const COOKIE = 'airspace-pages';

interface Login {
  readonly token: string;
  readonly csrf: string;
  readonly untilMs: number;
}

/** Throws `unauthenticated`. */
export type Resolve = (credential: Credential, wallMs: number) => Principal | Promise<Principal>;

export class Logins {
  readonly #resolve: Resolve;
  readonly #clock: Clock;
  readonly #logins = new Map<string, Login>();

  constructor(resolve: Resolve, clock: Clock) {
    this.#resolve = resolve;
    this.#clock = clock;
  }

  /** The value of `set-cookie`. Throws `unauthenticated` for a key that opens nothing. */
  async begin(token: string, secure: boolean): Promise<string> {
    const nowMs = this.#clock.wallMs();
    await this.#resolve({ kind: 'bearer', token }, nowMs);
    if (this.#logins.size >= MOST) this.#logins.delete(this.#logins.keys().next().value!);
    const id = randomBytes(32).toString('base64url');
    this.#logins.set(id, { token, csrf: randomBytes(32).toString('base64url'), untilMs: nowMs + VALID_MS });
    return cookie(id, VALID_MS / 1_000, secure);
  }

  end(req: IncomingMessage, secure: boolean): string {
    this.#logins.delete(idOf(req));
    return cookie('', 0, secure);
  }

  /** The key is asked each time: one that was revoked sees no further page. */
  async whoIs(req: IncomingMessage): Promise<Visitor | undefined> {
    const id = idOf(req);
    const login = this.#logins.get(id);
    const nowMs = this.#clock.wallMs();
    if (login === undefined || login.untilMs <= nowMs) {
      this.#logins.delete(id);
      return undefined;
    }
    try {
      return { principal: await this.#resolve({ kind: 'bearer', token: login.token }, nowMs), csrf: login.csrf };
    } catch {
      this.#logins.delete(id);
      return undefined;
    }
  }
}

const cookie = (id: string, seconds: number, secure: boolean): string =>
  `${COOKIE}=${id}; Path=/approvals; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure ? '; Secure' : ''}`;

const idOf = ({ headers }: IncomingMessage): string =>
  /(?:^|;\s*)airspace-pages=([A-Za-z0-9_-]{43})(?:;|$)/.exec(headers.cookie ?? '')?.[1] ?? '';
