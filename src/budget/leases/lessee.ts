/**
 * The node's side of leases: it holds slices of the accounts that its calls draw on, admits calls within them, asks for the next one
 * before one is over, and says of each what came of it. Calls wait for the hub only when no slice has room.
 *
 * INVARIANT: no call is admitted under a lease after the last word about it was chosen. So it is harmless that a request may be lost,
 * or its answer: what was asked and not answered is given back by the next word, and words are repeated until they are acknowledged.
 */
import type { AccountState, Amounts, Charge, Reservation, Reserved, Timer } from '../../contract/index.ts';
import { Fault, UNITS } from '../../contract/index.ts';
import { type Need, NOTHING, plus } from '../cost.ts';
import { Outbox, type OutboxParts, type Sent } from './outbox.ts';
import { each, Slice } from './slice.ts';

/**
 * A call is admitted until so long before the hub counts a lease as spent. Covers the write to the node's disk between the decision and
 * the first byte, and pauses of the process; the drift of two clocks over ten seconds is a thousandth of it.
 */
export const MAX_SKEW_MS = 1_000;
/** That there was nothing is believed for so long: without it every refused call would ask again (0.9 messages a call, with it 0.2). */
export const NEGATIVE_MS = 1_000;
/** Until what was asked for and refused is given back, in case that it comes all the same. */
const SPARE_MS = 5_000;

export type Overdrawn = Extract<Reserved, { readonly kind: 'overdrawn' }>;

export interface LesseeParts extends OutboxParts {
  readonly newId: () => string;
  readonly tenant: string;
  /** Id of this node, for messages. */
  readonly node: string;
  /** Default `MAX_SKEW_MS`. */
  readonly maxSkewMs?: number;
}

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

interface No {
  readonly untilMs: number;
  readonly need: Need;
  readonly why: Overdrawn | Fault;
}

interface Asking {
  readonly key: string;
  readonly charges: readonly Charge[];
  readonly need: Need;
}

export class Lessee {
  readonly #parts: LesseeParts;
  readonly #outbox: Outbox;
  readonly #open = new Map<string, Slice[]>();
  readonly #timers = new Map<Slice, readonly Timer[]>();
  readonly #holders = new Map<string, Holder>();
  readonly #no = new Map<string, No>();
  readonly #asks = new Map<string, Promise<void>>();
  /** Where accounts stood when the hub last said so. */
  readonly #told = new Map<string, AccountState>();
  /** Asked for, cleanly refused, and so never used. */
  #spare: string | undefined;
  readonly #later = new Set<Timer>();
  #isStopped = false;

