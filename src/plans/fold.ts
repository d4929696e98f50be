/**
 * Reads a history: the state of a run is what comes out. It believes no history that could not have happened (I9), whoever wrote
 * it, for everything that a run does next follows from what it says.
 */
import type { RunEvent, RunFact } from '../contract/index.ts';
import type { Definition } from './shape.ts';
import {
  CONFIRM_KEY,
  type FanOut,
  type Instance,
  isEnd,
  isOver,
  isTriedAgain,
  type KeyParts,
  PENDING,
  PLANNER_KEY,
  partsOf,
  State,
  type Status,
  statusOf,
} from './state.ts';
import { wished } from './wishes.ts';

/** Reads the steps that a planner proposed and that were found good. */
export type Reread = (definition: Definition, proposed: string) => Definition;

export class IllegalHistory extends Error {
  override readonly name = 'IllegalHistory';
}

/** Throws IllegalHistory. */
export const fold = (definition: Definition, events: readonly RunEvent[], reread: Reread): State => {
  const state = new State(definition);
  for (const event of events) apply(state, event, reread);
  return state;
};

/** Throws IllegalHistory, and has changed nothing then. */
export const apply = (state: State, event: RunEvent, reread: Reread): void => {
  const { whole } = state;
  if (event.seq !== whole.seq + 1) throw illegal(event, `the event before it is ${whole.seq}`);
  if ((event.kind === 'started') !== (event.seq === 1)) throw illegal(event, 'a run starts once, and first of all');
  if (whole.finished !== null && event.kind !== 'wished') {
    if (!isAfterword(state, event)) throw illegal(event, 'the run was over');
    state.set({ seq: event.seq, atMs: event.atMs });
    return;
  }
  const handle = HANDLERS[event.kind] as (state: State, event: RunEvent, reread: Reread) => void;
  handle(state, event, reread);
  state.set({ seq: event.seq, atMs: event.atMs });
};

/** What became of a call that nobody waits for any more: it is known now, and changes nothing. */
const isAfterword = (state: State, event: RunEvent): boolean => {
  if (event.kind !== 'ended' && event.kind !== 'resolved') return false;
  const { call, status, lost } = state.of(event.step);
  return lost.includes(event.call) || (call === event.call && status === 'unknown');
};

type Handlers = {
  readonly [K in RunFact['kind']]: (
    state: State,
    event: Extract<RunFact, { kind: K }> & Pick<RunEvent, 'seq' | 'atMs'>,
    reread: Reread,
  ) => void;
};

const illegal = (event: Pick<RunEvent, 'seq'> & RunFact, why: string): IllegalHistory => {
  const about = 'step' in event && event.step !== null ? ` of \`${event.step}\`` : '';
  return new IllegalHistory(`event ${event.seq}, \`${event.kind}\`${about}, cannot have happened: ${why}`);
};

type Stepped = Extract<RunFact, { readonly step: string }> & Pick<RunEvent, 'seq' | 'atMs'>;

/** The step that an event is about, if it is in one of these states. */
const found = (state: State, event: Stepped, ...allowed: readonly Status[]): Instance => {
  existing(state, event);
  const instance = state.of(event.step);
  if (!allowed.includes(instance.status)) throw illegal(event, `it was \`${instance.status}\``);
  return instance;
};

const existing = (state: State, event: Stepped): KeyParts => {
  const parts = partsOf(event.step);
  const step = state.definition.steps.get(parts?.step ?? '');
  const isOwn = parts?.step === PLANNER_KEY || parts?.step === CONFIRM_KEY;
  if (parts === undefined || (step === undefined && !isOwn)) throw illegal(event, 'the plan has no such step');
  if (parts.isBack && step?.compensate == null) throw illegal(event, 'nothing takes it back');
  const fan = state.fanOf(parts.step);
  if (parts.index !== null && parts.index >= (fan?.items.length ?? 0))
    throw illegal(event, 'its fan-out has no such item');
  if (parts.index === null && fan !== undefined && !parts.isBack && event.kind !== 'ended')
    throw illegal(event, 'it is a fan-out');
  return parts;
};

