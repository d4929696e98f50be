/** Leases: parts of budgets that a hub lets a node spend by itself. What the two say to each other about them. */
import type { AccountState, Amounts } from './money.ts';

/** Ids are the node's own, new for each lease; the hub keeps those of one node apart from those of another. */
export interface LeaseRequest {
  /** Taken first, in their order. Each may come any number of times. */
  readonly reports: readonly LeaseReport[];
  readonly ask?: LeaseAsk;
}

/** The last word about a lease: what calls came to under it, and what of it calls that still run hold. The rest is given back. */
export interface LeaseReport {
  readonly id: string;
  readonly used: Amounts;
  readonly rest?: LeaseRest;
}

/** Goes on as a lease of its own, which no further call draws on. */
export interface LeaseRest {
  readonly id: string;
  readonly held: Amounts;
  /** Until the last of those calls counts as lost. */
  readonly forMs: number;
}

export interface LeaseAsk {
  readonly id: string;
  /** Every account that a call draws on; which window of a budget it is says the clock of the hub. */
  readonly accounts: readonly { readonly budget: string; readonly holder: string }[];
  /** What one call needs: less helps nobody. */
  readonly need: Amounts;
}

export type LeaseAnswer =
  /** So much on every account, by unit, for `ttlMs` from when it was asked for. */
  | {
      readonly kind: 'granted';
      readonly amounts: Amounts;
      readonly ttlMs: number;
      readonly accounts: readonly AccountState[];
    }
  | { readonly kind: 'short'; readonly account: AccountState; readonly asked: number }
  /** Not this node, not this budget, or an id that was there before. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface LeaseReply {
  /** Null when nothing was asked. That there is a reply says that all reports were taken. */
  readonly answer: LeaseAnswer | null;
}