  constructor(parts: LesseeParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts);
  }

  /** Words that the last run of this node did not get through. */
  async start(): Promise<void> {
    for (const report of await this.#parts.records.left()) this.#outbox.say(report);
  }

  /** In order: gives back what no call holds, if the hub is there. Otherwise the next start says it. */
  async stop(inOrder = true): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#later) timer.cancel();
    if (this.#spare !== undefined) this.#outbox.say({ id: this.#spare, used: NOTHING });
    for (const slice of [...this.#open.values()].flat()) this.#close(slice);
    await this.#outbox.stop(inOrder);
  }

  holder(id: string): Holder | undefined {
    return this.#holders.get(id);
  }

  /** Where an account stands, as far as this node knows: what it holds itself and has not used is free here. */
  account(tenant: string, id: string): AccountState | undefined {
    const told = this.#told.get(id);
    if (told === undefined || told.tenant !== tenant) return undefined;
    const own = this.#slicesOn(id).reduce((sum, slice) => sum + slice.left[told.unit], 0);
    return { ...told, reserved: Math.max(0, told.reserved - own) };
  }

  get accounts(): readonly AccountState[] {
    return [...this.#told.values()].map(({ tenant, id }) => this.account(tenant, id)!);
  }

  /** Holds it in memory. Throws `budget_exhausted` when no hub answers. */
  async take(reservation: Reservation): Promise<Holder | Overdrawn> {
    const { charges, expiresAtMs, id } = reservation;
    const need = needOf(charges);
    const slice = await this.#draw({ key: keyOf(charges), charges, need }, id, expiresAtMs);
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
    if (last.slice.mayTake(need, this.#nowMs())) {
      last.slice.take(last.id, need, expiresAtMs);
      last.need = plus(last.need, need);
      return last;
    }
    const piece = { id: `${id}+${this.#parts.newId()}`, need };
    const slice = await this.#draw({ key: keyOf(charges), charges, need }, piece.id, expiresAtMs);
    if ('kind' in slice) return slice;
    if (this.#holders.get(id) !== holder) {
      this.#settled(slice, piece.id, NOTHING);
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
    for (const { piece, came } of parts) this.#settled(piece.slice, piece.id, came);
  }

  /** Counts as spent what nobody settled in time. */
  expire(wallMs: number): void {
    for (const [id, holder] of [...this.#holders])
      if (!holder.isBusy && holder.reservation.expiresAtMs <= wallMs) this.settle(id, this.split(holder, {}));
  }

  #settled(slice: Slice, holder: string, came: Need): void {
    const report = slice.settle(holder, came);
    if (report !== undefined) this.#outbox.say(report);
  }

  /** INVARIANT: nothing is awaited between the look and the taking. */
  async #draw(asking: Asking, holder: string, expiresAtMs: number): Promise<Slice | Overdrawn> {
    for (;;) {
      const nowMs = this.#nowMs();
      const slice = this.#open.get(asking.key)?.find((one) => one.mayTake(asking.need, nowMs));
      if (slice !== undefined) {
        slice.take(holder, asking.need, expiresAtMs);
        return slice;
      }
      const no = this.#no.get(asking.key);
      if (no !== undefined && nowMs < no.untilMs && UNITS.every((unit) => asking.need[unit] >= no.need[unit])) {
        if (no.why instanceof Fault) throw no.why;
        return { ...no.why, asked: asking.need[no.why.account.unit] };
      }
      await this.#asking(asking, true);
    }
  }

  /** One question at a time for the same accounts: who comes meanwhile looks again when it is answered. */
  #asking(asking: Asking, isUrgent: boolean): Promise<void> {
    const running = this.#asks.get(asking.key);
    if (running !== undefined) return running;
    const ask = this.#ask(asking, isUrgent).finally(() => this.#asks.delete(asking.key));
    this.#asks.set(asking.key, ask);
    return ask;
  }

  async #ask(asking: Asking, isUrgent: boolean): Promise<void> {
    for (const slice of this.#open.get(asking.key) ?? [])
      if (slice.isEmpty || this.#nowMs() >= slice.terms.stopAtMs) this.#close(slice);
    try {
      const refusal = await this.#exchange(asking);
      // What is left of other slices may be what is missing: give it back, and ask once more.
      const again = isUrgent && refusal !== null && 'kind' in refusal && this.#closeOn(refusal.account.id);
      const last = again ? await this.#exchange(asking) : refusal;
      if (last !== null && isUrgent) this.#refuse(asking, last);
    } catch (thrown) {
      if (isUrgent) this.#refuse(asking, this.#away(asking, thrown));
    }
  }

  /** Null when there is a new slice. */
  async #exchange({ key, charges, need }: Asking): Promise<Overdrawn | Fault | null> {
    const { records, newId, clock } = this.#parts;
    if (this.#isStopped) throw new Fault('unavailable', 'this node stops');
    if (this.#outbox.isPaused) throw new Fault('unreachable', 'the hub cannot be reached');
    const id = this.#spare ?? newId();
    if (id === this.#spare) this.#spare = undefined;
    else await records.asked(id);
    const accounts = charges.map(({ account: { budget, holder } }) => ({ budget, holder }));
    let sent: Sent;
    try {
      sent = await this.#outbox.ask({ id, accounts, need });
    } catch (thrown) {
      this.#outbox.say({ id, used: NOTHING });
      throw thrown;
    }
    const { answer } = sent.reply;
    if (answer?.kind === 'granted') {
      const granted = each((unit) => answer.amounts[unit] ?? 0);
      const stopAtMs = sent.sentAtMs + answer.ttlMs - (this.#parts.maxSkewMs ?? MAX_SKEW_MS);
      const slice = new Slice({ id, accounts: charges.map(({ account }) => account), granted, stopAtMs });
      this.#tell(answer.accounts);
      this.#put(key, slice, sent.sentAtMs + answer.ttlMs / 2 - clock.nowMs());
      return null;
    }
    if (answer?.kind === 'short') {
      this.#spareFor(id);
      this.#tell([answer.account]);
      return { kind: 'overdrawn', account: answer.account, asked: answer.asked };
    }
    this.#outbox.say({ id, used: NOTHING });
    return noPart(charges, this.#parts.node, answer?.reason ?? 'the hub does not say why');
  }

  /** The next question has this id, if there is one soon. An echo of the first could still be granted: in the end somebody gives it back. */
  #spareFor(id: string): void {
    if (this.#spare !== undefined) this.#outbox.say({ id: this.#spare, used: NOTHING });
    this.#spare = id;
    this.#after(SPARE_MS, () => {
      if (this.#spare !== id) return;
      this.#spare = undefined;
      this.#outbox.say({ id, used: NOTHING });
    });
  }

  #put(key: string, slice: Slice, renewInMs: number): void {
    const { clock } = this.#parts;
    this.#no.delete(key);
    this.#open.set(key, [...(this.#open.get(key) ?? []), slice]);
    const inMs = slice.terms.stopAtMs - clock.nowMs();
    // Its answer took too long, or nobody is there any more to draw on it.
    if (inMs <= 0 || this.#isStopped) {
      this.#close(slice);
      return;
    }
    const renew = clock.after(renewInMs, () => void this.#renew(key, slice));
    this.#timers.set(slice, [renew, clock.after(inMs, () => this.#close(slice))]);
  }

  /** Half of its time is over: who needs it gets the next one first, and only then gives the rest of this one back. */
  async #renew(key: string, slice: Slice): Promise<void> {
    if (slice.isClosed) return;
    if (slice.isUntouched) return this.#close(slice);
    const charges = slice.terms.accounts.map((account) => ({ account, amount: slice.most[account.unit] }));
    if (!this.#hasNewer(key, slice)) await this.#asking({ key, charges, need: slice.most }, false);
    if (!slice.isClosed && this.#hasNewer(key, slice)) this.#close(slice);
  }

  #hasNewer(key: string, { terms }: Slice): boolean {
    return (this.#open.get(key) ?? []).some((other) => other.terms.stopAtMs > terms.stopAtMs);
  }

  #close(slice: Slice): void {
    if (slice.isClosed) return;
    for (const timer of this.#timers.get(slice) ?? []) timer.cancel();
    this.#timers.delete(slice);
    const key = keyOf(slice.terms.accounts.map((account) => ({ account })));
    const others = (this.#open.get(key) ?? []).filter((other) => other !== slice);
    if (others.length === 0) this.#open.delete(key);
    else this.#open.set(key, others);
    const { records, newId, clock } = this.#parts;
    const report = slice.close(newId(), clock.wallMs());
    const { id, used, rest } = report;
    if (rest !== undefined)
      // Without the record a crash costs what those calls held, and no more.
      this.#outbox.after(records.rest(rest.id, id, used).catch(() => {}));
    this.#outbox.say(report);
  }

  /** True when that gives anything back. */
  #closeOn(account: string): boolean {
    const slices = this.#slicesOn(account).filter((slice) => slice.units.some((unit) => slice.left[unit] > 0));
    for (const slice of slices) this.#close(slice);
    return slices.length > 0;
  }

  #slicesOn(account: string): readonly Slice[] {
    return [...this.#open.values()].flat().filter(({ terms }) => terms.accounts.some(({ id }) => id === account));
  }

  #tell(accounts: readonly AccountState[]): void {
    for (const account of accounts) {
      this.#told.delete(account.id);
      this.#told.set(account.id, account);
    }
    while (this.#told.size > MOST_TOLD) this.#told.delete(this.#told.keys().next().value!);
  }

  #refuse({ key, need }: Asking, why: Overdrawn | Fault): void {
    const { clock } = this.#parts;
    this.#no.set(key, { untilMs: clock.nowMs() + NEGATIVE_MS, need, why });
    this.#after(NEGATIVE_MS, () => {
      if ((this.#no.get(key)?.untilMs ?? 0) <= clock.nowMs()) this.#no.delete(key);
    });
  }

  /** Not when this node has stopped by then. */
  #after(delayMs: number, run: () => void): void {
    if (this.#isStopped) return;
    const timer = this.#parts.clock.after(delayMs, () => {
      this.#later.delete(timer);
      run();
    });
    this.#later.add(timer);
  }

  /** The node's own disk has a fault of its own; for everything else it is the hub that is missing. */
  #away({ charges }: Asking, thrown: unknown): Fault {
    const fault = Fault.from(thrown);
    if (fault.code === 'storage') return fault;
    const isTold = fault.code === 'unavailable' || fault.code === 'bad_request';
    const seconds = Math.round(this.#outbox.silentMs / 1_000);
    return noPart(charges, this.#parts.node, isTold ? fault.message : `its hub has not answered for ${seconds} s`);
  }

  #nowMs(): number {
    return this.#parts.clock.nowMs();
  }
}

const MOST_TOLD = 10_000;

/** Calls that draw on the same accounts, in the same windows, share slices. */
const keyOf = (charges: readonly Pick<Charge, 'account'>[]): string =>
  charges
    .map(({ account }) => account.id)
    .sort()
    .join('\n');

const needOf = (charges: readonly Charge[]): Need =>
  each((unit) => Math.max(0, ...charges.filter(({ account }) => account.unit === unit).map(({ amount }) => amount)));

const noPart = (charges: readonly Charge[], node: string, why: string): Fault => {
  const budget = charges[0]?.account.budget ?? '';
  return new Fault(
    'budget_exhausted',
    `this call falls under budget \`${budget}\`, and node \`${node}\` holds no part of it that has room: ${why}; ` +
      'try again when it has, or call through the hub',
    { facts: { code: 'NO_LEASE', budget } },
  );
};
