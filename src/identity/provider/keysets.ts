/** Public keys of issuers: fetched away from calls, kept while they are good, and never fetched more often than the issuer can bear. */
import type { FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters, LocalJWKSet } from 'jose';
import { z } from 'zod';
import { type Clock, Fault, type ProviderEntry } from '../../contract/index.ts';

/** Fetches a JSON document from outside, with bounds on time and size. Throws Fault. */
export type FetchJson = (url: string) => Promise<unknown>;

export interface KeySetParts {
  readonly clock: Clock;
  readonly fetchJson: FetchJson;
  /** Keys that could not be had; for the log. */
  readonly failed: (issuer: string, cause: unknown) => void;
}

/** An issuer that is down keeps being believed by what it said last, this long. */
export const LAST_GOOD_MS = 24 * 3_600_000;
/** Older keys are fetched anew, while the old ones go on. */
const FRESH_MS = 3_600_000;
/** Tokens with unknown keys come from strangers too: they must not make us call the issuer for each. */
export const REFETCH_MS = 30_000;
/** What a call waits for keys at most. */
export const WAIT_MS = 2_000;

const Keys = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(1000) });
const Discovered = z.object({ issuer: z.string(), jwks_uri: z.url() });

type KeyOf = LocalJWKSet;

/** Of all providers of a node; lives as long as the node, so that new configuration forgets no keys. */
export class KeySets {
  readonly #parts: KeySetParts;
  #sets = new Map<string, KeySet>();

  constructor(parts: KeySetParts) {
    this.#parts = parts;
  }

  /**
   * The keys of each, for one configuration: begins to fetch what is new, and forgets what is gone. Whoever still works with what an
   * earlier configuration was answered keeps that.
   */
  use(providers: readonly ProviderEntry[]): ReadonlyMap<ProviderEntry, KeySet> {
    const sets = new Map<string, KeySet>();
    const found = new Map<ProviderEntry, KeySet>();
    for (const provider of providers) {
      const id = JSON.stringify([provider.issuer, provider.jwks ?? null]);
      const set = this.#sets.get(id) ?? sets.get(id) ?? new KeySet(provider, this.#parts);
      sets.set(id, set);
      found.set(provider, set);
    }
    this.#sets = sets;
    return found;
  }
}

export class KeySet {
  readonly #provider: ProviderEntry;
  readonly #parts: KeySetParts;
  #keys: KeyOf | undefined;
  #loadedMs = -Infinity;
  #triedMs = -Infinity;
  #loading: Promise<void> | undefined;

  constructor(provider: ProviderEntry, parts: KeySetParts) {
    this.#provider = provider;
    this.#parts = parts;
    this.#load();
  }

  /** The key that a token was signed with. Throws what jose throws when there is none, after one more look where that may help. */
  async keyFor(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const { clock } = this.#parts;
    const ageMs = clock.nowMs() - this.#loadedMs;
    if (ageMs > FRESH_MS) this.#load();
    if (this.#keys === undefined || ageMs > LAST_GOOD_MS) await this.#wait();
    try {
      return await this.#goodKeys()(header, token);
    } catch (thrown) {
      // A key that is not there may be new: issuers change theirs.
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_JWKS_NO_MATCHING_KEY')) throw thrown;
      this.#load();
      if (this.#loading === undefined) throw thrown;
      await this.#wait();
      return await this.#goodKeys()(header, token);
    }
  }

  #goodKeys(): KeyOf {
    if (this.#keys === undefined || this.#parts.clock.nowMs() - this.#loadedMs > LAST_GOOD_MS)
      throw new Fault('unavailable', `the keys of \`${this.#provider.issuer}\` cannot be had`);
    return this.#keys;
  }

  /** INVARIANT: one fetch at a time, and none within `REFETCH_MS` of the last. */
  #load(): void {
    const { clock, failed } = this.#parts;
    if (this.#loading !== undefined || this.#loadedMs === Infinity) return;
    if (clock.nowMs() - this.#triedMs < REFETCH_MS) return;
    this.#triedMs = clock.nowMs();
    this.#loading = this.#fetched()
      .then((keys) => {
        this.#keys = keys;
        // Keys that stand in the resource never grow old.
        this.#loadedMs = isInline(this.#provider) ? Infinity : clock.nowMs();
      })
      .catch((thrown: unknown) => failed(this.#provider.issuer, thrown))
      .finally(() => {
        this.#loading = undefined;
      });
  }

  async #fetched(): Promise<KeyOf> {
    const { fetchJson } = this.#parts;
    const { issuer, jwks } = this.#provider;
    if (jwks !== undefined) return localSet('url' in jwks ? await fetchJson(jwks.url) : jwks);
    const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
    const found = Discovered.parse(await fetchJson(`${base}/.well-known/openid-configuration`));
    if (found.issuer !== issuer)
      throw new Fault('upstream_invalid', `the configuration of \`${issuer}\` is another issuer's`);
    return localSet(await fetchJson(found.jwks_uri));
  }

  /** For what is being fetched, and not for long: a call has better things to do. */
  async #wait(): Promise<void> {
    const { clock } = this.#parts;
    if (this.#loading === undefined) return;
    let timer: { cancel(): void } | undefined;
    const over = new Promise<void>((resolve) => {
      timer = clock.after(WAIT_MS, resolve);
    });
    await Promise.race([this.#loading, over]);
    timer?.cancel();
  }
}

const isInline = ({ jwks }: ProviderEntry): boolean => jwks !== undefined && 'keys' in jwks;

/** Shared secrets are no public keys, wherever they came from. */
const localSet = async (document: unknown): Promise<KeyOf> => {
  // Loaded for providers only: commands on a terminal pass by this room and need none of it.
  const { createLocalJWKSet } = await import('jose');
  const { keys } = Keys.parse(document);
  const usable = keys.filter(({ kty }) => kty === 'RSA' || kty === 'EC' || kty === 'OKP');
  return createLocalJWKSet({ keys: usable } as JSONWebKeySet);
};
