/** One request as the one call that it is: what every door says of it in the same way, whatever its protocol. */
import type { Call } from '../../contract/index.ts';
import type { Inbound } from './inbound.ts';

/** What came along in headers that mean the same at every door. */
export type CameAlong = Partial<Pick<Inbound, 'timeoutMs' | 'run' | 'session' | 'idempotencyKey'>>;

export type Said = Pick<
  Call,
  'id' | 'credential' | 'target' | 'contentType' | 'accept' | 'body' | 'headers' | 'trace' | 'stream'
> & { readonly pin?: string | undefined };

/** Of a caller that is no node: it begins where it comes in, and whoever it says to be is found out behind the door. */
export const callFrom = ({ timeoutMs, run, session, idempotencyKey }: CameAlong, { pin, ...said }: Said): Call => ({
  ...said,
  principal: null,
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  lineage: { root: said.id, depth: 0 },
  ...(run === undefined ? {} : { run }),
  ...(session === undefined ? {} : { session }),
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  priority: 2,
  via: [],
  retriedElsewhere: false,
  ...(pin === undefined ? {} : { pin }),
});
