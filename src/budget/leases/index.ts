/** Leases: parts of budgets that nodes without the ledger may spend by themselves. */
export { type Granting, giveBack, grantLeases, LEASE_MS } from './grant.ts';
export { type Facts, type HolderOptions, LeasedCall, LeaseHolder } from './holder.ts';
export { type Draft, Purse } from './purse.ts';
