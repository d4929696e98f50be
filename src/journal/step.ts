/** A call that is a step of a run, in the words of that run: how it ended, what it answered, and what it cost. */
import type { Begin, Call, CallRecord, End, StepEnd, StepMark } from '../contract/index.ts';
import { Fault, isWorthAnotherTry, MAX_BODY_LIMIT } from '../contract/index.ts';
import type { Over } from './outcome.ts';

/** What a step answers is what other steps are made of: more of it is kept than of the answer of a call. */
export const STEP_KEEP_LIMIT = MAX_BODY_LIMIT;

/** The fence is asked when a call begins, and not when one that has begun is sent again. */
export const stepOfBegin = (
  { id, step, principal }: Call,
  record: CallRecord | null,
  dispatch: Begin['dispatch'],
): Pick<Begin, 'step'> =>
  step === undefined || (record === null && dispatch === null)
    ? {}
    : { step: { tenant: principal?.tenant ?? '', run: step.run, step: step.step, call: id } };

/** Of what passed through here. `state` is what the record says of it. */
export const stepOfEnd = (
  { id, step }: Pick<Call, 'id' | 'step'>,
  state: NonNullable<End['outcome']>['state'] | undefined,
  over: Over,
  micros: number | undefined,
): Pick<End, 'step'> => {
  if (step === undefined) return {};
  const costMicros = state === 'unknown' ? 0 : Math.round(micros ?? over.reply?.costMicros ?? 0);
  return { step: { ...markOf(step, id), ...saidOf(state, over), costMicros } };
};

/** Of a call that never came as far, or that nobody has heard of since. */
export const stepOfFault = (
  { id, step }: Pick<CallRecord, 'id' | 'step'>,
  fault: Fault,
  isUnknown: boolean,
): Pick<End, 'step'> =>
  step === undefined
    ? {}
    : { step: { ...markOf(step, id), ...saidOfFault(fault, isUnknown ? 'unknown' : 'done'), costMicros: 0 } };

/** Of one whose outcome was unknown until somebody said. */
export const stepOfVerdict = (
  { id, step }: Pick<CallRecord, 'id' | 'step'>,
  verdict: 'executed' | 'not_executed',
  message: string,
): Pick<End, 'step'> => {
  if (step === undefined) return {};
  const ran = verdict === 'executed';
  const said = { outcome: ran ? 'ok' : 'failed', executed: ran ? 'yes' : 'no', retryable: !ran } as const;
  return { step: { ...markOf(step, id), ...said, code: '', message, costMicros: 0, reply: null } };
};

/** Its run has another intent for the step, or has ended it: whoever sends it now is late. */
export const superseded = ({ step }: Call): Fault =>
  new Fault(
    'conflict',
    `step \`${step?.step}\` of run \`${step?.run}\` is not waiting for this call any more; look at the run for the one that took its place`,
    { facts: { run: step?.run ?? '', step: step?.step ?? '' } },
  );

type Said = Pick<StepEnd, 'outcome' | 'code' | 'message' | 'executed' | 'retryable' | 'reply'>;

const markOf = ({ run, step }: StepMark, call: string) => ({ run, step, call });

const saidOf = (state: string | undefined, { fault, reply, whole }: Over): Said => {
  if (fault !== undefined || reply === undefined) return saidOfFault(fault ?? new Fault('internal', 'no reply'), state);
  const { contentType, status } = reply;
  if (whole === null) return TOO_LARGE;
  const kept = { contentType, body: whole };
  if (reply.outcome === 'ok')
    return { outcome: 'ok', code: '', message: '', executed: 'yes', retryable: false, reply: kept };
  const retryable = status >= 500 || status === 429;
  const message = `the target answered ${status}`;
  return { outcome: 'failed', code: 'failed', message, executed: 'yes', retryable, reply: kept };
};

const saidOfFault = ({ code, message, executed }: Fault, state: string | undefined): Said => {
  // An attempt of a step comes later and is counted: that another node has tried is no reason against it.
  const retryable = isWorthAnotherTry({ code, executed });
  if (state === 'unknown') return { outcome: 'unknown', code, message, executed: 'unknown', retryable, reply: null };
  const outcome = code === 'denied' || code === 'cancelled' ? OUTCOMES[code] : 'failed';
  return { outcome, code, message, executed, retryable, reply: null };
};

const OUTCOMES = { denied: 'denied', cancelled: 'cancelled' } as const;

/** It ran. What would be made of its answer cannot be made. */
const TOO_LARGE: Said = {
  ...{ outcome: 'failed', code: 'too_large', executed: 'yes', retryable: false, reply: null },
  message: `the target answered, with more than the ${STEP_KEEP_LIMIT} bytes that a step may answer`,
};
