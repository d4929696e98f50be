/**
 * What a run does next, from its history, the time, and what is known of the world: facts to be written, calls to be made, and when
 * to look again. One round at a time: whoever asks writes what it answers and asks again, until nothing is left to say.
 */
import type { RunBlob, RunFact, StepResult } from '../contract/index.ts';
import type { Given, Send } from './given.ts';
import { afterFailure, retriedAt } from './retrying.ts';
import { LIVE, Round } from './round.ts';
import { CONFIRM_KEY, deadlineOf, type Instance, isTriedAgain, PLANNER_KEY, type State, stateOf } from './state.ts';
import { stepFacts } from './stepping.ts';
import { takeBack } from './taking-back.ts';
import { NotHere } from './values.ts';

export interface Turn {
  readonly facts: readonly RunFact[];
  /** Only when there are no facts. */
  readonly sends: readonly Send[];
  /** Results that have to be fetched before more can be said. */
  readonly loads: readonly StepResult[];
  /** Results that are too large for the facts. */
  readonly blobs: readonly RunBlob[];
  /** When to look again if nothing happens: null: never. */
  readonly dueMs: number | null;
  /** More could begin if there were room. */
  readonly isShort: boolean;
}

/** Clocks of nodes differ, and a call ends a little after its time. */
export const GRACE_MS = 15_000;
/** An answer of people that got lost on its way here is looked for. */
export const ASKED_LOOK_MS = 30_000;

export const next = (state: State, given: Given): Turn => {
  const round = new Round(state, given);
  if (state.whole.finished === null) decide(round);
  const { facts, sends, loads, blobs, isShort } = round;
  return { facts, sends: facts.length > 0 ? [] : sends, loads, blobs, isShort, dueMs: dueOf(round) };
};

const decide = (round: Round): void => {
  const { state } = round;
  round.facts.push(...lost(round), ...slept(round));
  if (round.facts.length > 0) return;
  if (state.whole.failing === null) {
    const because = afterFailure(state, round.given.nowMs, deadlineOf(state, round.given.head));
    if (because !== undefined) {
      round.facts.push({ kind: 'failing', ...because });
      return;
    }
  }
  const shown = stateOf(state);
  if (state.whole.failing !== null) takeBack(round, shown);
  else if (shown === 'running') forward(round);
};

const forward = (round: Round): void => {
  if (round.state.definition.planner !== null && !isPlanned(round)) return;
  stepFacts(round);
};

/** A dispatched call that nobody here has in his hands, and whose time is over wherever it is. */
const lost = ({ state, given }: Round): readonly RunFact[] =>
  [...state.open]
    .map((key) => state.of(key))
    .filter(({ status, call, atMs, timeoutMs }) => {
      return status === 'dispatched' && !given.isLive(call) && given.nowMs >= atMs + timeoutMs + GRACE_MS;
    })
    .map(({ key, call }) => ({
      ...{ kind: 'ended', step: key, call, outcome: 'unknown', code: 'upstream_broken', executed: 'unknown' },
      ...{ message: 'the node that sent it has not said how it ended', retryable: true, result: null, costMicros: 0 },
    }));

/** What failed and is tried again sleeps first. */
const slept = ({ state, given }: Round): readonly RunFact[] =>
  [...state.open]
    .map((key) => state.of(key))
    .filter((instance) => isTriedAgain(state, instance))
    .map((instance) => ({ kind: 'sleeping', step: instance.key, untilMs: retriedAt(state, instance, given.head.id) }));

/** True when there are steps to run: those that a planner proposed, and people agreed to. */
const isPlanned = (round: Round): boolean => {
  const { state, given } = round;
  const { planner, spec } = state.definition;
  if (!state.whole.planned) {
    const asked = state.of(PLANNER_KEY);
    if (asked.status === 'ok') round.loading(() => round.facts.push(proposal(asked, given)));
    else if (planner !== null) round.start(asked, planner);
    return false;
  }
  if (spec.approval === undefined) return true;
  const confirmed = state.of(CONFIRM_KEY);
  if (confirmed.status === 'ok') return true;
  const confirm = state.definition.confirm;
  if (confirm !== null) round.start(confirmed, confirm);
  return false;
};

const proposal = ({ result }: Instance, given: Given): RunFact => {
  const reading = result === null ? { problem: 'its answer is lost' } : given.read(result);
  if (reading === undefined) throw new NotHere(result!);
  const proposed = 'problem' in reading ? reading : given.propose(reading.json);
  if ('definition' in proposed) return { kind: 'planned', definition: proposed.definition };
  return { kind: 'failing', step: PLANNER_KEY, because: `what the planner proposed cannot run: ${proposed.problem}` };
};

const dueOf = ({ state, given, facts, sends, isShort }: Round): number | null => {
  if (state.whole.finished !== null) return null;
  if (facts.length > 0 || sends.length > 0 || isShort) return given.nowMs;
  const shown = stateOf(state);
  const isStill = shown === 'paused' || shown === 'held';
  const due: number[] = state.whole.failing === null ? [deadlineOf(state, given.head)] : [];
  for (const key of state.open) {
    const { status, call, atMs, timeoutMs, untilMs, inDoubt } = state.of(key);
    // Who holds the run looks after it; if he dies, somebody else must at once.
    if (LIVE.has(status) && given.isLive(call)) return given.nowMs;
    if (status === 'dispatched') due.push(atMs + timeoutMs + GRACE_MS);
    else if (status === 'asked' || inDoubt) due.push(given.nowMs + ASKED_LOOK_MS);
    else if (status === 'sleeping' && !isStill) due.push(Math.max(untilMs, given.nowMs));
  }
  return due.length === 0 ? null : Math.min(...due);
};
