/** The client over a socket of this machine, as a sidecar has one for its agent. For Node only: browsers have no sockets. */
import { Agent, fetch as fetchOver } from 'undici';
import { type Client, createClient } from './client.ts';

export interface SocketClientOptions {
  /** As in `AIRSPACE_SOCKET`. */
  readonly path: string;
  /** As in `AIRSPACE_KEY`. */
  readonly key?: string;
}

/** Connections are kept, and closed when they are idle: there is nothing to end. */
export const createSocketClient = ({ path, key }: SocketClientOptions): Client =>
  createClient({ url: 'http://localhost', ...(key === undefined ? {} : { key }), fetch: socketFetch(path) });

/** `fetch` for whatever takes one: host and port of addresses are not looked at. */
export const socketFetch = (path: string): typeof fetch => {
  const dispatcher = new Agent({ connect: { socketPath: path } });
  const fetched = (input: string | URL, init?: object) => fetchOver(input, { ...init, dispatcher });
  return fetched as unknown as typeof fetch;
};
