/** People at a browser: records on this side, and on theirs a cookie that says nothing but which record. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock, Principal } from '../contract/index.ts';

/** What somebody proved when the session began. It is looked at again with every request, so that who is removed is out at once. */
export type Proof =
  | { readonly kind: 'key'; readonly token: string }
  | {
      readonly kind: 'claims';
      readonly tenant: string;
      readonly provider: string;
      readonly claims: Readonly<Record<string, unknown>>;
    };

export interface SessionParts {
  readonly clock: Clock;
  /** This node is reached with TLS. */
  readonly secure: boolean;
  /** Who the proof stands for now; undefined when nobody any more. Must not throw. */
  readonly again: (proof: Proof, wallMs: number) => Principal | undefined;
}

export const SESSION_LONGEST_MS = 12 * 3_600_000;
export const SESSION_IDLE_MS = 30 * 60_000;
const MOST_SESSIONS = 10_000;

interface Session {
  readonly proof: Proof;
  readonly csrf: string;
  /** On the monotonic clock. */
  readonly beganMs: number;
  usedMs: number;
}

export interface Opened {
  readonly principal: Principal;
  /** Goes with everything that changes something; a page of ours can read it, another site cannot. */
  readonly csrf: string;
}

/** Kept in memory: a restart logs everybody out, and no disk has anything that lets somebody in. */
export class Sessions {
  readonly #parts: SessionParts;
  /** By hash of the cookie, so that not even our memory has what a browser shows. Oldest first. */
  readonly #sessions = new Map<string, Session>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** The value of a new cookie. */
  begin(proof: Proof): string {
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    const id = secret();
    const nowMs = this.#parts.clock.nowMs();
    this.#sessions.set(hashOf(id), { proof, csrf: secret(), beganMs: nowMs, usedMs: nowMs });
    return id;
  }

  /** Who the cookie of a request stands for; undefined for nobody. */
  resolve(request: { readonly headers: { readonly cookie?: string | undefined } }): Opened | undefined {
    const id = sessionIdIn(request.headers.cookie, this.#parts.secure);
    if (id === undefined) return undefined;
    const hash = hashOf(id);
    const session = this.#sessions.get(hash);
    if (session === undefined) return undefined;
    const { clock, again } = this.#parts;
    const nowMs = clock.nowMs();
    const isOver = nowMs - session.beganMs >= SESSION_LONGEST_MS || nowMs - session.usedMs >= SESSION_IDLE_MS;
    const principal = isOver ? undefined : again(session.proof, clock.wallMs());
    if (principal === undefined) {
      this.#sessions.delete(hash);
      return undefined;
    }
    session.usedMs = nowMs;
    return { principal, csrf: session.csrf };
  }

  end(request: { readonly headers: { readonly cookie?: string | undefined } }): void {
    const id = sessionIdIn(request.headers.cookie, this.#parts.secure);
    if (id !== undefined) this.#sessions.delete(hashOf(id));
  }
}

/** Is it the token of the session? In constant time. */
export const isCsrf = ({ csrf }: Opened, shown: string | undefined): boolean => {
  const [a, b] = [Buffer.from(csrf), Buffer.from(shown ?? '')];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** With TLS the browser itself sees to it that no other host or path sets it; it wants `Secure` for that. */
export const sessionCookieName = (secure: boolean): string => (secure ? '__Host-airspace' : 'airspace-session');

/** `value` empty: the cookie goes away. */
export const sessionCookie = (value: string, secure: boolean): string =>
  `${sessionCookieName(secure)}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${value === '' ? 0 : SESSION_LONGEST_MS / 1000}${secure ? '; Secure' : ''}`;

/** Undefined when there is none, or two: then somebody else set one of them. */
const sessionIdIn = (cookies: string | undefined, secure: boolean): string | undefined => {
  const values = cookieValues(cookies, sessionCookieName(secure));
  return values.length === 1 ? values[0] : undefined;
};

const cookieValues = (cookies: string | undefined, name: string): string[] =>
  (cookies ?? '').split(';').flatMap((pair) => {
    const [key = '', ...value] = pair.trim().split('=');
    return key === name ? [value.join('=')] : [];
  });

const secret = (): string => randomBytes(32).toString('base64url');
const hashOf = (id: string): string => createHash('sha256').update(id).digest('base64');
