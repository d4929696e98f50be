/** The layer that turns a credential into a principal, or refuses. Nothing behind it ever sees a caller that nobody knows. */
import {
  type Call,
  type Credential,
  Fault,
  HEADERS,
  isForCalls,
  type KeyEntry,
  type Principal,
} from '../contract/index.ts';
import type { Layer } from '../kernel/index.ts';
import type { AssertionVerifier } from './assertion.ts';
import { hasExpired, type KeyLookup, keyLookup, principalOf, verifyKey } from './keys.ts';
import type { KeyUse, Use } from './keyuse.ts';
import { looksLikeJwt, type TokenVerifier } from './provider/index.ts';
import { unauthenticated } from './refusal.ts';

/** Answers who a credential stands for: at once, except for a token of another issuer that is new here. Throws `unauthenticated`. */
export interface Resolver {
  resolve(credential: Credential, wallMs: number): Principal | Promise<Principal>;
}

export const identify =
  (resolver: Resolver): Layer =>
  (next) =>
  async (call, scope) => {
    const found = resolver.resolve(call.credential, scope.clock.wallMs());
    const principal = found instanceof Promise ? await found : found;
    if (claimsToBeNode(call) && !isAssertion(call.credential)) throw unauthenticated();
    throwIfNotForCalls(principal);
    scope.span.set({
      tenant: principal.tenant,
      'principal.kind': principal.kind,
      'principal.id': principal.id,
      'principal.domain': principal.domain,
    });
    return next({ ...call, principal }, scope);
  };

/** Throws `denied` for a principal whose key is narrowed to other things than calls. */
export const throwIfNotForCalls = (principal: Principal): void => {
  if (isForCalls(principal)) return;
  throw new Fault(
    'denied',
    `the key of ${principal.kind} \`${principal.id}\` has no scope \`call\`; use another key, or make one with \`airspace key create ${principal.kind}/${principal.id} --scope call\``,
  );
};

/**
 * Which way a call came, who retries it and what decided it are words between nodes: from anybody else they would disarm loop and
 * retry guards, and choose the policy.
 */
const claimsToBeNode = (call: Call): boolean =>
  call.via.length > 0 || call.retriedElsewhere || call.decided !== undefined;

/** Doors keep the scheme of a node's token: with any other scheme it is a bearer's, and nobody else's claims are believed. */
const NODE_PREFIX = `${HEADERS.nodeScheme} `;
const isAssertion = (credential: Credential): boolean =>
  credential.kind === 'bearer' && credential.token.startsWith(NODE_PREFIX);

const CACHE_LIMIT = 10_000;

const NOT_KEPT: Pick<KeyUse, 'of'> = { of: () => ({ usedAtMs: 0 }) };

export interface ResolverParts {
  /** Absent: no node is believed, as on the application side of a sidecar, or on a hub without nodes. */
  readonly assertions?: AssertionVerifier;
  /** Absent: no other issuer is believed. */
  readonly tokens?: TokenVerifier;
  /** Absent: nobody asks when a key was used. */
  readonly uses?: Pick<KeyUse, 'of'> | undefined;
}

/** Resolves with the keys of one snapshot: make a new one for each, and what was revoked is forgotten with the old. */
export class SnapshotResolver implements Resolver {
  readonly #lookup: KeyLookup;
  readonly #assertions: AssertionVerifier | undefined;
  readonly #tokens: TokenVerifier | undefined;
  readonly #uses: Pick<KeyUse, 'of'>;
  /** Whole tokens that opened something: the hot path pays one lookup and no hash. */
  readonly #opened = new Map<string, { readonly key: KeyEntry; readonly principal: Principal; readonly use: Use }>();

  constructor(keys: readonly KeyEntry[], { assertions, tokens, uses = NOT_KEPT }: ResolverParts = {}) {
    this.#lookup = keyLookup(keys);
    this.#assertions = assertions;
    this.#tokens = tokens;
    this.#uses = uses;
  }

  resolve(credential: Credential, wallMs: number): Principal | Promise<Principal> {
    if (credential.kind === 'known') return credential.principal;
    if (credential.kind === 'none') throw unauthenticated();
    if (isAssertion(credential)) return this.#resolveAssertion(credential.token.slice(NODE_PREFIX.length), wallMs);
    if (looksLikeJwt(credential.token)) return this.#resolveToken(credential.token, wallMs);
    return this.#resolveKey(credential.token, wallMs);
  }

  #resolveToken(token: string, wallMs: number): Principal | Promise<Principal> {
    if (this.#tokens === undefined) throw unauthenticated();
    return this.#tokens.verify(token, wallMs);
  }

  #resolveAssertion(token: string, wallMs: number): Principal {
    if (this.#assertions === undefined) throw unauthenticated();
    return this.#assertions.verify(token, wallMs);
  }

  #resolveKey(token: string, wallMs: number): Principal {
    const opened = this.#opened.get(token);
    if (opened !== undefined) {
      if (hasExpired(opened.key, wallMs)) throw unauthenticated();
      opened.use.usedAtMs = wallMs;
      return opened.principal;
    }
    const key = verifyKey(token, this.#lookup, wallMs);
    const principal = principalOf(key);
    // Only what was verified gets in, so strangers cannot push friends out.
    if (this.#opened.size >= CACHE_LIMIT) this.#opened.delete(this.#opened.keys().next().value!);
    const use = this.#uses.of(key.tenant, key.id);
    use.usedAtMs = wallMs;
    this.#opened.set(token, { key, principal, use });
    return principal;
  }
}
