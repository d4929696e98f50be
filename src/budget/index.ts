/** Budgets: accounts that calls draw on, what a call may come to, and what it came to. */
export { Budgets, type Share, termsOf } from './accounts.ts';
export type { Need } from './cost.ts';
export { type DowngradeParts, downgrade } from './downgrade.ts';
export { type Foreseen, foresee, isUnpriced } from './foresee.ts';
export { type PriceParts, price } from './layer.ts';
export {
  type Configured,
  type Holder,
  type LeasedParts,
  LeaseRecords,
  type LeaseSizes,
  Lessee,
  Lessor,
  type LessorParts,
  leasedCalls,
  leasedLedger,
  Split,
  type SplitParts,
  splitCalls,
  splitLedger,
} from './leases/index.ts';
export { type Tighten, tightenBy } from './tighten.ts';
export { leftOf, type Notice, Treasury, type TreasuryOptions } from './treasury.ts';
export { windowAt } from './window.ts';
