/** How a call ended, as the record has it and as its caller hears it: did it run, did it not, or does nobody know? */
import type { CallRecord, End, Reply, StoredReply } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';

/** The end of what was sent. A stream that broke has a reply and a fault. */
export interface Over {
  readonly fault: Fault | undefined;
  readonly reply: Reply | undefined;
  readonly kept: StoredReply;
  /** All that a step answered; null when there was too much of it, or none. */
  readonly whole: Uint8Array | null;
}

/** What the journal remembers of the call that ended. */
export interface Known {
  /** It runs by itself: its record was there before. */
  readonly isRunning: boolean;
  readonly mayHaveRun: boolean;
}

/** What never ran is forgotten, so that the caller may try again; an unknown outcome is kept as such (O1). */
export const outcomeOf = ({ fault, kept: reply }: Over, { isRunning, mayHaveRun }: Known): End['outcome'] => {
  if (fault === undefined) return { state: 'done', reply };
  // That the second try did not run says nothing about the first.
  if (mayHaveRun && fault.executed !== 'yes') return { state: 'unknown', reply: { ...reply, executed: 'unknown' } };
  if (fault.executed === 'no' && !isRunning) return { state: 'forgotten', reply: null };
  if (fault.executed === 'unknown') return { state: 'unknown', reply };
  return { state: fault.code === 'cancelled' ? 'cancelled' : 'done', reply };
};

/** If this process dies now, another one finds an open intent, and sends it to find out what became of it. */
export const mayBeSentAgain = (record: CallRecord | null): boolean => record !== null && record.request !== null;

export const unsure = ({ code, message, cause, facts, remote }: Fault): Fault =>
  new Fault(code, message, { executed: 'unknown', cause, facts, remote });

/** 3.11: without the second transaction nobody can rely on the reply, and the target ran all the same. */
export const unwritten = (): Fault =>
  new Fault(
    'storage',
    'the target answered, and its answer could not be written down; ask again later with the same idempotency key, or look at the record of this call',
    { executed: 'unknown' },
  );

/** Nothing was sent, and later it may be: too busy, too often, no configuration, nobody there. */
export const passes = ({ code, executed, retryable }: Fault): boolean =>
  executed === 'no' && (retryable || code === 'rate_limited' || code === 'stale');
