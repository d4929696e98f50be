/** Tokens of other issuers: verified with pinned algorithms, remembered by their hash, and turned into a principal of one tenant. */
import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { Fault, type Principal, type ProviderEntry, type Snapshot } from '../../contract/index.ts';
import { unauthenticated } from '../refusal.ts';
import { type Known, principalFrom } from './claims.ts';
import type { KeySet, KeySets } from './keysets.ts';

/** Clocks differ. */
const SKEW_S = 60;
/** However long a token lasts, its signature and its issuer's keys are looked at again after this. */
const REMEMBER_MS = 3_600_000;
const LONGEST = 8_192;
const CACHE_LIMIT = 10_000;

/** Three parts, of which the first is JSON: an API key and an assertion of a node never look like that. */
export const looksLikeJwt = (token: string): boolean => /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*$/.test(token);

interface Remembered {
  readonly principal: Principal;
  /** Unix ms. */
  readonly untilMs: number;
}

export interface TokenParts {
  readonly keySets: KeySets;
  /** Why a token of a provider of ours opened nothing; for the log, because its bearer is never told. */
  readonly refused?: (provider: string, reason: string) => void;
}

/** For one snapshot: what was believed by an older configuration is not believed by this one. */
export class TokenVerifier {
  readonly #providers: readonly ProviderEntry[];
  readonly #keys: ReadonlyMap<ProviderEntry, KeySet>;
  readonly #known: Known;
  readonly #parts: TokenParts;
  readonly #remembered = new Map<string, Remembered>();

  constructor(snapshot: Pick<Snapshot, 'providers' | 'users' | 'targets'>, parts: TokenParts) {
    this.#providers = snapshot.providers ?? [];
    this.#known = knownIn(snapshot);
    this.#parts = parts;
    this.#keys = parts.keySets.use(this.#providers);
  }

  /** Throws `unauthenticated`, with one text for every cause. At once for a token that was here before. */
  verify(token: string, wallMs: number): Principal | Promise<Principal> {
    if (this.#providers.length === 0 || token.length > LONGEST) throw unauthenticated();
    const hash = createHash('sha256').update(token).digest('base64');
    const before = this.#remembered.get(hash);
    if (before !== undefined && wallMs < before.untilMs) return before.principal;
    return this.#fresh(token, hash, wallMs);
  }

  /** The same claims by the configuration of now: whose User resource went away is nobody. */
  principalOf(tenant: string, provider: string, claims: JWTPayload): Principal | undefined {
    const found = this.#providers.find((one) => one.tenant === tenant && one.name === provider);
    return found === undefined ? undefined : principalFrom(found, claims, this.#known);
  }

  async #fresh(token: string, hash: string, wallMs: number): Promise<Principal> {
    const provider = await this.#providerOf(token);
    if (provider === undefined) throw unauthenticated();
    const { principal, untilMs } = await this.#checked(provider, token, wallMs);
    if (this.#remembered.size >= CACHE_LIMIT) this.#remembered.delete(this.#remembered.keys().next().value!);
    this.#remembered.delete(hash);
    this.#remembered.set(hash, { principal, untilMs });
    return principal;
  }

  /** By what the token says of itself, which nobody believes yet: it only chooses who is to confirm it. */
  async #providerOf(token: string): Promise<ProviderEntry | undefined> {
    const { decodeJwt } = await import('jose');
    try {
      const { iss, aud = [] } = decodeJwt(token);
      const audiences = typeof aud === 'string' ? [aud] : aud;
      return this.#providers.find(
        ({ issuer, audience }) => issuer === iss && audience.some((one) => audiences.includes(one)),
      );
    } catch {
      return undefined;
    }
  }

  async #checked(provider: ProviderEntry, token: string, wallMs: number): Promise<Remembered> {
    const { issuer, audience, algorithms, name } = provider;
    const { jwtVerify } = await import('jose');
    const keys = this.#keys.get(provider)!;
    try {
      const { payload } = await jwtVerify(token, (header, input) => keys.keyFor(header, input), {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        clockTolerance: SKEW_S,
        currentDate: new Date(wallMs),
        requiredClaims: ['exp', 'sub'],
      });
      const principal = principalFrom(provider, payload, this.#known);
      if (principal === undefined) throw new Fault('denied', 'it stands for nobody who is known here');
      return { principal, untilMs: Math.min(endMsOf(payload), wallMs + REMEMBER_MS) };
    } catch (thrown) {
      this.#parts.refused?.(name, thrown instanceof Error ? thrown.message : String(thrown));
      throw unauthenticated();
    }
  }
}

const endMsOf = ({ exp = 0 }: JWTPayload): number => (exp + SKEW_S) * 1000;

const knownIn = ({ users = [], targets }: Pick<Snapshot, 'users' | 'targets'>): Known => {
  const people = new Map(users.map((user) => [`${user.tenant}/${user.name}`, user]));
  const agents = new Map(
    targets.flatMap(({ tenant, kind, name, domain }) => (kind === 'agent' ? [[`${tenant}/${name}`, domain]] : [])),
  );
  return {
    user: (tenant, name) => people.get(`${tenant}/${name}`),
    domainOfAgent: (tenant, agent) => agents.get(`${tenant}/${agent}`),
  };
};
