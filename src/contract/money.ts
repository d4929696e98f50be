/** Money, tokens and calls as accounts: what is set aside before a call is sent, and what it came to in the end. */

/** `micros` are millionths of a US dollar. Amounts of every unit are integers from 0 to 2^53 - 1. */
export const UNITS = ['micros', 'tokens', 'calls'] as const;
export type Unit = (typeof UNITS)[number];

/** One budget, for one holder, in one window. It exists from its first charge on; a new window is a new account. */
export interface AccountTerms {
  /** `accountId` of what follows. */
  readonly id: string;
  readonly tenant: string;
  /** Name of the budget. */
  readonly budget: string;
  /** Whose share of it: an agent, session or root of a call tree; empty where all that it is for draw on one account. */
  readonly holder: string;
  readonly unit: Unit;
  /** As the configuration says it at the moment of the charge. */
  readonly limit: number;
  /** Unix ms. */
  readonly windowStartMs: number;
  /** Unix ms; null for a window without end. */
  readonly windowEndMs: number | null;
}

export interface AccountState extends AccountTerms {
  /** Settled. */
  readonly spent: number;
  /** Set aside for what is under way, leases too. INVARIANT: spent + reserved <= limit + extra when a reservation is granted. */
  readonly reserved: number;
  /** Granted once on top of the limit. */
  readonly extra: number;
}

export const accountId = (of: Pick<AccountTerms, 'tenant' | 'budget' | 'holder' | 'windowStartMs'>): string =>
  JSON.stringify([of.tenant, of.budget, of.holder, of.windowStartMs]);

export interface Charge {
  readonly account: AccountTerms;
  readonly amount: number;
}

/** All charges or none. The id is that of the call, or of a lease. */
export interface Reservation {
  readonly id: string;
  readonly tenant: string;
  /** Who is served by it, for those who ask who pays: principal, target, root of the tree, and such. Small. */
  readonly labels: Readonly<Record<string, string>>;
  /** An account may appear once only. */
  readonly charges: readonly Charge[];
  /** Unix ms. From then on it counts as spent in full, until a late settlement says otherwise. */
  readonly expiresAtMs: number;
}

/** What a call came to. A unit that is absent is not known: then what was set aside is booked. */
export type Amounts = Readonly<Partial<Record<Unit, number>>>;

export type Reserved =
  | { readonly kind: 'reserved' }
  /** The first account, in the order of the charges, that has too little; nothing was set aside anywhere. */
  | { readonly kind: 'overdrawn'; readonly account: AccountState; readonly asked: number };

export interface Settled {
  /** False when it was settled before, or never reserved. */
  readonly settled: boolean;
  /** Accounts for which more was booked than was set aside, and that are above limit and extra now. */
  readonly overdrawn: readonly AccountState[];
}

/** What of a reservation is still held when the most of it is settled. */
export interface Rest {
  readonly id: string;
  readonly amounts: Amounts;
  /** Unix ms. */
  readonly expiresAtMs: number;
}

/** One settled or open reservation, for questions about who paid. */
export interface LedgerEntry {
  readonly id: string;
  readonly tenant: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'reserved' | 'settled' | 'expired';
  readonly charges: readonly {
    readonly account: string;
    readonly budget: string;
    readonly unit: Unit;
    readonly reserved: number;
    readonly spent: number;
  }[];
  readonly atMs: number;
  readonly settledAtMs: number | null;
}

/** The ledger apart from calls: leases, top-ups, questions. Durable; commands of one event-loop turn share one transaction. */
export interface LedgerStore {
  /** Idempotent by id: the same reservation again answers `reserved` and sets nothing aside twice. */
  reserve(reservation: Reservation, atMs: number): Promise<Reserved>;
  /** Sets so much more aside on every account of a reservation, by unit. Throws `not_found` when it is not open. */
  extend(tenant: string, id: string, more: Amounts, atMs: number): Promise<Reserved>;
  /** Once. After an expiry it corrects what was booked, once. */
  settle(tenant: string, id: string, amounts: Amounts, atMs: number): Promise<Settled>;
  /**
   * Settles as `settle` does, and in the same step goes on holding `rest` on the same accounts, under an id of its own. Asks for
   * no room: it was set aside before. Does nothing when the first was settled already.
   */
  carry(tenant: string, id: string, amounts: Amounts, rest: Rest, atMs: number): Promise<Settled>;
  /** Books in full what has run out, at most `limit` of them; answers how many. */
  expire(nowMs: number, limit: number): Promise<number>;
  /** Adds to `extra` of an account, which need not exist yet. Answers the account. */
  credit(account: AccountTerms, amount: number): Promise<AccountState>;
  account(tenant: string, id: string): Promise<AccountState | undefined>;
  /** Ordered by budget, holder and window. */
  accounts(filter: {
    readonly tenant: string;
    readonly budget?: string;
    readonly sinceMs?: number;
  }): Promise<readonly AccountState[]>;
  /** In whatever state. */
  entry(tenant: string, id: string): Promise<LedgerEntry | undefined>;
  /** Newest first. */
  entries(filter: {
    readonly tenant: string;
    readonly account?: string;
    readonly sinceMs?: number;
    readonly limit: number;
  }): Promise<readonly LedgerEntry[]>;
  /**
   * Removes accounts of windows that ended before the instant and on which nothing is set aside, and reservations that were settled before
   * it, unless they may be in a window that is left or their call is on record. Whoever settles one later, or something on an account
   * that is gone, changes nothing there. What has expired stays: a late settlement corrects it. Returns how many rows.
   */
  prune(beforeMs: number): Promise<number>;
}
