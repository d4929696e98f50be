/** Opens the connections of the pools, and none to an address that is off limits: also not to one that a good name led to just now. */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { isOffLimits } from '../../contract/index.ts';

/** Code of the error that a connection to such an address fails with. */
export const OFF_LIMITS = 'EOFFLIMITS';

const refusal = (): NodeJS.ErrnoException =>
  Object.assign(new Error('this address is off limits'), { code: OFF_LIMITS });

type Answered = (error: NodeJS.ErrnoException | null, found: string | LookupAddress[], family?: number) => void;
type Resolver = (name: string, options: LookupOptions, answered: Answered) => void;

/** INVARIANT: what is checked here is what is connected to; nobody resolves the name a second time. One bad address forbids the name. */
export const guardedLookup =
  (resolve: Resolver = lookup): LookupFunction =>
  (name, options, answered) =>
    resolve(name, options, (error, found, family) => {
      if (error !== null) return answered(error, found, family);
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      if (addresses.some(isOffLimits)) return answered(refusal(), found, family);
      return answered(null, found, family);
    });

/** How connections to one node are secured: each side shows its certificate. */
export interface Secured {
  readonly context: SecureContext;
  /** Why whoever answers there is not that node; undefined: it is. */
  readonly refusal: (socket: TLSSocket) => string | undefined;
}

/** Code of the error that a connection to somebody else than the node fails with. */
export const NOT_THE_NODE = 'ENOTTHENODE';

/**
 * Connections to one node. The ticket of one is kept for the next, which then costs no signatures.
 * INVARIANT: no byte of a call is sent before the node has proved who it is.
 */
export const securedConnector = (how: buildConnector.BuildOptions, secured: Secured): buildConnector.connector => {
  let ticket: Buffer | undefined;
  return (options, connected) => {
    const connect = guardedConnector({
      ...how,
      // Names of hosts say nothing about nodes: their certificates name nodes, and that is looked at below.
      ...({ secureContext: secured.context, rejectUnauthorized: true, checkServerIdentity: () => undefined } as object),
      maxCachedSessions: 0,
      ...(ticket === undefined ? {} : { session: ticket }),
    });
    const socket: unknown = connect(options, (...[error, opened]) => {
      const refusal = error === null ? secured.refusal(opened as TLSSocket) : undefined;
      if (refusal === undefined) return error === null ? connected(null, opened) : connected(error, null);
      opened?.destroy();
      return connected(Object.assign(new Error(refusal), { code: NOT_THE_NODE }), null);
    });
    if (socket !== undefined)
      (socket as TLSSocket).on('session', (fresh: Buffer) => {
        ticket = fresh;
      });
    return socket as ReturnType<buildConnector.connector>;
  };
};

export const guardedConnector = (how: buildConnector.BuildOptions): buildConnector.connector => {
  const connect = buildConnector({ ...how, lookup: guardedLookup() } as buildConnector.BuildOptions);
  // An address that stands in the URL itself is never looked up.
  return (options, connected) =>
    isOffLimits(options.hostname) ? connected(refusal(), null) : connect(options, connected);
};
