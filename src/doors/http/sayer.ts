/** Who says something of their own, beside calls: an agent or application by its key, or whoever alone can reach the listener. */
import type { IncomingMessage } from 'node:http';
import { type Credential, Fault, type Principal } from '../../contract/index.ts';
import type { Inbound } from './inbound.ts';

export interface Sayers {
  /** Throws `unauthenticated`, and `denied` for a principal that may not say any. */
  readonly identify: (credential: Credential) => Promise<Principal>;
  /** As of the native door: a listener that only one known process can reach. It refuses requests of web pages. */
  readonly known?: (inbound: Pick<Inbound, 'credential'>) => Credential;
}

/** `what`: `spans`. Throws `denied` for nodes, which have their own way, and for web pages where nobody shows a key. */
export const sayerOf = async (
  req: Pick<IncomingMessage, 'headers'>,
  inbound: Inbound,
  { identify, known }: Sayers,
  what: string,
): Promise<Principal> => {
  if (inbound.node !== null) throw new Fault('denied', `nodes hand over ${what} by their link, not here`);
  if (known !== undefined && req.headers.origin !== undefined)
    throw new Fault('denied', `web pages cannot say ${what} through this listener`);
  return identify(known === undefined ? inbound.credential : known(inbound));
};
