/** The parts of a lease that a defect may be planted in. `SOUND` is the product. */
import type { LeaseRequest, LedgerStore } from '../../../contract/index.ts';

export interface Machinery {
  readonly hubLedger: (ledger: LedgerStore) => LedgerStore;
  /** What a node sends, before it is on the wire. */
  readonly said: (request: LeaseRequest) => LeaseRequest;
  /** Undefined: the product's own. */
  readonly maxSkewMs: number | undefined;
}

export const SOUND: Machinery = { hubLedger: (ledger) => ledger, said: (request) => request, maxSkewMs: undefined };
