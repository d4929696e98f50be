/** Who is at the other end of a connection: a certificate is believed as far as the roster knows its node, and no further. */
import type { X509Certificate } from 'node:crypto';
import type { NodeEntry } from '../contract/index.ts';
import type { KnownNodes } from './assertion.ts';
import { publicKeyIn } from './authority.ts';
import { type SpiffeName, spiffeIdOf, spiffeNameIn } from './spiffe.ts';

/** Words for logs and labels of metrics: a closed list, so that a stranger cannot make them many. */
export type PeerRefusal =
  | 'expired'
  | 'not-yet-valid'
  | 'no-name'
  | 'other-trust-domain'
  | 'other-root'
  | 'unknown-node'
  | 'other-key'
  | 'other-place'
  | 'outside-domain'
  | 'unknown-session';

export interface Peer {
  readonly node: string;
  readonly publicKey: string;
  readonly spiffeId: string;
  readonly notBeforeMs: number;
  /** Of whatever in its chain ends first. */
  readonly expiresAtMs: number;
}

export interface PeerRules {
  readonly trustDomain: string;
  readonly rootKey: string;
  /** The root itself: peers do not send it, and behind more than one certificate nobody else fills it in. */
  readonly root?: X509Certificate;
  readonly known: KnownNodes;
}

const MOST_LEVELS = 66;
/** Certificates whose chains were seen whole. */
const REMEMBERED = 10_000;

interface Seen {
  readonly peer: Peer;
  readonly name: SpiffeName;
  /** Domain hubs between it and the root, nearest first. */
  readonly issuers: readonly SpiffeName[];
}

/**
 * Looks at chains that the TLS stack has verified already (signatures, constraints, its own clock), for what it does not know: names,
 * the roster, and our clock. A resumed session has no chain any more, so the one that it began with is remembered.
 */
export class PeerCheck {
  readonly #seen = new Map<string, Seen>();

  /** Answers who it is, or why it is nobody. */
  peerOf(leaf: X509Certificate, isResumed: boolean, rules: PeerRules, wallMs: number): Peer | PeerRefusal {
    const print = leaf.fingerprint256;
    const before = this.#seen.get(print);
    const found = before ?? (isResumed ? 'unknown-session' : chainOf(leaf, rules));
    if (typeof found === 'string') return found;
    if (before === undefined) this.#remember(print, found);
    return placeRefusal(found, rules) ?? refusalOf(found.peer, rules.known, wallMs) ?? found.peer;
  }

  #remember(print: string, found: Seen): void {
    if (this.#seen.size >= REMEMBERED) this.#seen.delete(this.#seen.keys().next().value!);
    this.#seen.set(print, found);
  }
}

/** Cheap, for each request: time goes on and nodes are removed while connections stay. */
export const refusalOf = (
  { node, publicKey, notBeforeMs, expiresAtMs }: Peer,
  known: KnownNodes,
  wallMs: number,
): PeerRefusal | undefined => {
  if (wallMs >= expiresAtMs) return 'expired';
  if (wallMs < notBeforeMs) return 'not-yet-valid';
  const entry = known.node(node);
  if (entry === undefined) return 'unknown-node';
  return entry.publicKey === publicKey ? undefined : 'other-key';
};

const isIssuedBy = (one: X509Certificate, issuer: X509Certificate): boolean =>
  one.checkIssued(issuer) && one.verify(issuer.publicKey);

const chainOf = (leaf: X509Certificate, { trustDomain, rootKey, root }: PeerRules): Seen | PeerRefusal => {
  const name = spiffeNameIn(leaf.subjectAltName);
  if (name === undefined || leaf.ca) return 'no-name';
  if (name.trustDomain !== trustDomain) return 'other-trust-domain';
  const issuers: SpiffeName[] = [];
  let expiresAtMs = leaf.validToDate.getTime();
  let at = leaf;
  for (let level = 0; level < MOST_LEVELS; level++) {
    const issuer = at.issuerCertificate ?? (root !== undefined && isIssuedBy(at, root) ? root : undefined);
    if (issuer === undefined) return 'other-root';
    expiresAtMs = Math.min(expiresAtMs, issuer.validToDate.getTime());
    if (publicKeyIn(issuer) === rootKey) {
      const publicKey = publicKeyIn(leaf);
      const spiffeId = leaf.subjectAltName!.slice('URI:'.length);
      const peer: Peer = {
        node: name.node,
        publicKey,
        spiffeId,
        notBeforeMs: leaf.validFromDate.getTime(),
        expiresAtMs,
      };
      return { peer, name, issuers };
    }
    const issuerName = spiffeNameIn(issuer.subjectAltName);
    if (issuerName === undefined || issuerName.kind !== 'domain' || issuerName.trustDomain !== trustDomain)
      return 'other-root';
    issuers.push(issuerName);
    at = issuer;
  }
  return 'other-root';
};

/**
 * INVARIANT: an intermediate vouches for its own domain only, each for what hangs on it: a domain hub that was taken over is worth no more
 * than its domain.
 */
const placeRefusal = ({ peer, name, issuers }: Seen, { known, trustDomain }: PeerRules): PeerRefusal | undefined => {
  let below = name;
  for (const issuer of issuers) {
    if (below.tenant !== issuer.tenant || !known.isWithin(below.tenant, below.domain, issuer.domain))
      return 'outside-domain';
    below = issuer;
  }
  const entry = known.node(name.node);
  return entry === undefined || isPlaceOf(entry, peer.spiffeId, name, trustDomain) ? undefined : 'other-place';
};

/** Of the hub that a node joined it knows no more than id and key. */
const isPlaceOf = (entry: NodeEntry, spiffeId: string, { kind }: SpiffeName, trustDomain: string): boolean =>
  entry.role === 'hub' ? kind === 'hub' || kind === 'domain' : spiffeIdOf(entry, trustDomain) === spiffeId;
