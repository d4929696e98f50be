/**
 * What the layers before `record` want written together with the intent, and what they make of the end: a grant to burn, money
 * to set aside, lines for the audit. They fill it in; `record` commits it in one transaction before anything is sent, and in
 * one after (reliability 3.11).
 */
import type {
  AccountState,
  Amounts,
  AuditEntry,
  Call,
  CancelSignal,
  Fault,
  GrantUse,
  Reply,
  Reservation,
} from '../contract/index.ts';

/** Watches what a call comes to. */
export interface Meter {
  /** Each chunk of a streamed reply, before the caller gets it. What it throws ends the stream. */
  chunk(bytes: Uint8Array): void | Promise<void>;
  /** Asked once, when the call is over. A unit that is absent is not known, and what was set aside is booked. */
  amounts(fault: Fault | undefined, reply: Reply | undefined): Amounts;
}

/** What a reservation met when it was refused. */
export interface Short {
  readonly account: AccountState;
  readonly asked: number;
}

const admissions = new WeakMap<Call['body'], Admission>();

export class Admission {
  grant: GrantUse | null = null;
  reservation: Reservation | null = null;
  meter: Meter | null = null;
  /** Waits until an account with too little is worth another try, with `reservation` as it is by then; false: refuse the call. */
  whenShort: ((short: Short, signal: CancelSignal) => Promise<boolean>) | null = null;
  /** Before a try is repeated that may have run and so may cost again. What it throws ends the tries. */
  beforeAgain: (() => Promise<void>) | null = null;
  /** When it is written what the call came to. */
  settled: (() => void) | null = null;
  /** Written with the intent. */
  readonly before: AuditEntry[] = [];
  /** Written with the outcome. */
  after: (fault: Fault | undefined, reply: Reply | undefined) => readonly AuditEntry[] = nothing;

  /** Of these bytes: other bytes are another call, as with `Permit`. Made at the first question. */
  static of(call: Call): Admission {
    const known = admissions.get(call.body);
    if (known !== undefined) return known;
    const made = new Admission();
    admissions.set(call.body, made);
    return made;
  }

  /** Undefined when no layer had anything to say, which is the common case. */
  static find(call: Call): Admission | undefined {
    return admissions.get(call.body);
  }

  get isEmpty(): boolean {
    return this.grant === null && this.reservation === null && this.before.length === 0;
  }
}

const nothing = (): readonly AuditEntry[] => [];
