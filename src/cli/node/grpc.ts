/** The listener for gRPC of a node: HTTP/2 with the same certificate, the same rules for who may reach it, and bounds of its own. */
import http2, { type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import type { GrpcDoor } from '../../doors/a2a/index.ts';
import { type ListenOptions, refuseOpenBind } from '../../doors/index.ts';

export interface GrpcAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface GrpcListener {
  /** `host:port`. */
  readonly address: string;
  readonly port: number;
  /** Graceful: what is under way may finish, for as long as calls may. */
  close(graceful: boolean): Promise<void>;
}

type Options = Pick<ListenOptions, 'tls' | 'allowPublic' | 'allowPlainPublic' | 'clock'>;

const MOST_STREAMS = 200;
const MOST_SESSIONS = 1_000;
const MOST_HEADER_BYTES = 16 * 1024;
const IDLE_MS = 10 * 60_000;
const DRAIN_MS = 25_000;
const HANDSHAKE_MS = 10_000;

/** Before anything of a node is there. Throws `bad_request` for a bind that was not allowed. */
export const refuseOpenGrpc = ({
  grpc,
  ...options
}: Omit<Options, 'clock'> & { readonly grpc?: GrpcAddress }): void => {
  if (grpc !== undefined) refuseOpenBind({ ...options, host: grpc.host });
};

/** Throws `bad_request` for a bind that was not allowed, and what the system says about the port. */
export const listenGrpc = async (
  { host, port }: GrpcAddress,
  { tls, clock, ...allowed }: Options,
  door: GrpcDoor,
): Promise<GrpcListener> => {
  refuseOpenGrpc({ grpc: { host, port }, ...(tls === undefined ? {} : { tls }), ...allowed });
  const settings = { maxConcurrentStreams: MOST_STREAMS, maxHeaderListSize: MOST_HEADER_BYTES };
  const server: Http2Server =
    tls === undefined
      ? http2.createServer({ settings })
      : (http2.createSecureServer({
          ...tls,
          settings,
          allowHTTP1: false,
          handshakeTimeout: HANDSHAKE_MS,
        }) as unknown as Http2Server);
  const sockets = keptSockets(server);
  const sessions = keptSessions(server);
  server.on('stream', (stream, headers) => door(stream as ServerHttp2Stream, headers));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    address: `${isIP(host) === 6 ? `[${host}]` : host}:${bound}`,
    close: async (graceful) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const end = (): void => {
        for (const socket of sockets) socket.destroy();
      };
      for (const session of sessions) session.close();
      const timer = clock.after(graceful ? DRAIN_MS : 0, end);
      await closed;
      timer.cancel();
    },
  };
};

/** Those whose handshake is not over too: nobody else would end them. */
const keptSockets = (server: Http2Server): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
};

const keptSessions = (server: Http2Server): ReadonlySet<ServerHttp2Session> => {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    if (sessions.size >= MOST_SESSIONS) {
      session.destroy();
      return;
    }
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
    session.setTimeout(IDLE_MS, () => session.close());
  });
  return sessions;
};
