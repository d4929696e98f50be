/**
 * A stored history against another definition, or another version of this room: event by event, what would have been decided there.
 * What the world said is taken as it was said; only decisions are made again.
 */
import type { RunEvent, RunFact, RunHead, StepResult } from '../contract/index.ts';
import { targetText } from './callee.ts';
import { celOf } from './expression/index.ts';
import { apply, IllegalHistory } from './fold.ts';
import type { Given, Reading } from './given.ts';
import { next } from './next.ts';
import { reread } from './planner.ts';
import type { Definition } from './shape.ts';
import { State } from './state.ts';

export interface Difference {
  /** Of the event that would not have come. */
  readonly seq: number;
  readonly was: string;
  /** What would have been decided instead; empty: nothing, yet. */
  readonly instead: readonly string[];
}

export interface ReplayParts {
  readonly head: RunHead;
  readonly lookup: Given['lookup'];
  /** Of large results: those that the store still has. */
  readonly read?: (result: StepResult) => Reading;
}

/** Decisions of a runner; everything else is what the world said. `ended` is one when nothing was sent. */
const isDecision = (fact: RunFact): boolean =>
  ['expanded', 'skipped', 'intent', 'sleeping', 'woken', 'failing', 'finished', 'planned'].includes(fact.kind) ||
  (fact.kind === 'ended' && fact.call === '');

/** The first difference ends it: from there on it would have been another run. Undefined: it would have been the same. */
export const replay = (
  events: readonly RunEvent[],
  definition: Definition,
  { head, lookup, read = inlineOnly }: ReplayParts,
): Difference | undefined => {
  const state = new State(definition);
  const given = (nowMs: number, live: ReadonlySet<string>): Given => ({
    ...{ head, input: celOf(JSON.parse(head.input)), nowMs, lookup, read, room: Number.POSITIVE_INFINITY },
    isLive: (call) => live.has(call),
    propose: (json) => ({ definition: JSON.stringify(json) }),
  });
  // What one round decided together is written one after the other.
  let round: readonly string[] = [];
  for (const event of events) {
    if (!isDecision(event)) round = [];
    else if (!round.includes(wordOf(event))) {
      const options = optionsAt(state, event, given);
      if (options !== undefined && !options.includes(wordOf(event)))
        return { seq: event.seq, was: wordOf(event), instead: options.slice(0, 10) };
      round = options ?? [];
    }
    try {
      apply(state, event, reread);
    } catch (thrown) {
      if (!(thrown instanceof IllegalHistory)) throw thrown;
      return { seq: event.seq, was: wordOf(event), instead: [thrown.message] };
    }
  }
  return undefined;
};

/** Everything that might have been decided then. Undefined: it cannot be told, for bytes are missing or a question was repeated. */
const optionsAt = (
  state: State,
  event: RunEvent,
  given: (nowMs: number, live: ReadonlySet<string>) => Given,
): readonly string[] | undefined => {
  // Who took over intended anew what a dead node had intended: that is chance, and no decision of the plan.
  if (
    event.kind === 'intent' &&
    state.of(event.step).status !== 'pending' &&
    state.of(event.step).status !== 'sleeping'
  )
    return undefined;
  const live = new Set([...state.open].map((key) => state.of(key).call));
  const turn = next(state, given(event.atMs, live));
  if (turn.loads.length > 0) return undefined;
  return [
    ...turn.facts.map(wordOf),
    ...turn.sends.map((send) => `intent ${send.key} ${targetText(send.target)} ${send.digest}`),
  ];
};

/** A decision in one line, without what chance gave it. */
const wordOf = (fact: RunFact): string => {
  switch (fact.kind) {
    case 'intent':
      return `intent ${fact.step} ${fact.target} ${fact.digest}`;
    case 'expanded':
      return `expanded ${fact.step} ${fact.items}`;
    case 'sleeping':
      return `sleeping ${fact.step}`;
    case 'skipped':
    case 'woken':
    case 'ended':
      return `${fact.kind} ${fact.step}`;
    case 'failing':
      return `failing ${fact.step ?? ''}`;
    case 'finished':
      return `finished ${fact.state} ${fact.output?.digest ?? ''}`;
    default:
      return fact.kind;
  }
};

const inlineOnly = (result: StepResult): Reading => {
  if (result.json === undefined) return undefined;
  const json: unknown = JSON.parse(result.json);
  return { json, cel: celOf(json) };
};
