/** A certificate that a node was given, looked at before it is used: is it ours, whole, and from whom we joined? */
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../contract/index.ts';
import { publicKeyIn } from './authority.ts';
import { type SpiffeName, spiffeNameIn, trustDomainOf } from './spiffe.ts';

const MOST_LEVELS = 66;
const Pem = z
  .string()
  .max(8192)
  .regex(/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n$/);
const Chain = z.array(Pem).min(2).max(MOST_LEVELS);

/** What a hub answers, and what is kept on disk. */
export const CertificateSchema = z.object({
  chain: Chain,
  authority: z.object({ chain: Chain, below: z.number().int().min(0).max(MOST_LEVELS) }).nullable(),
});
export type Certificate = z.output<typeof CertificateSchema>;

export interface HeldChain extends Certificate {
  readonly name: SpiffeName;
  readonly spiffeId: string;
  readonly serial: string;
  /** Public key of the root: SPKI DER in base64. */
  readonly rootKey: string;
  readonly notBeforeMs: number;
  /** Of whatever in the chain ends first. */
  readonly expiresAtMs: number;
}

export interface Own {
  readonly node: string;
  readonly publicKey: string;
  /** The control key that this node pinned: who must have signed. */
  readonly pinned: string;
  /** The root that it was certified under before. A plane has one root for as long as it lives. */
  readonly rootKey?: string | undefined;
}

/** Throws `denied` for a certificate that is not this node's, or not from where it joined; `bad_request` for what is none. */
export const openCertificate = (untrusted: unknown, own: Own): HeldChain => {
  const parsed = CertificateSchema.safeParse(untrusted);
  if (!parsed.success) throw new Fault('bad_request', 'this is no chain of certificates');
  const { chain, authority } = parsed.data;
  const links = linksOf(chain);
  const [leaf, issuer] = links as [X509Certificate, X509Certificate];
  const name = spiffeNameIn(leaf.subjectAltName);
  const rootKey = publicKeyIn(links.at(-1)!);
  if (publicKeyIn(leaf) !== own.publicKey || leaf.ca) throw wrong('it is for another key than that of this node');
  if (name === undefined || name.node !== own.node) throw wrong('it names another node than this one');
  if (publicKeyIn(issuer) !== own.pinned) throw wrong('it is not signed by the hub that this node joined');
  if (name.trustDomain !== trustDomainOf(rootKey)) throw wrong('its trust domain is not that of its root');
  if (own.rootKey !== undefined && own.rootKey !== rootKey)
    throw wrong(
      'it hangs on another root than before; a node that is to change planes joins anew, in an empty directory',
    );
  if (authority !== null) openAuthority(authority.chain, own.publicKey, rootKey);
  return {
    ...{ chain, authority, name, rootKey, serial: leaf.serialNumber },
    spiffeId: leaf.subjectAltName!.slice('URI:'.length),
    notBeforeMs: leaf.validFromDate.getTime(),
    expiresAtMs: Math.min(...links.map(({ validToDate }) => validToDate.getTime())),
  };
};

const openAuthority = (chain: readonly string[], publicKey: string, rootKey: string): void => {
  const links = linksOf(chain);
  if (publicKeyIn(links[0]!) !== publicKey || !links[0]!.ca) throw wrong('its authority is for another key');
  if (publicKeyIn(links.at(-1)!) !== rootKey) throw wrong('its authority hangs on another root');
};

/** Each signed by the next, the last by itself. */
const linksOf = (chain: readonly string[]): readonly X509Certificate[] => {
  let links: readonly X509Certificate[];
  try {
    links = chain.map((pem) => new X509Certificate(pem));
  } catch {
    throw new Fault('bad_request', 'this is no chain of certificates');
  }
  for (const [at, link] of links.entries()) {
    const signer = links[at + 1] ?? link;
    if (!signer.ca || !link.checkIssued(signer) || !link.verify(signer.publicKey))
      throw wrong('one of the chain is not signed by the next');
  }
  return links;
};

const wrong = (why: string): Fault => new Fault('denied', `the certificate that came is not taken: ${why}`);
