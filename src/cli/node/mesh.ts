/** What a node shows to other nodes and what it wants to see of them: the wiring of certificates to listeners and to calls that leave. */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { type Clock, Fault, HEADERS } from '../../contract/index.ts';
import type { MutualTls } from '../../doors/index.ts';
import {
  type HeldChain,
  type KnownNodes,
  type NodeCertificate,
  type NodeKey,
  type Peer,
  PeerCheck,
  refusalOf,
  unauthenticated,
} from '../../identity/index.ts';
import type { Logger, Metrics } from '../../telemetry/index.ts';
import type { Secured } from '../../upstreams/http/index.ts';
import { issuerIn } from './mesh-assertion.ts';
import { handshakeReason, MeshRefusals } from './mesh-refusals.ts';

export interface MeshParts {
  readonly key: NodeKey;
  readonly certificate: NodeCertificate;
  /** Whom this node knows by now; undefined before its first snapshot: then nobody is believed. */
  readonly known: () => KnownNodes | undefined;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'log'>;
  readonly metrics: Pick<Metrics, 'gauge'>;
}

/** One connection from another node. */
interface Line {
  readonly leaf: X509Certificate | undefined;
  readonly isResumed: boolean;
  /** Undefined while it is nobody; that may change with the next roster. */
  peer: Peer | undefined;
  /** The assertion that was seen last: a node says the same one many times. */
  said: string;
}

interface Shown {
  readonly held: HeldChain;
  readonly context: SecureContext;
}

export class Mesh {
  readonly #parts: MeshParts;
  readonly #check = new PeerCheck();
  readonly #refusals: MeshRefusals;
  readonly #lines = new Map<TLSSocket, Line>();
  #shown: Shown | undefined;
  /** Ways to other nodes with what is shown now: another certificate begins anew. */
  #ways = new Map<string, Secured>();

  constructor(parts: MeshParts) {
    this.#parts = parts;
    this.#refusals = new MeshRefusals(parts);
    parts.certificate.follow((held) => {
      this.#shown = { held, context: createSecureContext({ ...this.#pem(held), minVersion: 'TLSv1.3' }) };
      this.#ways = new Map();
    });
  }

  /** Is there a certificate that others will believe? */
  get isShown(): boolean {
    return this.#parts.certificate.current !== undefined;
  }

  /**
   * For the upstream: sidecars are reached with certificates on both sides, hubs like any server.
   * Throws `unavailable` without a certificate, `unreachable` for a node that nobody knows (any more).
   */
  readonly secure = (node: string): Secured | undefined => {
    const entry = this.#parts.known()?.node(node);
    if (entry === undefined)
      throw new Fault('unreachable', `node \`${node}\` is no member any more; nothing was sent`, { executed: 'no' });
    if (entry.role !== 'sidecar') return undefined;
    const shown = this.#shown;
    if (shown === undefined || !this.isShown)
      throw new Fault(
        'unavailable',
        'this node has no certificate that others would believe; it gets one as soon as its hub answers',
        { executed: 'no' },
      );
    const way = this.#ways.get(node) ?? this.#wayTo(node, shown);
    this.#ways.set(node, way);
    return way;
  };

  /** For the listener of a sidecar. */
  readonly listening: MutualTls = {
    follow: (use) => this.#parts.certificate.follow((held) => use(this.#pem(held))),
    connected: (socket) => this.#connected(socket),
    refused: (error, socket) => this.#refusals.note(handshakeReason(error, socket), socket.remoteAddress),
    enter: (req) => this.#enter(req),
  };

  /** Ends connections of nodes that are members no more. After each roster. */
  sweep(): void {
    const known = this.#parts.known();
    for (const [socket, { peer }] of this.#lines) {
      if (peer === undefined || known === undefined) continue;
      const refusal = refusalOf(peer, known, this.#parts.clock.wallMs());
      if (refusal !== 'unknown-node' && refusal !== 'other-key') continue;
      this.#refusals.note(refusal, socket.remoteAddress, peer.node);
      socket.destroy();
    }
  }

  #pem({ chain, rootKey: _ }: HeldChain): { readonly key: string; readonly cert: string; readonly ca: string } {
    return { key: this.#parts.key.pem(), cert: chain.slice(0, -1).join(''), ca: chain.at(-1)! };
  }

  /** Its certificate is looked at with each connection; a resumed one shows none, and proves that it is with whom the ticket came from. */
  #wayTo(node: string, { held, context }: Shown): Secured {
    let last: Peer | undefined;
    return {
      context,
      refusal: (socket) => {
        const known = this.#parts.known();
        const leaf = socket.getPeerX509Certificate();
        if (known === undefined) return 'unknown-node';
        const peer = leaf === undefined ? last : this.#peerOf(leaf, socket.isSessionReused(), held, known);
        const refusal = typeof peer === 'string' ? peer : this.#refusalAs(node, peer, known);
        if (refusal === undefined) last = peer as Peer;
        else this.#refusals.note(refusal, socket.remoteAddress, node);
        return refusal;
      },
    };
  }

