/** Budgets: accounts that calls draw on, what a call may come to, and what it came to. */
export { Budgets, type Share, termsOf } from './accounts.ts';
export { type DowngradeParts, downgrade } from './downgrade.ts';
export { type PriceParts, price } from './layer.ts';
export { type LeasedParts, leasedCalls, leasedLedger } from './leased.ts';
export { type Holder, Lessee, type LesseeParts, MAX_SKEW_MS } from './lessee.ts';
export { type Configured, LEASE_SIZES, type LeaseSizes, Lessor, type LessorParts } from './lessor.ts';
export { LeaseRecords } from './records.ts';
export { type Tighten, tightenBy } from './tighten.ts';
export { leftOf, type Notice, Treasury, type TreasuryOptions } from './treasury.ts';
export { windowAt } from './window.ts';
