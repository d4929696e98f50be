/** Slices that calls draw on now, by the accounts that they are parts of: each ends in its time, and then its last word is said. */
import type { AccountTerms, Timer, Unit } from '../../contract/index.ts';
import type { Need } from '../cost.ts';
import type { Outbox, OutboxParts } from './outbox.ts';
import type { Slice } from './slice.ts';

export interface OpenParts extends Pick<OutboxParts, 'records' | 'clock'> {
  readonly newId: () => string;
}

export class OpenSlices {
  readonly #parts: OpenParts;
  readonly #outbox: Outbox;
  readonly #byKey = new Map<string, readonly Slice[]>();
  readonly #timers = new Map<Slice, readonly Timer[]>();

  constructor(parts: OpenParts, outbox: Outbox) {
    this.#parts = parts;
    this.#outbox = outbox;
  }

  /** `timers`: for as long as it is open. */
  add(slice: Slice, timers: readonly Timer[]): void {
    const key = keyOf(slice.terms.accounts);
    this.#byKey.set(key, [...this.#of(key), slice]);
    this.#timers.set(slice, timers);
  }

  withRoom(key: string, need: Need): Slice | undefined {
    const nowMs = this.#parts.clock.nowMs();
    return this.#of(key).find((one) => one.mayTake(need, nowMs));
  }

  hasNewer(key: string, { terms }: Slice): boolean {
    return this.#of(key).some((other) => other.terms.stopAtMs > terms.stopAtMs);
  }

  /** What calls may still take on an account. */
  leftOn(account: string, unit: Unit): number {
    return this.#on(account).reduce((sum, slice) => sum + slice.left[unit], 0);
  }

  close(slice: Slice): void {
    if (slice.isClosed) return;
    for (const timer of this.#timers.get(slice) ?? []) timer.cancel();
    this.#timers.delete(slice);
    const key = keyOf(slice.terms.accounts);
    const others = this.#of(key).filter((other) => other !== slice);
    if (others.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, others);
    const { records, newId, clock } = this.#parts;
    const report = slice.close(newId(), clock.wallMs());
    const { id, used, rest } = report;
    if (rest !== undefined)
      // Without the record a crash costs what those calls held, and no more.
      this.#outbox.after(records.rest(rest.id, id, used).catch(() => {}));
    this.#outbox.say(report);
  }

  closeAll(): void {
    for (const slice of this.#all) this.close(slice);
  }

  /** Those that no call will find room in. */
  closeSpent(key: string): void {
    for (const slice of this.#of(key))
      if (slice.isEmpty || this.#parts.clock.nowMs() >= slice.terms.stopAtMs) this.close(slice);
  }

  /** True when that gives anything back. */
  closeOn(account: string): boolean {
    const slices = this.#on(account).filter((slice) => slice.units.some((unit) => slice.left[unit] > 0));
    for (const slice of slices) this.close(slice);
    return slices.length > 0;
  }

  get #all(): readonly Slice[] {
    return [...this.#byKey.values()].flat();
  }

  #of(key: string): readonly Slice[] {
    return this.#byKey.get(key) ?? [];
  }

  #on(account: string): readonly Slice[] {
    return this.#all.filter(({ terms }) => terms.accounts.some(({ id }) => id === account));
  }
}

/** Calls that draw on the same accounts, in the same windows, share slices. */
export const keyOf = (accounts: readonly Pick<AccountTerms, 'id'>[]): string =>
  accounts
    .map(({ id }) => id)
    .sort()
    .join('\n');
