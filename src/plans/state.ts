/** What a run has come to: what its history says of each step, and of the run as a whole. */
import type { Executed, RunFact, RunState, StepKey, StepResult } from '../contract/index.ts';
import type { Definition } from './shape.ts';

export type Status =
  | 'pending'
  /** For the next attempt, or because it is a `wait`. */
  | 'sleeping'
  /** Intended, and not sent: nobody knows of a transaction that lets it go. */
  | 'intent'
  | 'asked'
  | 'dispatched'
  | 'ok'
  | 'failed'
  | 'denied'
  | 'cancelled'
  | 'unknown'
  | 'skipped';

/** One thing that runs by itself: a step, one of a fan-out, or what takes one of them back. */
export interface Instance {
  readonly key: StepKey;
  readonly status: Status;
  readonly attempt: number;
  /** Of the newest intent; empty before the first. */
  readonly call: string;
  readonly target: string;
  readonly digest: string;
  readonly idempotent: boolean;
  readonly estimateMicros: number;
  readonly timeoutMs: number;
  readonly taint: readonly string[];
  /** When it got its status. */
  readonly atMs: number;
  readonly untilMs: number;
  readonly result: StepResult | null;
  readonly code: string;
  readonly message: string;
  readonly executed: Executed;
  readonly retryable: boolean;
  /** Attempts that were turned away before they ran, for a reason that passes: nobody was there to take them. */
  readonly turnedAway: number;
  /** Of the event that ended it. */
  readonly endedSeq: number;
  /** Of the newest event that said that it ran, and not that the target refused it: what ran last is taken back first. 0: none has. */
  readonly ranSeq: number;
  /** Calls of it whose outcome was unknown when the next one was intended, and still is. */
  readonly lost: readonly string[];
  /** Its newest call did not run; it is `unknown` for what became of those before. */
  readonly inDoubt: boolean;
}

/** A fan-out that was counted. */
export interface FanOut {
  readonly items: readonly unknown[];
  /** So many have begun, in order. */
  readonly begun: number;
  readonly ok: number;
  /** Over, and not well. */
  readonly bad: number;
  /** Begun and not over. */
  readonly open: number;
}

export interface Whole {
  /** Of the newest event. */
  readonly seq: number;
  readonly atMs: number;
  readonly paused: boolean;
  readonly cancelled: boolean;
  readonly cancelledBy: string;
  readonly failing: { readonly because: string; readonly step: StepKey | null } | null;
  readonly finished: Extract<RunFact, { kind: 'finished' }> | null;
  /** What calls came to, as far as it is known. */
  readonly spentMicros: number;
  /** What was sent and is not settled may cost so much. */
  readonly estimatedMicros: number;
  /** Signals that nobody has waited for yet, in the order they came. */
  readonly signals: readonly { readonly name: string; readonly body: string; readonly seq: number }[];
  /** A planner proposed the steps. */
  readonly planned: boolean;
  /** Somebody tried the run again then, and it has its whole time anew; 0: nobody did. */
  readonly retriedAtMs: number;
}

export const PLANNER_KEY = '@plan';
export const CONFIRM_KEY = '@confirm';

export const PENDING: Omit<Instance, 'key'> = {
  ...{
    status: 'pending',
    attempt: 0,
    call: '',
    target: '',
    digest: '',
    idempotent: false,
    estimateMicros: 0,
    timeoutMs: 0,
  },
  ...{ taint: [], atMs: 0, untilMs: 0, result: null, code: '', message: '', executed: 'no', retryable: false },
  ...{ turnedAway: 0, endedSeq: 0, ranSeq: 0, lost: [], inDoubt: false },
};

/** Can be gone back on: what could not be written is as if it had not been thought. */
export class State {
  #definition: Definition;
  #whole: Whole;
  readonly #instances = new Map<StepKey, Instance>();
  readonly #fans = new Map<string, FanOut>();
  /** Neither waiting to begin nor over. */
  readonly #open = new Set<StepKey>();
  #undo: (() => void)[] | undefined;

  constructor(definition: Definition) {
    this.#definition = definition;
    this.#whole = {
      ...{ seq: 0, atMs: 0, paused: false, cancelled: false, cancelledBy: '', failing: null, finished: null },
      ...{ spentMicros: 0, estimatedMicros: 0, signals: [], planned: false, retriedAtMs: 0 },
    };
  }

  get definition(): Definition {
    return this.#definition;
  }

  get whole(): Whole {
    return this.#whole;
  }

  /** Keys of what is under way, sleeps, or is unknown. */
  get open(): ReadonlySet<StepKey> {
    return this.#open;
  }

  get instances(): ReadonlyMap<StepKey, Instance> {
    return this.#instances;
  }

  of(key: StepKey): Instance {
    return this.#instances.get(key) ?? { ...PENDING, key };
  }

  fanOf(step: string): FanOut | undefined {
    return this.#fans.get(step);
  }

  /** From here on everything can be taken back with `rollback`, until `commit`. */
  begin(): void {
    this.#undo = [];
  }

  commit(): void {
    this.#undo = undefined;
  }

  rollback(): void {
    for (const undo of this.#undo?.reverse() ?? []) undo();
    this.#undo = undefined;
  }

  set(change: Partial<Whole>): void {
    const before = this.#whole;
    this.#undo?.push(() => {
      this.#whole = before;
    });
    this.#whole = { ...before, ...change };
  }

  define(definition: Definition): void {
    const before = this.#definition;
    this.#undo?.push(() => {
      this.#definition = before;
    });
    this.#definition = definition;
  }

  put(instance: Instance, isOpen: boolean): void {
    const { key } = instance;
    const before = this.#instances.get(key);
    const wasOpen = this.#open.has(key);
    this.#undo?.push(() => {
      if (before === undefined) this.#instances.delete(key);
      else this.#instances.set(key, before);
      this.#mark(key, wasOpen);
    });
    this.#instances.set(key, instance);
    this.#mark(key, isOpen);
  }

  fan(step: string, fan: FanOut | undefined): void {
    const before = this.#fans.get(step);
    const write = (value: FanOut | undefined): void => {
      if (value === undefined) this.#fans.delete(step);
      else this.#fans.set(step, value);
    };
    this.#undo?.push(() => write(before));
    write(fan);
  }

  #mark(key: StepKey, isOpen: boolean): void {
    if (isOpen) this.#open.add(key);
    else this.#open.delete(key);
  }
}

