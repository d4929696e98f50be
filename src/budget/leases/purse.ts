/**
 * Leases in the hand of a node: calls draw on them without asking anybody. Pure, on monotonic time.
 *
 * INVARIANT: what is drawn from a lease never exceeds it, and nothing is drawn after its time; so what all nodes spend stays within
 * what the hub has set aside for them. A lease that was never reported counts as spent there.
 */
import type { AccountTerms, GrantedLease } from '../../contract/index.ts';
import type { Need } from '../cost.ts';

interface Held {
  readonly id: string;
  readonly account: AccountTerms;
  readonly amount: number;
  /** Monotonic. */
  readonly closesAtMs: number;
  /** From here on its successor is due. */
  readonly agesAtMs: number;
  drawn: number;
  /** Booked by calls that are over. */
  spent: number;
  calls: number;
}

/** What one call has drawn; `settle` it once. */
export interface Draft {
  readonly drawn: Need;
  /** More for the same call; false when the leases here have too little, and then nothing was drawn. */
  more(need: Need): boolean;
  /** What it came to: the rest is free again. */
  settle(need: Need): void;
}

export class Purse {
  readonly #byAccount = new Map<string, Held[]>();

  /** `sentAtMs`: when it was asked for. The hub granted it later, so its time is over here before it is there. */
  add({ id, account, amount }: GrantedLease, sentAtMs: number, ttlMs: number): void {
    const held = {
      id,
      account,
      amount,
      closesAtMs: sentAtMs + ttlMs,
      agesAtMs: sentAtMs + ttlMs / 2,
      drawn: 0,
      spent: 0,
      calls: 0,
    };
    this.#byAccount.set(account.id, [...(this.#byAccount.get(account.id) ?? []), held]);
  }

  /** Accounts that have no lease with so much left. */
  short(accounts: readonly AccountTerms[], need: Need, nowMs: number): readonly AccountTerms[] {
    return accounts.filter((account) => this.#open(account, need, nowMs) === undefined);
  }

  /** From every account or from none. */
  draw(accounts: readonly AccountTerms[], need: Need, nowMs: number): Draft | undefined {
    const held = accounts.map((account) => this.#open(account, need, nowMs));
    if (!held.every((one) => one !== undefined)) return undefined;
    for (const one of held) {
      one.drawn += need[one.account.unit];
      one.calls += 1;
    }
    return draftOf(held, need);
  }

  /** Accounts all of whose leases are half through their time. */
  aging(accounts: readonly AccountTerms[], nowMs: number): readonly AccountTerms[] {
    return accounts.filter(({ id }) => this.#byAccount.get(id)?.every((one) => one.agesAtMs <= nowMs) === true);
  }

  /** Leases that are over and that no call draws on any more, with what was spent of them. Each is answered once. */
  over(nowMs: number): readonly { readonly id: string; readonly amount: number }[] {
    const done: { id: string; amount: number }[] = [];
    for (const [account, all] of this.#byAccount) {
      const kept = all.filter((one) => one.closesAtMs > nowMs || one.calls > 0);
      for (const { id, spent } of all.filter((one) => !kept.includes(one))) done.push({ id, amount: spent });
      if (kept.length === 0) this.#byAccount.delete(account);
      else if (kept.length < all.length) this.#byAccount.set(account, kept);
    }
    return done;
  }

  /** The node ends: nothing more is drawn, and what nobody draws on can be given back at once. */
  close(): readonly { readonly id: string; readonly amount: number }[] {
    return this.over(Number.POSITIVE_INFINITY);
  }

  #open({ id }: AccountTerms, need: Need, nowMs: number): Held | undefined {
    return this.#byAccount
      .get(id)
      ?.find((one) => one.closesAtMs > nowMs && one.amount - one.drawn >= need[one.account.unit]);
  }
}

const draftOf = (held: readonly Held[], first: Need): Draft => {
  let drawn = first;
  return {
    get drawn() {
      return drawn;
    },
    more: (need) => {
      if (held.some((one) => one.amount - one.drawn < need[one.account.unit])) return false;
      for (const one of held) one.drawn += need[one.account.unit];
      drawn = {
        micros: drawn.micros + need.micros,
        tokens: drawn.tokens + need.tokens,
        calls: drawn.calls + need.calls,
      };
      return true;
    },
    settle: (came) => {
      for (const one of held) {
        const { unit } = one.account;
        one.drawn += came[unit] - drawn[unit];
        one.spent += came[unit];
        one.calls -= 1;
      }
    },
  };
};
