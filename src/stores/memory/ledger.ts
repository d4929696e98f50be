/** The ledger in maps: the plain form of the rules that every other ledger is held against. */
import type {
  AccountState,
  AccountTerms,
  Amounts,
  Charge,
  LedgerEntry,
  LedgerStore,
  Reservation,
  Reserved,
  Rest,
  Settled,
} from '../../contract/index.ts';
import { ofTerms, refuseAmounts, refuseCredit, refuseReservation } from '../money.ts';
import { REFUSALS } from '../refusals.ts';

interface Held {
  readonly reservation: Reservation;
  readonly atMs: number;
  state: LedgerEntry['state'];
  settledAtMs: number | null;
  /** Per charge, in their order. */
  reserved: number[];
  spent: number[];
}

export class MemoryLedger implements LedgerStore {
  readonly #accounts = new Map<string, AccountState>();
  readonly #held = new Map<string, Held>();
  readonly #isOnRecord: (call: string) => boolean;

  constructor(isOnRecord: (call: string) => boolean) {
    this.#isOnRecord = isOnRecord;
  }

  async reserve(reservation: Reservation, atMs: number): Promise<Reserved> {
    refuseReservation(reservation);
    if (this.has(reservation)) return { kind: 'reserved' };
    const short = this.short(reservation);
    if (short === null) this.hold(reservation, atMs);
    return short ?? { kind: 'reserved' };
  }

  /** In whatever state. */
  has(reservation: Pick<Reservation, 'tenant' | 'id'>): boolean {
    return this.#held.has(keyOf(reservation));
  }

  /** Why it cannot be granted, or null. Changes nothing. */
  short({ charges }: Reservation): Extract<Reserved, { kind: 'overdrawn' }> | null {
    for (const { account: terms, amount } of charges) {
      const account = this.#at(terms);
      if (account.spent + account.reserved + amount > account.limit + account.extra)
        return { kind: 'overdrawn', account, asked: amount };
    }
    return null;
  }

  hold(reservation: Reservation, atMs: number): void {
    for (const { account, amount } of reservation.charges) this.#move(account, amount, 0);
    this.#keep(reservation, atMs);
  }

