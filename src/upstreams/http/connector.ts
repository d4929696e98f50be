/** Opens the connections of the pools, and none to an address that is off limits: also not to one that a good name led to just now. */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
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

export const guardedConnector = (how: buildConnector.BuildOptions): buildConnector.connector => {
  const connect = buildConnector({ ...how, lookup: guardedLookup() } as buildConnector.BuildOptions);
  // An address that stands in the URL itself is never looked up.
  return (options, connected) =>
    isOffLimits(options.hostname) ? connected(refusal(), null) : connect(options, connected);
};
