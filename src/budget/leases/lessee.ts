/**
 * The node's side of leases: admits calls within the slices of accounts that it holds, keeps what each call took of which, and says of
 * each what came of it.
 */
import type { AccountState, Amounts, Charge, LedgerStore, Reservation } from '../../contract/index.ts';
import { Fault, UNITS } from '../../contract/index.ts';
import { type Need, NOTHING, plus } from '../cost.ts';
import { each, type Slice } from './slice.ts';
import { type Overdrawn, Supply, type SupplyParts } from './supply.ts';

type Rest = Parameters<LedgerStore['carry']>[3];

/** What one call takes of one slice. `id`: of the reservation in the node's own ledger. */
export interface Piece {
  readonly id: string;
  readonly slice: Slice;
  need: Need;
}

export interface Holder {
  readonly reservation: Reservation;
  readonly pieces: Piece[];
  /** Something about it is being written down: nobody else may say what it came to meanwhile. */
  isBusy: boolean;
}

export class Lessee {
  readonly #newId: () => string;
  readonly #clock: SupplyParts['clock'];
  readonly #supply: Supply;
  readonly #holders = new Map<string, Holder>();

  constructor(parts: SupplyParts) {
    this.#newId = parts.newId;
    this.#clock = parts.clock;
    this.#supply = new Supply(parts);
  }

  /** Words that the last run of this node did not get through. */
  start(): Promise<void> {
    return this.#supply.start();
  }

  /** In order: gives back what no call holds, if the hub is there. Otherwise the next start says it. */
  stop(inOrder = true): Promise<void> {
    return this.#supply.stop(inOrder);
  }

  holder(id: string): Holder | undefined {
    return this.#holders.get(id);
  }

  /** Where an account stands, as far as this node knows. */
  account(tenant: string, id: string): AccountState | undefined {
    return this.#supply.account(tenant, id);
  }

  get accounts(): readonly AccountState[] {
    return this.#supply.accounts;
  }

  /** Holds it in memory. Throws `budget_exhausted` when no hub answers. */
  async take(reservation: Reservation): Promise<Holder | Overdrawn> {
    const { charges, expiresAtMs, id } = reservation;
    const need = needOf(charges);
    const slice = await this.#supply.draw({ charges, need }, id, expiresAtMs);
    if ('kind' in slice) return slice;
    const holder = { reservation, pieces: [{ id, slice, need }], isBusy: false };
    this.#holders.set(id, holder);
    return holder;
  }

  /** As if it had never been taken: nothing was sent. */
  giveBack(id: string): void {
    const holder = this.#holders.get(id);
    if (holder === undefined) return;
    this.settle(
      id,
      holder.pieces.map((piece) => ({ piece, came: NOTHING })),
    );
  }

  /** More for a call that goes on: of its slice, or of another one when that has too little or is over. */
  async more(holder: Holder, more: Amounts): Promise<Piece | Overdrawn> {
    const { charges, expiresAtMs, id } = holder.reservation;
    const need = each((unit) => more[unit] ?? 0);
    const last = holder.pieces.at(-1)!;
    if (last.slice.mayTake(need, this.#clock.nowMs())) {
      last.slice.take(last.id, need, expiresAtMs);
      last.need = plus(last.need, need);
      return last;
    }
    const piece = { id: `${id}+${this.#newId()}`, need };
    const slice = await this.#supply.draw({ charges, need }, piece.id, expiresAtMs);
    if ('kind' in slice) return slice;
    if (this.#holders.get(id) !== holder) {
      this.#supply.settle(slice, piece.id, NOTHING);
      throw new Fault('not_found', `nothing is set aside for \`${id}\` any more`);
    }
    const whole = { ...piece, slice };
    holder.pieces.push(whole);
    return whole;
  }

  /** What a call came to, on the slices that it drew on: the last one gets what is beyond all that was set aside. */
  split(holder: Holder, amounts: Amounts): readonly { readonly piece: Piece; readonly came: Need }[] {
    const held = holder.pieces.reduce((sum, { need }) => plus(sum, need), NOTHING);
    const left: Record<keyof Need, number> = { ...each((unit) => amounts[unit] ?? held[unit]) };
    return holder.pieces.map((piece, at) => {
      const isLast = at === holder.pieces.length - 1;
      const came = each((unit) => (isLast ? left[unit] : Math.min(left[unit], piece.need[unit])));
      for (const unit of UNITS) left[unit] -= came[unit];
      return { piece, came };
    });
  }

  /** In memory; the node's own ledger has it by now. */
  settle(id: string, parts: ReturnType<Lessee['split']>): void {
    if (!this.#holders.delete(id)) return;
    for (const { piece, came } of parts) this.#supply.settle(piece.slice, piece.id, came);
  }

  /** What a lease came to that was given on from here, and what of it is held on. Such a one has one piece. */
  carry(id: string, amounts: Amounts, { id: restId, amounts: held, expiresAtMs }: Rest): void {
    const holder = this.#holders.get(id);
    if (holder === undefined) return;
    this.#holders.delete(id);
    const parts = this.split(holder, amounts);
    for (const { piece, came } of parts.slice(0, -1)) this.#supply.settle(piece.slice, piece.id, came);
    const { piece, came } = parts.at(-1)!;
    const need = each((unit) => held[unit] ?? 0);
    piece.slice.carry(piece.id, came, { id: restId, need, expiresAtMs });
    this.#holders.set(restId, {
      reservation: { ...holder.reservation, id: restId, expiresAtMs },
      pieces: [{ id: restId, slice: piece.slice, need }],
      isBusy: false,
    });
  }

  /** Counts as spent what nobody settled in time. */
  expire(wallMs: number): void {
    for (const [id, holder] of [...this.#holders])
      if (!holder.isBusy && holder.reservation.expiresAtMs <= wallMs) this.settle(id, this.split(holder, {}));
  }
}

const needOf = (charges: readonly Charge[]): Need =>
  each((unit) => Math.max(0, ...charges.filter(({ account }) => account.unit === unit).map(({ amount }) => amount)));
