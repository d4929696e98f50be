/** Makes a call of a step, or finds out why there can be none. */
import { hash } from 'node:crypto';
import {
  DEFAULT_TIMEOUT_MS,
  type FaultCode,
  moneyOf,
  moneyText,
  type OperationEntry,
  type RunFact,
} from '../contract/index.ts';
import { type Called, type Callee, calleeOf, targetText } from './callee.ts';
import type { Given, Send } from './given.ts';
import { MOST_LABELS, toldOf, unionOf } from './result.ts';
import type { Sending } from './shape.ts';
import { deadlineOf, type Instance, partsOf, type State } from './state.ts';
import { type Place, taintOf, valuesFor } from './values.ts';

/** A longer payload is no argument but a file; a result that is passed on as a whole may be any size. */
const MOST_PAYLOAD = 4 * 1024 * 1024;

export type Started = { readonly send: Send } | { readonly fact: RunFact };

/** A round of decisions, as far as one call is concerned. */
interface Around {
  readonly state: State;
  readonly given: Given;
  /** What the run has come to, with all that may still be spent. */
  readonly costMicros: number;
}

/** Throws NotHere. */
export const started = (instance: Instance, sending: Sending, { state, given, costMicros }: Around): Started => {
  const called = given.lookup(calleeNow(instance, sending));
  if (typeof called === 'string') return { fact: refused(instance, 'not_found', called) };
  const filled = filledBy(instance, sending, state, given);
  if ('problem' in filled) return { fact: refused(instance, 'bad_request', filled.problem) };
  if (toldOf(unionOf(given.head.taint, filled.taint)) === undefined)
    return { fact: refused(instance, 'bad_request', `more than ${MOST_LABELS} labels of data go into it`) };
  const estimateMicros = estimateOf(called.operation, filled.bytes);
  const beyond = beyondCost(instance, estimateMicros, state, costMicros);
  if (beyond !== undefined) return { fact: refused(instance, 'budget_exhausted', beyond) };
  return {
    send: {
      key: instance.key,
      attempt: instance.status === 'intent' ? instance.attempt : instance.attempt + 1,
      target: called.target,
      payload: filled.payload,
      digest: filled.digest,
      taint: unionOf(filled.taint, [targetText(called.target).replace(/\/[^/]*$/, '')], called.marks),
      given: filled.taint,
      idempotent: called.operation.idempotent,
      estimateMicros,
      timeoutMs: timeoutOf(instance, sending, called, { state, given }),
      isPlan: called.isPlan,
    },
  };
};

/** A capability is looked up for each attempt. What may have run stays where it was: to another provider its key is a new one. */
const calleeNow = ({ target, executed, lost }: Instance, { callee }: Sending): Callee => {
  const mayHaveRun = target !== '' && (executed !== 'no' || lost.length > 0);
  return callee.kind === 'capability' && mayHaveRun ? calleeOf(target) : callee;
};

/** The end of a step that was not sent: what was intended before cannot begin any more. */
export const refused = (
  { key, status, call }: Instance,
  code: FaultCode,
  message: string,
  outcome: 'failed' | 'cancelled' | 'denied' = 'failed',
): Extract<RunFact, { kind: 'ended' }> => ({
  ...{ kind: 'ended', step: key, call: status === 'intent' || status === 'asked' ? call : '', outcome, code },
  ...{ message: message.slice(0, 2_000), executed: 'no', retryable: false, result: null, costMicros: 0 },
});

type Filled =
  | { readonly problem: string }
  | {
      readonly payload: Send['payload'];
      readonly bytes: number;
      readonly digest: string;
      readonly taint: readonly string[];
    };

const filledBy = ({ key }: Instance, { input }: Sending, state: State, given: Given): Filled => {
  const parts = partsOf(key)!;
  const place: Place = parts;
  const expressions = input.expressions.map(({ expression }) => expression);
  const taint = taintOf(expressions, state, given, place);
  const passed = input.whole === undefined ? null : wholeOf(input.whole, state, place);
  if (passed !== null)
    return { payload: { kind: 'result', result: passed }, bytes: passed.bytes, digest: passed.digest, taint };
  try {
    const text = JSON.stringify(input.fill(valuesFor(expressions, state, given, place)));
    const bytes = new TextEncoder().encode(text);
    if (bytes.byteLength > MOST_PAYLOAD)
      return { problem: `its input comes to ${bytes.byteLength} bytes; ${MOST_PAYLOAD} are the most` };
    return { payload: { kind: 'bytes', bytes }, bytes: bytes.byteLength, digest: hash('sha256', bytes, 'hex'), taint };
  } catch (thrown) {
    if (thrown instanceof RangeError) return { problem: thrown.message };
    throw thrown;
  }
};

const wholeOf = (step: string, state: State, place: Place) =>
  state.of(place.step === step && place.index !== null ? `${step}[${place.index}]` : step).result;

/** What it may come to at most, as far as that is known before: what is paid for what is read, and for each call. */
const estimateOf = ({ price }: OperationEntry, bytes: number): number => {
  if (price === undefined) return 0;
  return price.perCall + Math.ceil((Math.ceil(bytes / price.bytesPerToken) * price.inputPerMTok) / 1_000_000);
};

/** What takes back is not refused for its price: not taking back costs more. */
const beyondCost = (
  { key, status, estimateMicros }: Instance,
  more: number,
  state: State,
  cost: number,
): string | undefined => {
  const { maxCost } = state.definition.spec;
  if (maxCost === undefined || key.startsWith('~')) return undefined;
  const most = moneyOf(maxCost) ?? 0;
  const so = cost - (status === 'intent' ? estimateMicros : 0);
  if (so + more <= most) return undefined;
  return `the run has come to ${moneyText(so)}, and this step may cost ${moneyText(more)}: that is beyond its \`maxCost\` of ${moneyText(most)}`;
};

/** A call to a plan waits as long as the run does; others as long as their target, and nothing longer than the run. */
const timeoutOf = (
  { key }: Instance,
  { deadlineMs }: Sending,
  called: Called,
  { state, given }: { readonly state: State; readonly given: Given },
): number => {
  const leftMs = key.startsWith('~')
    ? Number.POSITIVE_INFINITY
    : Math.max(1, deadlineOf(state, given.head) - given.nowMs);
  const own = called.isPlan ? (called.timeoutMs ?? 24 * 3_600_000) : (called.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return Math.ceil(Math.min(deadlineMs ?? own, leftMs));
};
