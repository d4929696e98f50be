/**
 * Writes how calls ended, and what it came to, in one transaction each. When the store does not take it now, it is written later,
 * and whoever hears of the call meanwhile hears no more than the record will say.
 */
import type { Call, CallRecord, End } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission } from '../kernel/index.ts';
import { conclude } from './concluding.ts';
import { keepFault } from './keep.ts';
import { Later } from './later.ts';
import type { JournalOptions } from './options.ts';
import { type Over, outcomeOf, passes } from './outcome.ts';
import type { Runs } from './runs.ts';
import { stepOfEnd } from './step.ts';

/** A call that was sent, with what the layers above had to say of it before it left. */
export interface Sent {
  readonly call: Call;
  readonly record: CallRecord | null;
  readonly admission: Admission | undefined;
}

/** Everything that is to be said about an end is in it; it may be done as often as it takes. */
export type Write = () => Promise<void>;

export class Ends {
  readonly #options: JournalOptions;
  readonly #runs: Runs;
  readonly #later: Later;
  /** Of calls whose last transaction is still to come: record and money end together, or not yet. */
  readonly #toCome = new WeakSet<Fault>();

  constructor(options: JournalOptions, runs: Runs) {
    this.#options = options;
    this.#runs = runs;
    this.#later = new Later(options.world);
  }

  /** Of what was sent; without a record its money ends. */
  ofSent({ call, record, admission }: Sent, over: Over): Write {
    return this.#write(call, admission, record === null ? null : this.#outcomeOf(call.id, over), over);
  }

  /** Of what was not sent because nobody knows what the store made of the first transaction: it is taken back. */
  ofUnsent(call: Call, record: CallRecord | null, fault: Fault): Write {
    const over = { fault, reply: undefined, kept: keepFault(fault), whole: null };
    return this.#write(call, Admission.find(call), this.#unsentOutcome(call.id, record, over), over);
  }

  /** Refused before it came to be sent: the record layer never saw it, so it is concluded here. */
  ofRefused(record: CallRecord, fault: Fault, isHeld: boolean): Write {
    const { tenant, id } = record;
    const { world, store, unknown } = this.#options;
    const isAgain = this.#runs.isAgain(id);
    const isUnknown = fault.executed === 'unknown' || (this.#runs.mayHaveRun(id) && fault.executed === 'no');
    const kept = keepFault(fault, isUnknown ? 'unknown' : fault.executed);
    return async () => {
      // Of two nodes that run one approved call, one has burned its grant, and the other must not end it.
      if (isHeld && (passes(fault) || (await store.get(tenant, id))?.state !== 'accepted')) return;
      await conclude(store, record, isUnknown ? 'unknown' : 'done', kept, fault, world.clock.wallMs());
      if (isUnknown && !isAgain) unknown?.(tenant, id);
    };
  }

  /** False when it could not be written now. What is known is written later, and a restart before that calls it unknown. */
  async nowOrLater(write: Write): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (thrown) {
      if (Fault.from(thrown).code !== 'storage') throw thrown;
      this.#later.do(write);
      return false;
    }
  }

  later(write: Write): void {
    this.#later.do(write);
  }

  /** What the caller hears of a call whose end is written later. */
  toCome(fault: Fault): Fault {
    this.#toCome.add(fault);
    return fault;
  }

  isToCome(fault: Fault): boolean {
    return this.#toCome.has(fault);
  }

  #outcomeOf(id: string, over: Over): End['outcome'] {
    return outcomeOf(over, { isRunning: this.#runs.has(id), mayHaveRun: this.#runs.mayHaveRun(id) });
  }

  #unsentOutcome(id: string, record: CallRecord | null, over: Over): End['outcome'] {
    if (record !== null) return { state: 'forgotten', reply: null };
    return this.#runs.has(id) ? this.#outcomeOf(id, over) : null;
  }

  #write(call: Call, admission: Admission | undefined, outcome: End['outcome'], over: Over): Write {
    const { fault, reply } = over;
    const { store, world } = this.#options;
    const tenant = call.principal?.tenant ?? '';
    const isAgain = this.#runs.isAgain(call.id);
    const amounts = admission?.meter?.amounts(fault, reply) ?? null;
    const audit = admission?.after(fault, reply) ?? [];
    const reservation = admission?.reservation?.id;
    if (outcome === null && reservation === undefined && audit.length === 0 && call.step === undefined)
      return async () => {};
    const end: End = {
      tenant,
      id: call.id,
      outcome,
      // O4: what may have run keeps its money set aside, until somebody knows or its time is over.
      amounts: reservation === undefined || outcome?.state === 'unknown' ? null : amounts,
      ...(reservation === undefined || reservation === call.id ? {} : { reservation }),
      ...stepOfEnd(call, outcome?.state, over, amounts?.micros),
      audit,
      atMs: world.clock.wallMs(),
    };
    return async () => {
      await store.end(end);
      admission?.settled?.();
      if (outcome?.state === 'unknown' && !isAgain) this.#options.unknown?.(tenant, call.id);
    };
  }
}
