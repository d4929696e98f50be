/** The layer that turns a credential into a principal, or refuses. Nothing behind it ever sees a caller that nobody knows. */
import { type Call, type Credential, HEADERS, type KeyEntry, type Principal } from '../contract/index.ts';
import type { Layer } from '../kernel/index.ts';
import type { AssertionVerifier } from './assertion.ts';
import { hasExpired, type KeyLookup, keyLookup, principalOf, verifyKey } from './keys.ts';
import { unauthenticated } from './refusal.ts';

/** Answers who a credential stands for. Throws `unauthenticated`. */
export interface Resolver {
  resolve(credential: Credential, wallMs: number): Principal;
}

export const identify =
  (resolver: Resolver): Layer =>
  (next) =>
  async (call, scope) => {
    const principal = resolver.resolve(call.credential, scope.clock.wallMs());
    if (claimsToBeNode(call) && !isAssertion(call.credential)) throw unauthenticated();
    scope.span.set({
      tenant: principal.tenant,
      'principal.kind': principal.kind,
      'principal.id': principal.id,
      'principal.domain': principal.domain,
    });
    return next({ ...call, principal }, scope);
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

/** Resolves with the keys of one snapshot: make a new one for each, and what was revoked is forgotten with the old. */
export class SnapshotResolver implements Resolver {
  readonly #lookup: KeyLookup;
  readonly #assertions: AssertionVerifier | undefined;
  /** Whole tokens that opened something: the hot path pays one lookup and no hash. */
  readonly #opened = new Map<string, { readonly key: KeyEntry; readonly principal: Principal }>();

  /** Without a verifier no node is believed: the application side of a sidecar, or a hub without nodes. */
  constructor(keys: readonly KeyEntry[], assertions?: AssertionVerifier) {
    this.#lookup = keyLookup(keys);
    this.#assertions = assertions;
  }

  resolve(credential: Credential, wallMs: number): Principal {
    if (credential.kind === 'known') return credential.principal;
    if (credential.kind === 'none') throw unauthenticated();
    if (isAssertion(credential)) return this.#resolveAssertion(credential.token.slice(NODE_PREFIX.length), wallMs);
    return this.#resolveKey(credential.token, wallMs);
  }

  #resolveAssertion(token: string, wallMs: number): Principal {
    if (this.#assertions === undefined) throw unauthenticated();
    return this.#assertions.verify(token, wallMs);
  }

  #resolveKey(token: string, wallMs: number): Principal {
    const opened = this.#opened.get(token);
    if (opened !== undefined) {
      if (hasExpired(opened.key, wallMs)) throw unauthenticated();
      return opened.principal;
    }
    const key = verifyKey(token, this.#lookup, wallMs);
    const principal = principalOf(key);
    // Only what was verified gets in, so strangers cannot push friends out.
    if (this.#opened.size >= CACHE_LIMIT) this.#opened.delete(this.#opened.keys().next().value!);
    this.#opened.set(token, { key, principal });
    return principal;
  }
}
