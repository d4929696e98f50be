/** Leases: parts of budgets that nodes without the ledger spend by themselves. */
export { type LeasedParts, leasedCalls, leasedLedger } from './leased.ts';
export { type Holder, Lessee } from './lessee.ts';
export { type Configured, type LeaseSizes, Lessor, type LessorParts } from './lessor.ts';
export { LeaseRecords } from './records.ts';
export { Split, type SplitParts, splitCalls, splitLedger } from './split.ts';