/** Writes the step, and what it means for the fan-out that it is one of. */
const write = (state: State, before: Instance, change: Partial<Instance>, atMs: number): void => {
  const after: Instance = { ...before, ...change, atMs };
  const isOpen = after.status !== 'pending' && !isOver(state, after);
  const wasOver = before.status !== 'pending' && isOver(state, before);
  state.put(after, isOpen);
  const parts = partsOf(after.key);
  const fan = parts === undefined || parts.index === null || parts.isBack ? undefined : state.fanOf(parts.step);
  if (fan === undefined || parts === undefined) return;
  state.fan(parts.step, counted(fan, { before, after, wasOver, isOpen }));
};

interface Move {
  readonly before: Instance;
  readonly after: Instance;
  readonly wasOver: boolean;
  readonly isOpen: boolean;
}

const counted = (fan: FanOut, { before, after, wasOver, isOpen }: Move): FanOut => {
  const wasOpen = before.status !== 'pending' && !wasOver;
  const isDone = after.status !== 'pending' && !isOpen;
  const well = (instance: Instance): boolean => instance.status === 'ok';
  const change = (was: boolean, is: boolean): number => Number(is) - Number(was);
  return {
    items: fan.items,
    begun: fan.begun + change(before.status !== 'pending', after.status !== 'pending'),
    open: fan.open + change(wasOpen, isOpen),
    ok: fan.ok + change(wasOver && well(before), isDone && well(after)),
    bad: fan.bad + change(wasOver && !well(before), isDone && !well(after)),
  };
};

const settled = (state: State, { estimateMicros }: Instance, costMicros: number): void =>
  state.set({
    spentMicros: state.whole.spentMicros + costMicros,
    estimatedMicros: state.whole.estimatedMicros - estimateMicros,
  });

/** All that went into the call and all that the target is known for is known of its answer. */
const tainted = <R extends { readonly taint: readonly string[] }>(result: R | null, { taint }: Instance): R | null =>
  result === null ? null : { ...result, taint: [...new Set([...result.taint, ...taint])].sort() };

/** That the second try did not run says nothing about the first. */
const doubted = ({ lost }: Instance, end: Partial<Instance>): Partial<Instance> => {
  if (end.status === 'ok' || end.status === 'unknown') return { ...end, inDoubt: false };
  return lost.length === 0 ? { ...end, inDoubt: false } : { ...end, status: 'unknown', inDoubt: true };
};

/** A refusal of the target is an answer, and nothing to take back. An answer that came too late, or was too large, is of work that was done. */
const hasRun = ({
  outcome,
  executed,
  code,
}: Pick<Extract<RunFact, { kind: 'ended' }>, 'outcome' | 'executed' | 'code'>) =>
  outcome === 'ok' || (outcome === 'failed' && executed === 'yes' && !REFUSED.has(code));

/** It ran, and nobody has its answer: what may be done again is asked again, and the rest went well without a result. */
const lateEnd = (state: State, instance: Instance, end: Partial<Instance>): Partial<Instance> => {
  const again = { ...end, retryable: true };
  return instance.idempotent && isTriedAgain(state, { ...instance, ...again }) ? again : { ...end, status: 'ok' };
};

const REFUSED: ReadonlySet<string> = new Set(['', 'failed']);

/** What became of a call that another one has followed since. */
const learnt = (state: State, event: Extract<RunEvent, { kind: 'resolved' }>): void => {
  const instance = state.of(event.step);
  const ran = event.verdict === 'executed';
  const isWaiting = instance.status === 'sleeping' || (instance.status === 'unknown' && instance.inDoubt);
  // What is under way meanwhile does the same, and says so itself.
  if (!isWaiting && ran) return;
  const lost = instance.lost.filter((call) => call !== event.call);
  if (!isWaiting || (instance.status === 'sleeping' && !ran)) {
    write(state, instance, { lost }, instance.atMs);
    return;
  }
  const change: Partial<Instance> = ran
    ? {
        ...{ status: 'ok', executed: 'yes', result: tainted(event.result, instance), inDoubt: false },
        ...{ endedSeq: event.seq, ranSeq: event.seq },
      }
    : lost.length === 0
      ? { status: 'failed', inDoubt: false, endedSeq: event.seq }
      : {};
  write(state, instance, { ...change, lost }, event.atMs);
};

