/** Whose pages may use this door, and under which address its clients know it. */
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../host.ts';
import { REFUSED, Refusal } from './message.ts';

const NAME = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/** A page of another site in a browser on this machine is not its user. Throws Refusal (403). */
export const checkOrigin = (req: IncomingMessage): void => {
  const { origin, host = '' } = req.headers;
  if (origin === undefined) return;
  const name = NAME.exec(origin)?.[1]?.toLowerCase();
  const bare = name?.startsWith('[') === true ? name.slice(1, -1) : name;
  const isOwn = name !== undefined && name === host.replace(/:\d+$/, '').toLowerCase();
  if (bare === undefined || (!isLoopback(bare) && !isOwn))
    throw new Refusal(403, { code: REFUSED, message: 'pages of that origin cannot call here' });
};

/**
 * As the client wrote it: the listener has checked that `host` is one of ours, or that any will do. `known`: an address of this node; it
 * says more about its own host, for TLS may end in front of us.
 */
export const originOf = (req: IncomingMessage, known: string | undefined): string => {
  const { host = '' } = req.headers;
  if (known !== undefined && new URL(known).host === host.toLowerCase()) return known;
  return `${'encrypted' in req.socket ? 'https' : 'http'}://${host}`;
};
