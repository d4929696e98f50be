/** Signs certificates of nodes with the key that they pinned when they joined: the root of a plane, or a domain hub for what is below it. */
import { X509Certificate } from 'node:crypto';
import { Fault, type NodeEntry } from '../contract/index.ts';
import type { NodeKey } from './nodekey.ts';
import { spiffeIdOf, spiffeNameIn, trustDomainOf } from './spiffe.ts';
import { certify } from './x509.ts';

/** How long the mesh works without anybody who signs; reliability 3.12 has a table of what else ends before that. */
export const LEAF_MS = 24 * 3_600_000;
/** Twice that, so that whoever renews at half of it always has a whole life of a leaf to give. */
export const INTERMEDIATE_MS = 2 * LEAF_MS;
/** As long as the key itself: whoever trusts it has pinned the key and not this paper. */
const ROOT_MS = 10 * 365 * LEAF_MS;
/** Clocks of others may run behind. */
const BACK_DATED_MS = 5 * 60_000;

/** Where an authority stands: it signs nobody outside. Null: at the root. */
export type Within = { readonly tenant: string; readonly domain: string } | null;

/** Is the domain the other one, or below it? */
type IsWithin = (tenant: string, domain: string, ancestor: string) => boolean;

export class Authority {
  /** PEM, its own first, the root last. */
  readonly chain: readonly string[];
  readonly trustDomain: string;
  readonly within: Within;
  /** Authorities that may stand below; Infinity at the root. */
  readonly below: number;
  readonly #key: NodeKey;
  readonly #expiresAtMs: number;

  private constructor(key: NodeKey, chain: readonly string[], below: number) {
    const [own, root] = [chain[0]!, chain.at(-1)!].map((pem) => new X509Certificate(pem)) as [
      X509Certificate,
      X509Certificate,
    ];
    const name = spiffeNameIn(own.subjectAltName);
    this.#key = key;
    this.chain = chain;
    this.below = below;
    this.trustDomain = trustDomainOf(publicKeyIn(root));
    this.within = name?.kind === 'domain' ? { tenant: name.tenant, domain: name.domain } : null;
    this.#expiresAtMs = own.validToDate.getTime();
  }

  /** Of the plane itself: its control key vouches for itself. */
  static async root(key: NodeKey, wallMs: number): Promise<Authority> {
    const name = nameOf(key.keyId);
    const certified = {
      ...{ subject: name, publicKey: key.publicKey, uri: `spiffe://${trustDomainOf(key.publicKey)}` },
      ...{ authority: { below: undefined }, notBeforeMs: wallMs - BACK_DATED_MS, notAfterMs: wallMs + ROOT_MS },
    };
    return new Authority(key, [await certify(certified, { name, key })], Number.POSITIVE_INFINITY);
  }

  /** Of a domain hub that was given this chain, whose first certificate is for its own key; `below` is what it says there. */
  static given(
    key: NodeKey,
    { chain, below }: { readonly chain: readonly string[]; readonly below: number },
  ): Authority {
    return new Authority(key, chain, below);
  }

  /**
   * A certificate for the key that is registered for the node: a request cannot bring another. Answers it with what it hangs on, root last.
   * Throws `denied` for a node outside of the own domain.
   */
  async leaf(node: NodeEntry, isWithin: IsWithin, wallMs: number): Promise<readonly string[]> {
    this.#refuseOutside(node, isWithin);
    const leaf = await this.#sign(node, { subject: node.id, lifeMs: LEAF_MS, authority: null }, wallMs);
    return [leaf, ...this.chain];
  }

  /** What a domain hub signs its own nodes with. Throws `denied` outside, and `conflict` where too few levels may stand below this one. */
  async intermediate(
    node: NodeEntry,
    below: number,
    isWithin: IsWithin,
    wallMs: number,
  ): Promise<{ readonly chain: readonly string[]; readonly below: number }> {
    this.#refuseOutside(node, isWithin);
    if (below >= this.below)
      throw new Fault(
        'conflict',
        `domain \`${node.domain}\` has ${below} levels of delegated domains below it, and this hub may certify for ${this.below - 1}; its own certificate is renewed first`,
      );
    const subject = nameOf(keyIdIn(node));
    const own = await this.#sign(node, { subject, lifeMs: INTERMEDIATE_MS, authority: { below } }, wallMs);
    return { chain: [own, ...this.chain], below };
  }

  #refuseOutside({ id, tenant, domain }: NodeEntry, isWithin: IsWithin): void {
    const { within } = this;
    if (within === null || (tenant === within.tenant && isWithin(tenant, domain, within.domain))) return;
    throw new Fault('denied', `node \`${id}\` is not of domain \`${within.domain}\`; ask the hub that it belongs to`);
  }

  #sign(
    node: NodeEntry,
    {
      subject,
      lifeMs,
      authority,
    }: { readonly subject: string; readonly lifeMs: number; readonly authority: { readonly below: number } | null },
    wallMs: number,
  ): Promise<string> {
    const certified = {
      ...{ subject, authority, publicKey: node.publicKey, uri: spiffeIdOf(node, this.trustDomain) },
      notBeforeMs: wallMs - BACK_DATED_MS,
      // Nothing holds longer than what it hangs on.
      notAfterMs: Math.min(wallMs + lifeMs, this.#expiresAtMs),
    };
    return certify(certified, { name: nameOf(this.#key.keyId), key: this.#key });
  }
}

/** Never the name of a leaf: ids of nodes have no space. */
const nameOf = (keyId: string): string => `airspace authority ${keyId}`;
const keyIdIn = ({ publicKey }: NodeEntry): string => trustDomainOf(publicKey).slice(0, 16);

/** SPKI DER in base64, as in rosters. */
export const publicKeyIn = (certificate: X509Certificate): string =>
  certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
