/** The server of a listener that nodes alone may reach: TLS 1.3, a certificate from everybody, and one that can be changed while it runs. */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';

/** PEM. `ca`: what certificates of others must hang on. */
export interface ShownIdentity {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

export interface MutualTls {
  /** Calls back when there is an identity to show, and with each that comes after it. Before the first nobody gets in. */
  follow(use: (identity: ShownIdentity) => void): void;
  /** A connection whose certificate hangs on `ca`, before its first request. Must not throw. */
  connected(socket: TLSSocket): void;
  /** One that did not come about. Must not throw. */
  refused(error: NodeJS.ErrnoException, socket: TLSSocket): void;
  /** Each request. Throws `unauthenticated` when whoever is on its connection may not make it. */
  enter(req: IncomingMessage): void;
}

const HANDSHAKE_MS = 10_000;
/** Tickets let a known node come back without signatures; its certificate is looked at again each time all the same. */
const TICKET_S = 300;

export const mutualServer = (
  settings: ServerOptions,
  mutual: MutualTls,
  take: (req: IncomingMessage, res: ServerResponse) => void,
): Server => {
  const always = { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' } as const;
  const sessions = { sessionTimeout: TICKET_S, sessionIdContext: 'airspace' };
  const server = https.createServer({ ...settings, ...always, ...sessions, handshakeTimeout: HANDSHAKE_MS }, take);
  server.on('tlsClientError', (error, socket) => mutual.refused(error, socket));
  // Before HTTP hears of the connection.
  server.prependListener('secureConnection', (socket) => mutual.connected(socket));
  mutual.follow((identity) => server.setSecureContext({ ...identity, ...sessions, minVersion: 'TLSv1.3' }));
  return server;
};
