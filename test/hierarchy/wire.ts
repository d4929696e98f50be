/** A wire between two hubs that can be cut, and that can lose answers: what was asked has arrived, and nobody hears so. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Wire {
  readonly url: string;
  isCut: boolean;
  /** End of the paths whose answers are lost; undefined: none. */
  losing: string | undefined;
  /** Answers that were lost. */
  lost: number;
  stop(): Promise<void>;
}

export const wireTo = async (to: string): Promise<Wire> => {
  const server = createServer((req, res) => pass(wire, to, req, res)).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const wire: Wire = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ isCut: false, losing: undefined, lost: 0 },
    stop: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  return wire;
};

const pass = (wire: Wire, to: string, req: IncomingMessage, res: ServerResponse): void => {
  if (wire.isCut) return void req.socket.destroy();
  const { method = 'GET', headers, url = '/' } = req;
  const ahead = request(`${to}${url}`, { method, headers }, (reply) => {
    const isLost = wire.losing !== undefined && url.endsWith(wire.losing);
    if (isLost) wire.lost += 1;
    if (isLost || wire.isCut) return void req.socket.destroy();
    res.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(res);
    reply.on('error', () => res.destroy());
  });
  ahead.on('error', () => req.socket.destroy());
  res.on('close', () => ahead.destroy());
  req.pipe(ahead);
};
