/** A run as people see it: how each of its steps stands, and what it has come to. */
import type { PlanRun, RunDetail, RunEvent, RunView, StepKey, StepView } from '../contract/index.ts';
import { fold } from './fold.ts';
import type { Definitions } from './known-definitions.ts';
import { reread } from './planner.ts';
import { type Instance, isHeld, partsOf, type State } from './state.ts';

export const runView = (run: PlanRun): RunView => ({
  id: run.id,
  plan: run.plan,
  domain: run.domain,
  digest: run.digest,
  state: run.state,
  principal: `${run.principal.kind}/${run.principal.id}`,
  session: run.session,
  trace: run.trace,
  startedAtMs: run.startedAtMs,
  deadlineAtMs: run.deadlineAtMs,
  endedAtMs: run.endedAtMs,
  costMicros: run.costMicros,
  seq: run.seq,
});

/** `events` is the whole history. */
export const runDetail = (run: PlanRun, events: readonly RunEvent[], definitions: Definitions): RunDetail => {
  const state = fold(definitions.of(run), events, reread);
  const seen = seenIn(events);
  const { finished, failing } = state.whole;
  const steps = keysOf(state).map((key) => stepView(state, key, seen.get(key)));
  const held = steps.find((step) => step.state === 'held');
  return {
    ...runView(run),
    message:
      finished?.message || failing?.because || (held === undefined ? '' : `nobody knows whether \`${held.step}\` ran`),
    steps,
    input: run.input,
    output: finished?.output?.json ?? null,
  };
};

/** What the state does not keep, for nothing is decided by it. */
interface Seen {
  startedAtMs: number;
  endedAtMs: number | null;
  approval: string;
  costMicros: number;
}

const seenIn = (events: readonly RunEvent[]): ReadonlyMap<StepKey, Seen> => {
  const seen = new Map<StepKey, Seen>();
  for (const event of events) {
    if (!('step' in event) || event.step === null) continue;
    const known = seen.get(event.step) ?? { startedAtMs: event.atMs, endedAtMs: null, approval: '', costMicros: 0 };
    seen.set(event.step, known);
    if (event.kind === 'asked') known.approval = event.approval;
    if (event.kind === 'ended') known.costMicros += event.costMicros;
    known.endedAtMs = ENDS.has(event.kind) ? event.atMs : null;
  }
  return seen;
};

const ENDS: ReadonlySet<RunEvent['kind']> = new Set(['ended', 'skipped', 'resolved', 'woken']);

/** In the order of the plan, each with its parts below it, and what takes it back behind those. */
const keysOf = (state: State): readonly StepKey[] => {
  const byStep = Map.groupBy(state.instances.keys(), (key) => partsOf(key)?.step ?? '');
  const own = [...byStep.keys()].filter((step) => !state.definition.steps.has(step));
  return [...own, ...state.definition.steps.keys()].flatMap((step) => {
    const keys = (byStep.get(step) ?? []).toSorted(inOrder);
    return keys.some((key) => key === step) || state.fanOf(step) !== undefined ? keys : [step, ...keys];
  });
};

const inOrder = (a: StepKey, b: StepKey): number => {
  const [one, two] = [partsOf(a)!, partsOf(b)!];
  return Number(one.isBack) - Number(two.isBack) || (one.index ?? -1) - (two.index ?? -1);
};

const stepView = (state: State, key: StepKey, seen: Seen | undefined): StepView => {
  const instance = state.of(key);
  return {
    step: key,
    state: wordOf(state, instance),
    attempt: instance.attempt,
    target: instance.target,
    call: instance.call,
    approval: seen?.approval ?? '',
    code: instance.code,
    message: instance.message,
    startedAtMs: seen?.startedAtMs ?? null,
    endedAtMs: seen?.endedAtMs ?? null,
    untilMs: instance.status === 'sleeping' ? instance.untilMs : null,
    costMicros: seen?.costMicros ?? 0,
    taint: instance.taint,
  };
};

const wordOf = (state: State, instance: Instance): StepView['state'] => {
  switch (instance.status) {
    case 'pending':
      return 'waiting';
    case 'intent':
      return 'ready';
    case 'dispatched':
      return 'sending';
    case 'asked':
      return 'asking';
    case 'unknown':
      return isHeld(state, instance) ? 'held' : 'unknown';
    default:
      return instance.status;
  }
};
