/** What histories of runs mean to a store, the same in all of them: which facts move the fence of a step, and what an end becomes. */
import { hash } from 'node:crypto';
import type { RunBlob, RunFact, RunWish, StepEnd, StepResult } from '../contract/index.ts';
import { RUN_ENDS } from '../contract/index.ts';

/**
 * Where a step stands, as far as fencing needs to know. `waiting`: its newest intent has not begun. `begun`: it may be running.
 * `unknown`: it may have run. `ended`: it is known.
 */
export type StepPhase = 'waiting' | 'begun' | 'unknown' | 'ended';

/** What a fact does to its step. `taint` is there for an intent only. */
export interface StepMove {
  readonly step: string;
  readonly call: string;
  readonly phase: StepPhase;
  readonly taint: readonly string[] | null;
}

/** Results up to here stand in the history. */
export const INLINE_LIMIT = 64 * 1024;

export const isOver = (state: string): boolean => (RUN_ENDS as readonly string[]).includes(state);

/** Null: the fact says nothing of a call. */
export const moveOf = (fact: RunFact): StepMove | null => {
  switch (fact.kind) {
    case 'intent':
      return { step: fact.step, call: fact.call, phase: 'waiting', taint: fact.taint };
    case 'dispatched':
      return { step: fact.step, call: fact.call, phase: 'begun', taint: null };
    case 'ended':
      return {
        step: fact.step,
        call: fact.call,
        phase: fact.outcome === 'unknown' ? 'unknown' : 'ended',
        taint: null,
      };
    case 'resolved':
      return { step: fact.step, call: fact.call, phase: 'ended', taint: null };
    default:
      return null;
  }
};

/** Steps that get a new intent here although nothing here ends the call before: it must not be running. */
export const guardedSteps = (moves: readonly StepMove[]): readonly string[] =>
  moves.flatMap(({ step, phase }, at) =>
    phase === 'waiting' && !moves.slice(0, at).some((before) => before.step === step && before.call !== '')
      ? [step]
      : [],
  );

export const costOf = (facts: readonly RunFact[]): number =>
  facts.reduce((sum, fact) => sum + (fact.kind === 'ended' ? Math.round(fact.costMicros) : 0), 0);

/** What the end of a call is to its run, but for the taint, which stands with the intent. */
export interface StepFact {
  readonly fact: Extract<RunFact, { kind: 'ended' | 'resolved' }>;
  /** Of a result that is large, or no JSON. */
  readonly blob: RunBlob | null;
}

export const endedFact = ({ step, call, outcome, reply, ...end }: StepEnd): StepFact => {
  const { result, blob } = resultOf(reply);
  const { code, message, executed, retryable } = end;
  const costMicros = Math.round(end.costMicros);
  return { fact: { kind: 'ended', step, call, outcome, code, message, executed, retryable, costMicros, result }, blob };
};

export const resolvedFact = ({ step, call, reply }: StepEnd, verdict: 'executed' | 'not_executed'): StepFact => {
  const { result, blob } = resultOf(verdict === 'executed' ? reply : null);
  return { fact: { kind: 'resolved', step, call, verdict, result }, blob };
};

/** May this fact be added, when the fence stands there? What was unknown may become known, and nothing is said twice. */
export const isNews = (phase: StepPhase, fact: StepFact['fact']): boolean => {
  if (fact.kind === 'resolved') return phase === 'begun' || phase === 'unknown';
  return phase === 'waiting' || phase === 'begun' || (phase === 'unknown' && fact.outcome !== 'unknown');
};

/** Why a wish is not heard: `over`: the run is. `not_failed`: there is nothing to try again. */
export const wishObstacle = (wish: RunWish, state: string): 'over' | 'not_failed' | null => {
  if (wish.wish === 'retry') return state === 'failed' || state === 'stuck' ? null : 'not_failed';
  return isOver(state) ? 'over' : null;
};

const resultOf = (reply: StepEnd['reply']): { readonly result: StepResult | null; readonly blob: RunBlob | null } => {
  if (reply === null) return { result: null, blob: null };
  const { contentType, body } = reply;
  const digest = hash('sha256', body, 'hex');
  const json = body.byteLength <= INLINE_LIMIT && isJson(contentType) ? textOf(body) : undefined;
  const result = { contentType, bytes: body.byteLength, digest, taint: [] };
  return json === undefined
    ? { result, blob: { digest, contentType, body: new Uint8Array(body) } }
    : { result: { ...result, json }, blob: null };
};

const isJson = (contentType: string): boolean => /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(contentType);

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined: it says that it is JSON, and is not. */
const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    const text = UTF8.decode(bytes);
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
};