  #keep(reservation: Reservation, atMs: number): void {
    const { charges } = reservation;
    this.#held.set(keyOf(reservation), {
      reservation,
      atMs,
      state: 'reserved',
      settledAtMs: null,
      reserved: charges.map(({ amount }) => amount),
      spent: charges.map(() => 0),
    });
  }

  async extend(tenant: string, id: string, more: Amounts, _atMs: number): Promise<Reserved> {
    refuseAmounts(more);
    const held = this.#held.get(keyOf({ tenant, id }));
    const isOpen =
      held?.state === 'reserved' && held.reservation.charges.every(({ account }) => this.#isThere(account));
    if (!isOpen) throw REFUSALS.unknownReservation(id);
    const charges = held.reservation.charges.map(({ account }) => ({ account, amount: more[account.unit] ?? 0 }));
    const short = this.short({ ...held.reservation, charges });
    if (short !== null) return short;
    for (const [at, { account, amount }] of charges.entries()) {
      this.#move(account, amount, 0);
      held.reserved[at]! += amount;
    }
    return { kind: 'reserved' };
  }

  async settle(tenant: string, id: string, amounts: Amounts, atMs: number): Promise<Settled> {
    return this.#settle(tenant, id, amounts, atMs);
  }

  #settle(tenant: string, id: string, amounts: Amounts, atMs: number): Settled {
    refuseAmounts(amounts);
    const held = this.#held.get(keyOf({ tenant, id }));
    if (held === undefined || held.state === 'settled') return { settled: false, overdrawn: [] };
    this.#book(held, ({ account }, reserved) => amounts[account.unit] ?? reserved);
    held.state = 'settled';
    held.settledAtMs = atMs;
    const accounts = held.reservation.charges
      .filter((_, at) => held.spent[at]! > held.reserved[at]!)
      .map(({ account }) => this.#at(account));
    return { settled: true, overdrawn: accounts.filter((one) => one.spent + one.reserved > one.limit + one.extra) };
  }

  /** INVARIANT: nothing is awaited between the settlement and the rest. */
  async carry(tenant: string, id: string, amounts: Amounts, rest: Rest, atMs: number): Promise<Settled> {
    refuseAmounts(amounts);
    refuseAmounts(rest.amounts);
    const held = this.#held.get(keyOf({ tenant, id }));
    const settled = this.#settle(tenant, id, amounts, atMs);
    if (held === undefined || !settled.settled || this.has({ tenant, id: rest.id })) return settled;
    const charges = held.reservation.charges.map(({ account }) => ({
      account,
      amount: rest.amounts[account.unit] ?? 0,
    }));
    for (const { account, amount } of charges) if (this.#isThere(account)) this.#move(account, amount, 0);
    this.#keep({ ...held.reservation, id: rest.id, charges, expiresAtMs: rest.expiresAtMs }, atMs);
    return settled;
  }

  async expire(nowMs: number, limit: number): Promise<number> {
    const due = [...this.#held.values()]
      .filter(({ state, reservation }) => state === 'reserved' && reservation.expiresAtMs <= nowMs)
      .slice(0, limit);
    for (const held of due) {
      this.#book(held, (_, reserved) => reserved);
      held.state = 'expired';
      held.settledAtMs = nowMs;
    }
    return due.length;
  }

  async credit(terms: AccountTerms, amount: number): Promise<AccountState> {
    refuseCredit(amount);
    const account = this.#at(terms);
    const credited = { ...account, extra: account.extra + amount };
    this.#accounts.set(terms.id, credited);
    return credited;
  }

  async account(tenant: string, id: string): Promise<AccountState | undefined> {
    const found = this.#accounts.get(id);
    return found?.tenant === tenant ? found : undefined;
  }

  async accounts(filter: Parameters<LedgerStore['accounts']>[0]): Promise<readonly AccountState[]> {
    return [...this.#accounts.values()]
      .filter(
        ({ tenant, budget, windowEndMs }) =>
          tenant === filter.tenant &&
          (filter.budget === undefined || budget === filter.budget) &&
          (filter.sinceMs === undefined || windowEndMs === null || windowEndMs > filter.sinceMs),
      )
      .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  }

  async entry(tenant: string, id: string): Promise<LedgerEntry | undefined> {
    const held = this.#held.get(keyOf({ tenant, id }));
    return held === undefined ? undefined : entryOf(held);
  }

  async entries(filter: Parameters<LedgerStore['entries']>[0]): Promise<readonly LedgerEntry[]> {
    return [...this.#held.values()]
      .filter(
        ({ reservation, atMs }) =>
          reservation.tenant === filter.tenant &&
          (filter.sinceMs === undefined || atMs >= filter.sinceMs) &&
          (filter.account === undefined || reservation.charges.some(({ account }) => account.id === filter.account)),
      )
      .sort((a, b) => b.atMs - a.atMs || (a.reservation.id < b.reservation.id ? 1 : -1))
      .slice(0, filter.limit)
      .map(entryOf);
  }

  async prune(beforeMs: number): Promise<number> {
    const accounts = [...this.#accounts.values()];
    const left = accounts.filter(({ windowEndMs }) => windowEndMs !== null && windowEndMs > beforeMs);
    const sinceMs = Math.min(beforeMs, ...left.map(({ windowStartMs }) => windowStartMs));
    const old = [...this.#held].filter(
      ([, { state, atMs, settledAtMs, reservation }]) =>
        state === 'settled' && atMs < sinceMs && settledAtMs! < beforeMs && !this.#isOnRecord(reservation.id),
    );
    const over = accounts.filter(
      ({ windowEndMs, reserved }) => windowEndMs !== null && windowEndMs <= beforeMs && reserved === 0,
    );
    for (const [key] of old) this.#held.delete(key);
    for (const { id } of over) this.#accounts.delete(id);
    return old.length + over.length;
  }

  /** What was booked before is taken back first: an expiry may have booked too much. */
  #book(held: Held, spentOf: (charge: Charge, reserved: number) => number): void {
    for (const [at, charge] of held.reservation.charges.entries()) {
      const reserved = held.reserved[at]!;
      const spent = spentOf(charge, reserved);
      if (this.#isThere(charge.account))
        this.#move(charge.account, held.state === 'reserved' ? -reserved : 0, spent - held.spent[at]!);
      held.spent[at] = spent;
    }
  }

  #isThere({ id }: AccountTerms): boolean {
    return this.#accounts.has(id);
  }

  #at(terms: AccountTerms): AccountState {
    const known = this.#accounts.get(terms.id);
    return known === undefined ? ofTerms(terms) : { ...known, ...terms };
  }

  #move(terms: AccountTerms, reserved: number, spent: number): void {
    const account = this.#at(terms);
    this.#accounts.set(terms.id, {
      ...account,
      reserved: account.reserved + reserved,
      spent: account.spent + spent,
    });
  }
}

const keyOf = ({ tenant, id }: { readonly tenant: string; readonly id: string }): string =>
  JSON.stringify([tenant, id]);

const orderOf = ({ budget, holder, windowStartMs }: AccountState): string =>
  JSON.stringify([budget, holder, String(windowStartMs).padStart(16, '0')]);

const entryOf = ({ reservation, state, atMs, settledAtMs, reserved, spent }: Held): LedgerEntry => ({
  id: reservation.id,
  tenant: reservation.tenant,
  labels: reservation.labels,
  state,
  charges: reservation.charges.map(({ account }, at) => ({
    account: account.id,
    budget: account.budget,
    unit: account.unit,
    reserved: reserved[at]!,
    spent: spent[at]!,
  })),
  atMs,
  settledAtMs,
});