const HANDLERS: Handlers = {
  started: () => {},

  planned: (state, event, reread) => {
    if (state.whole.planned || state.definition.planner === null) throw illegal(event, 'nobody was asked for a plan');
    if (state.of(PLANNER_KEY).status !== 'ok') throw illegal(event, 'the planner has not answered');
    state.define(reread(state.definition, event.definition));
    state.set({ planned: true });
  },

  expanded: (state, event) => {
    found(state, event, 'pending');
    if (state.definition.steps.get(event.step)?.forEach === undefined || state.fanOf(event.step) !== undefined)
      throw illegal(event, 'it is no fan-out that waits to be counted');
    const items: unknown = JSON.parse(event.items);
    if (!Array.isArray(items)) throw illegal(event, 'what it goes through is no list');
    state.fan(event.step, { items, begun: 0, ok: 0, bad: 0, open: 0 });
  },

  skipped: (state, event) => {
    const instance = found(state, event, 'pending');
    if (partsOf(event.step)?.index !== null) throw illegal(event, 'one of many is not skipped');
    write(state, instance, { status: 'skipped', message: event.why, endedSeq: event.seq }, event.atMs);
  },

  intent: (state, event) => {
    const instance = found(state, event, 'pending', 'sleeping', 'intent', 'asked');
    if (state.whole.failing !== null && !event.step.startsWith('~')) throw illegal(event, 'the run was given up');
    if (state.whole.failing === null && event.step.startsWith('~'))
      throw illegal(event, 'nothing was to be taken back');
    const again = instance.status === 'intent' || instance.status === 'asked';
    if (event.attempt !== instance.attempt + (again ? 0 : 1))
      throw illegal(event, `attempt ${instance.attempt} was the newest`);
    const { kind: _, step: __, seq: ___, atMs, ...intent } = event;
    state.set({
      estimatedMicros: state.whole.estimatedMicros + intent.estimateMicros - (again ? instance.estimateMicros : 0),
    });
    write(state, instance, { ...intent, status: 'intent', code: '', message: '', inDoubt: false }, atMs);
  },

  asked: (state, event) => {
    const instance = found(state, event, 'intent');
    if (instance.call !== event.call) throw illegal(event, 'another call is intended');
    write(state, instance, { status: 'asked' }, event.atMs);
  },

  dispatched: (state, event) => {
    const instance = found(state, event, 'intent', 'asked');
    if (instance.call !== event.call) throw illegal(event, 'another call is intended');
    write(state, instance, { status: 'dispatched' }, event.atMs);
  },

  ended: (state, event) => {
    existing(state, event);
    const instance = state.of(event.step);
    // It has been replaced since, by one that does the same: there is nothing to learn from it but what it cost.
    if (event.call !== '' && instance.lost.includes(event.call))
      return settled(state, { ...instance, estimateMicros: 0 }, event.costMicros);
    const { outcome, executed, retryable, code, message } = event;
    if (event.call === '') {
      found(state, event, 'pending', 'sleeping');
      if (outcome === 'ok' || outcome === 'unknown') throw illegal(event, 'nothing was sent');
    } else {
      found(state, event, 'intent', 'asked', 'dispatched', 'unknown');
      if (instance.call !== event.call) throw illegal(event, 'another call is intended');
      if (instance.inDoubt) throw illegal(event, 'it has ended, and is unknown for what came before it');
      const wasKnown = instance.status !== 'unknown';
      settled(state, wasKnown ? instance : { ...instance, estimateMicros: 0 }, event.costMicros);
    }
    const result = tainted(event.result, instance);
    const call = event.call === '' ? { call: '' } : {};
    const ran = hasRun(event) ? { ranSeq: event.seq } : {};
    const turnedAway = instance.turnedAway + (outcome === 'failed' && executed === 'no' && retryable ? 1 : 0);
    const told = { result, code, message, executed, retryable, turnedAway };
    const end = { ...call, ...told, status: outcome, endedSeq: event.seq, ...ran };
    const late = outcome === 'failed' && executed === 'yes' && code === 'timeout';
    write(state, instance, doubted(instance, late ? lateEnd(state, instance, end) : end), event.atMs);
  },

  sleeping: (state, event) => {
    const instance = found(state, event, 'pending', 'failed', 'unknown');
    const isWait = state.definition.steps.get(event.step)?.spec.wait !== undefined;
    if (isWait !== (instance.status === 'pending')) throw illegal(event, `it was \`${instance.status}\``);
    if (!isWait && isOver(state, instance)) throw illegal(event, 'it is not tried again');
    const isLost = instance.status === 'unknown' && !instance.inDoubt;
    const lost = isLost ? [...instance.lost, instance.call] : instance.lost;
    write(state, instance, { status: 'sleeping', untilMs: event.untilMs, lost }, event.atMs);
  },

  woken: (state, event) => {
    const instance = found(state, event, 'pending', 'sleeping');
    const wait = state.definition.steps.get(event.step)?.spec.wait;
    if (wait === undefined) throw illegal(event, 'it does not wait');
    if ('signal' in wait) {
      const at = state.whole.signals.findIndex(({ name }) => name === wait.signal);
      if (at < 0) throw illegal(event, `no signal \`${wait.signal}\` has come`);
      state.set({ signals: state.whole.signals.toSpliced(at, 1) });
    } else if (instance.status !== 'sleeping') throw illegal(event, 'it did not sleep');
    write(state, instance, { status: 'ok', result: event.result, endedSeq: event.seq }, event.atMs);
  },

  resolved: (state, event) => {
    existing(state, event);
    const instance = state.of(event.step);
    if (instance.lost.includes(event.call)) return learnt(state, event);
    if (instance.call !== event.call) throw illegal(event, 'another call is intended');
    found(state, event, 'unknown', 'dispatched');
    if (instance.status === 'dispatched') settled(state, instance, 0);
    const ran = event.verdict === 'executed';
    const change: Partial<Instance> = ran
      ? { status: 'ok', executed: 'yes', result: tainted(event.result, instance), ranSeq: event.seq }
      : {
          ...{ status: 'failed', executed: 'no', retryable: true, turnedAway: instance.turnedAway + 1 },
          message: 'it did not run, as was found out later',
        };
    write(state, instance, doubted(instance, { ...change, endedSeq: event.seq }), event.atMs);
  },

  wished: (state, event) => wished(state, event, { ...PENDING }),

  failing: (state, event) => {
    if (state.whole.failing !== null) throw illegal(event, 'the run was given up before');
    state.set({ failing: { because: event.because, step: event.step } });
    // What was to be tried again is over now: nothing waits for it any more.
    for (const key of [...state.open]) {
      const instance = state.of(key);
      if (instance.status === 'sleeping' && instance.lost.length > 0)
        write(state, instance, { status: 'unknown', inDoubt: true, retryable: false }, event.atMs);
      else if (isOver(state, instance) || instance.status === 'sleeping') state.put(instance, false);
    }
  },

  finished: (state, event) => {
    for (const key of state.open) {
      const { status } = state.of(key);
      // Older versions gave up earlier where nobody was there to take a step back.
      const isGivenUp =
        status === 'sleeping' || (event.state === 'stuck' && key.startsWith('~') && status === 'failed');
      if (!isGivenUp) throw illegal(event, `\`${key}\` is \`${status}\``);
    }
    const left = [...state.definition.steps.keys()].find((id) => !isEnd(statusOf(state, id)));
    if (event.state === 'done' && left !== undefined) throw illegal(event, `\`${left}\` is not over`);
    if (event.state === 'done' && state.whole.failing !== null) throw illegal(event, 'the run was given up');
    if (event.state !== 'done' && state.whole.failing === null) throw illegal(event, 'the run was not given up');
    state.set({ finished: event });
  },
};