/** In the words of lists: the state is in the history, and this is its name. */
export const stateOf = (state: State): RunState => {
  const { finished, failing, paused, cancelled } = state.whole;
  if (finished !== null) return finished.state;
  for (const key of state.open) if (isHeld(state, state.of(key))) return 'held';
  if (paused) return 'paused';
  return failing === null ? 'running' : cancelled ? 'cancelling' : 'compensating';
};

/** Unix ms. */
export const deadlineOf = (
  { whole, definition }: State,
  { deadlineAtMs }: { readonly deadlineAtMs: number },
): number =>
  whole.retriedAtMs === 0 ? deadlineAtMs : Math.max(deadlineAtMs, whole.retriedAtMs + definition.spec.deadlineMs);

/** `~book[3]` is of `book`, the fourth, and takes it back. */
export interface KeyParts {
  readonly step: string;
  readonly index: number | null;
  readonly isBack: boolean;
}

const KEY = /^(~?)([a-z][a-zA-Z0-9_]*|@plan|@confirm)(?:\[(0|[1-9][0-9]{0,4})\])?$/;

/** Undefined for what is no key. */
export const partsOf = (key: StepKey): KeyParts | undefined => {
  const [, back, step, index] = KEY.exec(key) ?? [];
  if (step === undefined) return undefined;
  return { step, index: index === undefined ? null : Number(index), isBack: back === '~' };
};

export const keyOf = (step: string, index: number | null): StepKey => (index === null ? step : `${step}[${index}]`);

/** How often it may be tried; nothing is known of a step that is no call. */
const attemptsOf = (
  { definition }: State,
  key: StepKey,
): { readonly attempts: number; readonly canBeTakenBack: boolean } => {
  const parts = partsOf(key);
  if (parts?.step === PLANNER_KEY) return { attempts: definition.planner?.attempts ?? 1, canBeTakenBack: false };
  if (parts?.step === CONFIRM_KEY) return { attempts: 3, canBeTakenBack: false };
  const step = definition.steps.get(parts?.step ?? '');
  const sending = parts?.isBack === true ? step?.compensate : step?.sending;
  return { attempts: sending?.attempts ?? 1, canBeTakenBack: parts?.isBack !== true && step?.compensate != null };
};

/** With the longest pause between them, a day: whoever can take a step back is looked for that long, and then it is up to people. */
const MOST_TURNED_AWAY = 288;

/** Attempts that count. Taking back does not end for want of somebody who takes it: what was done would stay done. */
const attemptsMade = ({ key, attempt, turnedAway }: Instance): number =>
  key.startsWith('~') ? attempt - Math.min(turnedAway, MOST_TURNED_AWAY) : attempt;

/** P3: what may have run is tried again only where that does no harm. */
export const isTriedAgain = (state: State, instance: Instance): boolean => {
  const { status, executed, idempotent, retryable, key } = instance;
  if (status !== 'failed' && status !== 'unknown') return false;
  if (instance.call === '' || attemptsMade(instance) >= attemptsOf(state, key).attempts) return false;
  if (state.whole.failing !== null && !key.startsWith('~')) return false;
  if (status === 'unknown') return idempotent && (retryable || !instance.inDoubt);
  return retryable && (executed === 'no' || idempotent);
};

/** Somebody must say what became of it. What does nothing twice and takes nothing back has simply failed. */
export const isHeld = (state: State, instance: Instance): boolean => {
  if (instance.status !== 'unknown' || isTriedAgain(state, instance)) return false;
  return !instance.idempotent || instance.key.startsWith('~') || attemptsOf(state, instance.key).canBeTakenBack;
};

/** Nothing more comes of it by itself. */
export const isOver = (state: State, instance: Instance): boolean => {
  switch (instance.status) {
    case 'ok':
    case 'denied':
    case 'cancelled':
    case 'skipped':
      return true;
    case 'failed':
      return !isTriedAgain(state, instance);
    case 'unknown':
      return !isTriedAgain(state, instance) && !isHeld(state, instance);
    default:
      return false;
  }
};

/** Of a step as expressions and joins see it; a fan-out is over when all of it is. */
export const statusOf = (state: State, id: string): Status => {
  const own = state.of(id);
  const fan = state.fanOf(id);
  if (fan === undefined || own.status === 'skipped' || own.status === 'failed') return overOr(state, own);
  if (fan.ok + fan.bad < fan.items.length) return 'dispatched';
  const isOptional = state.definition.steps.get(id)?.spec.optional === true;
  if (fan.bad === 0 || (isOptional && fan.ok > 0)) return 'ok';
  return 'failed';
};

/** A failure that is tried again is none yet. */
const overOr = (state: State, instance: Instance): Status => {
  const { status } = instance;
  if (status === 'failed' && isTriedAgain(state, instance)) return 'sleeping';
  if (status === 'unknown' && isOver(state, instance)) return 'failed';
  return status;
};

const ENDS: ReadonlySet<Status> = new Set(['ok', 'failed', 'denied', 'cancelled', 'skipped']);
export const isEnd = (status: Status): boolean => ENDS.has(status);