  #refusalAs(node: string, peer: Peer | undefined, known: KnownNodes): string | undefined {
    if (peer === undefined) return 'no-certificate';
    return peer.node === node ? refusalOf(peer, known, this.#parts.clock.wallMs()) : 'other-node';
  }

  #peerOf(
    leaf: X509Certificate,
    isResumed: boolean,
    { name, rootKey, chain }: HeldChain,
    known: KnownNodes,
  ): Peer | string {
    const rules = { trustDomain: name.trustDomain, rootKey, root: new X509Certificate(chain.at(-1)!), known };
    return this.#check.peerOf(leaf, isResumed, rules, this.#parts.clock.wallMs());
  }

  #connected(socket: TLSSocket): void {
    const line: Line = {
      leaf: socket.getPeerX509Certificate(),
      isResumed: socket.isSessionReused(),
      peer: undefined,
      said: '',
    };
    this.#lines.set(socket, line);
    socket.once('close', () => this.#lines.delete(socket));
    this.#identify(line, socket);
  }

  /** A node that has joined just now may come before the roster that tells of it: so it is asked again with each request. */
  #identify(line: Line, socket: TLSSocket): Peer | undefined {
    const [shown, known] = [this.#shown, this.#parts.known()];
    if (line.leaf === undefined || shown === undefined || known === undefined) return undefined;
    const peer = this.#peerOf(line.leaf, line.isResumed, shown.held, known);
    if (typeof peer === 'string') this.#refusals.note(peer, socket.remoteAddress);
    else line.peer = peer;
    return line.peer;
  }

  /** INVARIANT: nothing behind this listener hears of a request whose assertion is not of the node that the connection is with. */
  #enter(req: IncomingMessage): void {
    const socket = req.socket as TLSSocket;
    const [line, known] = [this.#lines.get(socket), this.#parts.known()];
    const peer = line === undefined ? undefined : (line.peer ?? this.#identify(line, socket));
    if (line === undefined || peer === undefined || known === undefined) throw unauthenticated();
    const refusal = refusalOf(peer, known, this.#parts.clock.wallMs());
    if (refusal !== undefined) throw this.#turnedAway(refusal, socket, peer);
    const said = assertionOf(req);
    if (said !== undefined && said === line.said) return;
    if (said === undefined) throw this.#turnedAway('no-assertion', socket, peer);
    if (issuerIn(said) !== peer.node) throw this.#turnedAway('other-node', socket, peer);
    line.said = said;
  }

  #turnedAway(reason: string, socket: TLSSocket, { node }: Peer): Fault {
    this.#refusals.note(reason, socket.remoteAddress, node);
    return unauthenticated();
  }
}

/** For a listener that is bound before its node has joined: until then nobody gets in, because there is nothing to show. */
export const lateMutual = (): { readonly mutual: MutualTls; use(mutual: MutualTls): void } => {
  let inner: MutualTls | undefined;
  const waiting: Parameters<MutualTls['follow']>[0][] = [];
  return {
    mutual: {
      follow: (use) => (inner === undefined ? void waiting.push(use) : inner.follow(use)),
      connected: (socket) => (inner === undefined ? void socket.destroy() : inner.connected(socket)),
      refused: (error, socket) => inner?.refused(error, socket),
      enter: (req) => {
        if (inner === undefined) throw unauthenticated();
        inner.enter(req);
      },
    },
    use: (mutual) => {
      inner = mutual;
      for (const use of waiting.splice(0)) mutual.follow(use);
    },
  };
};

const SCHEME = `${HEADERS.nodeScheme} `;

/** Undefined for none, for another credential, and for two, which would be read in two ways. */
const assertionOf = ({ rawHeaders }: IncomingMessage): string | undefined => {
  let found: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length !== 'authorization'.length || name.toLowerCase() !== 'authorization') continue;
    if (found !== undefined) return undefined;
    found = rawHeaders[at + 1]!;
  }
  if (found === undefined || found.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  return found.slice(SCHEME.length);
};
