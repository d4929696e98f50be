/**
 * The books of a hub that has budgets of its own and stands below others: charges on its own accounts are booked here, those on
 * accounts of the levels above are taken from leases, and a call that falls under both needs both.
 *
 * The own part is set aside first and under an id of its own. A crash between the two leaves it set aside until it runs out, and
 * then it counts as spent: an account may say that more was spent than was, and never less.
 */
import type { CallJournal, Charge, LedgerStore, Reservation } from '../../contract/index.ts';
import { journalWith } from '../../kernel/index.ts';
import { NOTHING } from '../cost.ts';

export interface SplitParts {
  /** Of the node itself. */
  readonly own: LedgerStore;
  /** Over leases. */
  readonly leased: LedgerStore;
  /** Is a budget of this name one of the levels above? */
  readonly isAbove: (tenant: string, budget: string) => boolean;
}

/** Reservations that have a part in both books, with when each runs out. */
export class Split {
  readonly #parts: SplitParts;
  readonly #both = new Map<string, number>();

  constructor(parts: SplitParts) {
    this.#parts = parts;
  }

  has(id: string): boolean {
    return this.#both.has(id);
  }

  parted({ charges }: Pick<Reservation, 'charges'>): {
    readonly own: readonly Charge[];
    readonly above: readonly Charge[];
  } {
    const isAbove = ({ account: { tenant, budget } }: Charge): boolean => this.#parts.isAbove(tenant, budget);
    return { own: charges.filter((charge) => !isAbove(charge)), above: charges.filter(isAbove) };
  }

  /** Sets the own part aside, then does `rest`; what does not come about gives it back. */
  async with<T extends { readonly kind: string }>(
    reservation: Reservation,
    own: readonly Charge[],
    atMs: number,
    rest: () => Promise<T>,
    isDone: (answer: T) => boolean,
  ): Promise<T | Extract<Awaited<ReturnType<LedgerStore['reserve']>>, { readonly kind: 'overdrawn' }>> {
    const { id, tenant } = reservation;
    const known = this.#both.has(id);
    if (!known) {
      const reserved = await this.#parts.own.reserve({ ...reservation, id: ownId(id), charges: own }, atMs);
      if (reserved.kind === 'overdrawn') return reserved;
    }
    let answer: T | undefined;
    try {
      answer = await rest();
      return answer;
    } finally {
      if (answer !== undefined && isDone(answer)) this.#both.set(id, reservation.expiresAtMs);
      else if (!known) await this.#parts.own.settle(tenant, ownId(id), NOTHING, atMs);
    }
  }

  async settle(...[tenant, id, amounts, atMs]: Parameters<LedgerStore['settle']>) {
    if (!this.#both.delete(id)) return [];
    return (await this.#parts.own.settle(tenant, ownId(id), amounts, atMs)).overdrawn;
  }

  async carry(...[tenant, id, amounts, rest, atMs]: Parameters<LedgerStore['carry']>): Promise<void> {
    if (!this.#both.delete(id)) return;
    await this.#parts.own.carry(tenant, ownId(id), amounts, { ...rest, id: ownId(rest.id) }, atMs);
    this.#both.set(rest.id, rest.expiresAtMs);
  }

  forget(nowMs: number): void {
    for (const [id, expiresAtMs] of this.#both) if (expiresAtMs <= nowMs) this.#both.delete(id);
  }
}

const ownId = (id: string): string => `${id}~own`;

export const splitLedger = (split: Split, parts: SplitParts): LedgerStore => {
  const { own, leased, isAbove } = parts;
  return {
    reserve: async (reservation, atMs) => {
      const charges = split.parted(reservation);
      if (charges.above.length === 0) return own.reserve(reservation, atMs);
      if (charges.own.length === 0) return leased.reserve(reservation, atMs);
      const above = { ...reservation, charges: charges.above };
      return split.with(
        ...([reservation, charges.own, atMs] as const),
        () => leased.reserve(above, atMs),
        ({ kind }) => kind === 'reserved',
      );
    },
    extend: async (tenant, id, more, atMs) => {
      if (split.has(id)) {
        const extended = await own.extend(tenant, ownId(id), more, atMs);
        if (extended.kind === 'overdrawn') return extended;
      }
      return leased.extend(tenant, id, more, atMs);
    },
    settle: async (tenant, id, amounts, atMs) => {
      const { settled, overdrawn } = await leased.settle(tenant, id, amounts, atMs);
      return { settled, overdrawn: [...overdrawn, ...(await split.settle(tenant, id, amounts, atMs))] };
    },
    carry: async (tenant, id, amounts, rest, atMs) => {
      const carried = await leased.carry(tenant, id, amounts, rest, atMs);
      if (carried.settled) await split.carry(tenant, id, amounts, rest, atMs);
      return carried;
    },
    expire: (nowMs, limit) => {
      split.forget(nowMs);
      return leased.expire(nowMs, limit);
    },
    credit: (account, amount) =>
      isAbove(account.tenant, account.budget) ? leased.credit(account, amount) : own.credit(account, amount),
    account: async (tenant, id) => (await leased.account(tenant, id)) ?? own.account(tenant, id),
    accounts: async (filter) => [
      ...(await leased.accounts(filter)),
      ...(await own.accounts(filter)).filter(({ tenant, budget }) => budget !== 'lease' && !isAbove(tenant, budget)),
    ],
    entry: (tenant, id) => own.entry(tenant, id),
    entries: (filter) => own.entries(filter),
    prune: (beforeMs) => own.prune(beforeMs),
  };
};

/** `calls`: of the node itself; `leased`: the same over leases. */
export const splitCalls = (split: Split, calls: CallJournal, leased: CallJournal): CallJournal =>
  journalWith(calls, {
    begin: async (begin) => {
      const { reservation, atMs } = begin;
      if (reservation === null) return calls.begin(begin);
      const charges = split.parted(reservation);
      if (charges.above.length === 0) return calls.begin(begin);
      if (charges.own.length === 0) return leased.begin(begin);
      const above = { ...begin, reservation: { ...reservation, charges: charges.above } };
      return split.with(
        ...([reservation, charges.own, atMs] as const),
        () => leased.begin(above),
        ({ kind }) => kind === 'begun',
      );
    },
    end: async (end) => {
      const ended = await leased.end(end);
      const id = end.reservation ?? end.id;
      const overdrawn = end.amounts === null ? [] : await split.settle(end.tenant, id, end.amounts, end.atMs);
      return { ...ended, overdrawn: [...ended.overdrawn, ...overdrawn] };
    },
    resolve: async (resolution) => {
      const isResolved = await leased.resolve(resolution);
      const { tenant, id, verdict, atMs } = resolution;
      if (isResolved) await split.settle(tenant, id, verdict === 'executed' ? {} : NOTHING, atMs);
      return isResolved;
    },
  });
