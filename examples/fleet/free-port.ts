/** A port that nobody listens on: for who must be told an address before somebody listens there. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Somebody else may take it before it is used; on loopback that is rare, and then the start fails loudly. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};
