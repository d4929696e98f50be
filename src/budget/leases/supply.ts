/**
 * Where a node gets slices from: finds one with room, asks the hub for the next one before one is over, and believes a refusal for a
 * while. Calls wait for the hub only when no slice has room.
 *
 * INVARIANT: no call is admitted under a lease after the last word about it was chosen. So it is harmless that a request may be lost,
 * or its answer: what was asked and not answered is given back by the next word, and words are repeated until they are acknowledged.
 */
import type { AccountState, Charge, Reserved, Timer } from '../../contract/index.ts';
import { Fault, UNITS } from '../../contract/index.ts';
import { type Need, NOTHING } from '../cost.ts';
import { keyOf, OpenSlices } from './open.ts';
import { Outbox, type OutboxParts, type Sent } from './outbox.ts';
import { each, Slice } from './slice.ts';

/**
 * A call is admitted until so long before the hub counts a lease as spent. Covers the write to the node's disk between the decision and
 * the first byte, and pauses of the process; the drift of two clocks over ten seconds is a thousandth of it.
 */
const MAX_SKEW_MS = 1_000;
/** That there was nothing is believed for so long: without it every refused call would ask again (0.9 messages a call, with it 0.2). */
const NEGATIVE_MS = 1_000;
/** Until what was asked for and refused is given back, in case that it comes all the same. */
const SPARE_MS = 5_000;

export type Overdrawn = Extract<Reserved, { readonly kind: 'overdrawn' }>;

export interface SupplyParts extends OutboxParts {
  readonly newId: () => string;
  /** Id of this node, for messages. */
  readonly node: string;
  /** Default `MAX_SKEW_MS`. */
  readonly maxSkewMs?: number;
}

interface No {
  readonly untilMs: number;
  readonly need: Need;
  readonly why: Overdrawn | Fault;
}

/** `need`: in each unit, on all of the accounts. */
export interface Want {
  readonly charges: readonly Charge[];
  readonly need: Need;
}

interface Asking extends Want {
  readonly key: string;
}

export class Supply {
  readonly #parts: SupplyParts;
  readonly #outbox: Outbox;
  readonly #open: OpenSlices;
  readonly #no = new Map<string, No>();
  readonly #asks = new Map<string, Promise<void>>();
  /** Where accounts stood when the hub last said so. */
  readonly #told = new Map<string, AccountState>();
  /** Asked for, cleanly refused, and so never used. */
  #spare: string | undefined;
  readonly #later = new Set<Timer>();
  #isStopped = false;

  constructor(parts: SupplyParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts);
    this.#open = new OpenSlices(parts, this.#outbox);
  }

  /** Words that the last run of this node did not get through. */
  async start(): Promise<void> {
    for (const report of await this.#parts.records.left()) this.#outbox.say(report);
  }

  /** In order: gives back what no call holds, if the hub is there. Otherwise the next start says it. */
  async stop(inOrder: boolean): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#later) timer.cancel();
    if (this.#spare !== undefined) this.#outbox.say({ id: this.#spare, used: NOTHING });
    this.#open.closeAll();
    await this.#outbox.stop(inOrder);
  }

  /** Where an account stands, as far as this node knows: what it holds itself and has not used is free here. */
  account(tenant: string, id: string): AccountState | undefined {
    const told = this.#told.get(id);
    if (told === undefined || told.tenant !== tenant) return undefined;
    return { ...told, reserved: Math.max(0, told.reserved - this.#open.leftOn(id, told.unit)) };
  }

  get accounts(): readonly AccountState[] {
    return [...this.#told.values()].map(({ tenant, id }) => this.account(tenant, id)!);
  }

  /**
   * A slice that holds it for `holder` from now on. Throws `budget_exhausted` when no hub answers.
   * INVARIANT: nothing is awaited between the look and the taking.
   */
  async draw(want: Want, holder: string, expiresAtMs: number): Promise<Slice | Overdrawn> {
    const asking = { ...want, key: keyOf(want.charges.map(({ account }) => account)) };
    for (;;) {
      const slice = this.#open.withRoom(asking.key, asking.need);
      if (slice !== undefined) {
        slice.take(holder, asking.need, expiresAtMs);
        return slice;
      }
      const no = this.#no.get(asking.key);
      if (no !== undefined && this.#nowMs() < no.untilMs && UNITS.every((unit) => asking.need[unit] >= no.need[unit])) {
        if (no.why instanceof Fault) throw no.why;
        return { ...no.why, asked: asking.need[no.why.account.unit] };
      }
      await this.#asking(asking, true);
    }
  }

  /** What a call came to, of a slice that it drew on. */
  settle(slice: Slice, holder: string, came: Need): void {
    const report = slice.settle(holder, came);
    if (report !== undefined) this.#outbox.say(report);
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
    this.#open.closeSpent(asking.key);
    try {
      const refusal = await this.#exchange(asking);
      // What is left of other slices may be what is missing: give it back, and ask once more.
      const again = isUrgent && refusal !== null && 'kind' in refusal && this.#open.closeOn(refusal.account.id);
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
    const inMs = slice.terms.stopAtMs - clock.nowMs();
    // Its answer took too long, or nobody is there any more to draw on it.
    if (inMs <= 0 || this.#isStopped) {
      this.#open.close(slice);
      return;
    }
    const renew = clock.after(renewInMs, () => void this.#renew(key, slice));
    this.#open.add(slice, [renew, clock.after(inMs, () => this.#open.close(slice))]);
  }

  /** Half of its time is over: who needs it gets the next one first, and only then gives the rest of this one back. */
  async #renew(key: string, slice: Slice): Promise<void> {
    if (slice.isClosed) return;
    if (slice.isUntouched) return this.#open.close(slice);
    const charges = slice.terms.accounts.map((account) => ({ account, amount: slice.most[account.unit] }));
    if (!this.#open.hasNewer(key, slice)) await this.#asking({ key, charges, need: slice.most }, false);
    if (!slice.isClosed && this.#open.hasNewer(key, slice)) this.#open.close(slice);
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
    const seconds = Math.round(this.#outbox.silentMs / 1_000);
    const why = TOLD.has(fault.code) ? fault.message : `its hub has not answered for ${seconds} s`;
    return noPart(charges, this.#parts.node, why);
  }

  #nowMs(): number {
    return this.#parts.clock.nowMs();
  }
}

const MOST_TOLD = 10_000;

/** The hub answered, and its own words help: one that holds parts itself may have got none from the hub above. */
const TOLD: ReadonlySet<string> = new Set(['unavailable', 'bad_request', 'budget_exhausted']);

const noPart = (charges: readonly Charge[], node: string, why: string): Fault => {
  const budget = charges[0]?.account.budget ?? '';
  return new Fault(
    'budget_exhausted',
    `this call falls under budget \`${budget}\`, and node \`${node}\` holds no part of it that has room: ${why}; ` +
      'try again when it has, or call through the hub',
    { facts: { code: 'NO_LEASE', budget } },
  );
};
