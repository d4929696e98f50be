/** A part of some accounts that this node may spend by itself: what calls hold of it, what they came to, until when it is drawn on. */
import type { AccountTerms, LeaseReport, Unit } from '../../contract/index.ts';
import { UNITS } from '../../contract/index.ts';
import { type Need, NOTHING, plus } from '../cost.ts';

export interface SliceTerms {
  readonly id: string;
  readonly accounts: readonly AccountTerms[];
  /** So much on each of the accounts, by unit. */
  readonly granted: Need;
  /** Monotonic. No call is admitted from then on. */
  readonly stopAtMs: number;
}

interface Holding {
  readonly need: Need;
  /** Unix ms. */
  readonly expiresAtMs: number;
}

export class Slice {
  readonly terms: SliceTerms;
  readonly units: readonly Unit[];
  readonly #holding = new Map<string, Holding>();
  /** The sum of what is held: asked for with each call, however many run. */
  #held = NOTHING;
  #used = NOTHING;
  /** Set when the last word about it was said while calls still ran. */
  #rest: { readonly id: string; readonly reported: Need } | undefined;
  #isClosed = false;
  /** The most that was asked of it at once: what its successor must have at least. */
  #most = NOTHING;

  constructor(terms: SliceTerms) {
    this.terms = terms;
    this.units = UNITS.filter((unit) => terms.accounts.some((account) => account.unit === unit));
  }

  get left(): Need {
    const taken = plus(this.#used, this.#held);
    const { granted } = this.terms;
    return each((unit) => Math.max(0, granted[unit] - taken[unit]));
  }

  get isUntouched(): boolean {
    return this.#most === NOTHING;
  }

  get isEmpty(): boolean {
    const { left } = this;
    return this.units.some((unit) => left[unit] === 0);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get most(): Need {
    return this.#most;
  }

  /** INVARIANT: used + held <= granted, unless a call came to more than it said. */
  mayTake(need: Need, nowMs: number): boolean {
    return !this.#isClosed && nowMs < this.terms.stopAtMs && this.fits(need);
  }

  fits(need: Need): boolean {
    const { left } = this;
    return this.units.every((unit) => need[unit] <= left[unit]);
  }

  /** More of it for the same holder is added to what it holds. */
  take(holder: string, need: Need, expiresAtMs: number): void {
    const before = this.#holding.get(holder)?.need ?? NOTHING;
    this.#holding.set(holder, { need: plus(before, need), expiresAtMs });
    this.#held = plus(this.#held, need);
    this.#most = each((unit) => Math.max(this.#most[unit], need[unit]));
  }

  /** Answers the last word about its rest, when this was the last call of a closed slice. */
  settle(holder: string, came: Need): LeaseReport | undefined {
    const holding = this.#holding.get(holder);
    if (holding === undefined) return undefined;
    this.#holding.delete(holder);
    const held = this.#held;
    this.#held = each((unit) => held[unit] - holding.need[unit]);
    this.#used = plus(this.#used, came);
    if (this.#rest === undefined || this.#holding.size > 0) return undefined;
    const { id, reported } = this.#rest;
    const used = this.#used;
    return { id, used: each((unit) => used[unit] - reported[unit]) };
  }

  /** What a holder held goes on as something smaller under another name: whoever holds parts of it says so now and then. */
  carry(
    holder: string,
    came: Need,
    rest: { readonly id: string; readonly need: Need; readonly expiresAtMs: number },
  ): void {
    const holding = this.#holding.get(holder);
    if (holding === undefined) return;
    this.#holding.delete(holder);
    const held = this.#held;
    this.#held = each((unit) => held[unit] - holding.need[unit]);
    this.#used = plus(this.#used, came);
    this.take(rest.id, rest.need, rest.expiresAtMs);
  }

  /** No call draws on it any more. Answers the last word about it, once. `restId`: for what calls still hold. */
  close(restId: string, wallMs: number): LeaseReport {
    this.#isClosed = true;
    const report = { id: this.terms.id, used: this.#used };
    if (this.#holding.size === 0) return report;
    this.#rest = { id: restId, reported: this.#used };
    const lastMs = Math.max(...[...this.#holding.values()].map(({ expiresAtMs }) => expiresAtMs));
    return { ...report, rest: { id: restId, held: this.#held, forMs: Math.max(0, Math.ceil(lastMs - wallMs)) } };
  }
}

export const each = (amountOf: (unit: Unit) => number): Need => ({
  micros: amountOf('micros'),
  tokens: amountOf('tokens'),
  calls: amountOf('calls'),
});
