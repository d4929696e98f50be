/** Connections and requests of nodes that were refused: each is counted, and of each kind one in a while is in the log, with its reason. */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../contract/index.ts';
import type { Logger, Metrics } from '../../telemetry/index.ts';

/** What each reason means for whoever reads the log. A closed list: strangers must not be able to make labels. */
const REASONS: Readonly<Record<string, string>> = {
  'plain-http': 'it spoke HTTP without TLS',
  'old-tls': 'it does not speak TLS 1.3',
  'no-certificate': 'it showed no certificate',
  'self-signed': 'its certificate is signed by itself',
  'other-root': 'its certificate does not hang on the control key of this plane',
  expired: 'its certificate is over; has it lost its hub for a day?',
  'not-yet-valid': 'its certificate is not valid yet; do the clocks agree?',
  'no-name': 'its certificate names no node',
  'other-trust-domain': 'its certificate is of another plane',
  'unknown-node': 'no such node is a member (any more)',
  'other-key': 'its certificate is for another key than the roster has for this node',
  'other-place': 'its certificate names another place than the roster has for this node',
  'outside-domain': 'it is certified by a domain hub outside of whose domain it is',
  'unknown-session': 'it came back with a ticket of a connection that nobody remembers',
  'other-node': 'it is not the node that it should be',
  'no-assertion': 'it said on nobody\u2019s behalf that it calls',
  'bad-chain': 'its chain of certificates does not hold',
  handshake: 'the TLS handshake failed',
};

/** Between two lines about the same reason. */
const QUIET_MS = 10_000;

interface Count {
  all: number;
  unsaid: number;
  saidAtMs: number;
}

export interface RefusalParts {
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'log'>;
  readonly metrics: Pick<Metrics, 'gauge'>;
}

export class MeshRefusals {
  readonly #parts: RefusalParts;
  readonly #counts = new Map<string, Count>();

  constructor(parts: RefusalParts) {
    this.#parts = parts;
    for (const reason of Object.keys(REASONS)) {
      const count: Count = { all: 0, unsaid: 0, saidAtMs: Number.NEGATIVE_INFINITY };
      this.#counts.set(reason, count);
      parts.metrics.gauge({
        name: 'airspace_mesh_refused_total',
        labels: { reason },
        read: () => count.all,
      });
    }
  }

  note(reason: string, address: string | undefined, node?: string): void {
    const count = this.#counts.get(reason) ?? this.#counts.get('handshake')!;
    count.all += 1;
    const now = this.#parts.clock.nowMs();
    if (now - count.saidAtMs < QUIET_MS) {
      count.unsaid += 1;
      return;
    }
    const unsaid = count.unsaid;
    count.saidAtMs = now;
    count.unsaid = 0;
    this.#parts.logger.log('warn', `mesh: refused: ${REASONS[reason] ?? REASONS['handshake']}`, {
      reason,
      address: address ?? '',
      ...(node === undefined ? {} : { peer: node }),
      ...(unsaid === 0 ? {} : { since: unsaid }),
    });
  }
}

const BY_CODE: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'plain-http',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'old-tls',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'no-certificate',
};

const BY_VERDICT: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'other-root',
  UNABLE_TO_GET_ISSUER_CERT: 'other-root',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'other-root',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'other-root',
};

/** Why the TLS stack itself refused. */
export const handshakeReason = ({ code = '' }: NodeJS.ErrnoException, { authorizationError }: TLSSocket): string => {
  const verdict: unknown = authorizationError;
  if (typeof verdict === 'string' && verdict !== '') return BY_VERDICT[verdict] ?? 'bad-chain';
  return BY_CODE[code] ?? 'handshake';
};
