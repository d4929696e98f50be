/** One look at a run: what is new, what is to be sent, and what has to be fetched before more can be said. */
import type { RunBlob, RunFact, StepResult } from '../contract/index.ts';
import type { Given, Send } from './given.ts';
import type { Sending } from './shape.ts';
import { started } from './starting.ts';
import type { Instance, State } from './state.ts';
import { NotHere } from './values.ts';

/** A call of it may be on its way. */
export const LIVE: ReadonlySet<string> = new Set(['intent', 'asked', 'dispatched']);
/** What is under way or over begins nothing. */
const STARTABLE = new Set(['pending', 'sleeping', 'intent']);

/** Collects one round. */
export class Round {
  readonly state: State;
  readonly given: Given;
  readonly facts: RunFact[] = [];
  readonly sends: Send[] = [];
  readonly loads: StepResult[] = [];
  readonly blobs: RunBlob[] = [];
  /** Signals that wake somebody in this round, by seq. */
  readonly signals = new Set<number>();
  isShort = false;
  /** What is to be sent in this round may cost so much. */
  #estimatedMicros = 0;
  #begun: number;
  #room: number;

  constructor(state: State, given: Given) {
    this.state = state;
    this.given = given;
    this.#room = given.room;
    this.#begun = [...state.open].filter((key) => LIVE.has(state.of(key).status)).length;
  }

  /** A call of this step, if it is time, and there is room for it. False: not now. */
  start(instance: Instance, sending: Sending): boolean {
    const { status, call, untilMs } = instance;
    if (!STARTABLE.has(status)) return false;
    if (status === 'intent' ? this.given.isLive(call) : status === 'sleeping' && untilMs > this.given.nowMs)
      return false;
    const isAgain = status === 'intent';
    if (!isAgain && this.#begun >= this.state.definition.spec.parallel) return false;
    if (this.#room <= 0) {
      this.isShort = true;
      return false;
    }
    const answer = this.loading(() => started(instance, sending, this));
    if (answer === undefined) return false;
    if ('fact' in answer) this.facts.push(answer.fact);
    else {
      this.sends.push(answer.send);
      this.#estimatedMicros += answer.send.estimateMicros;
      if (!answer.send.isPlan) this.#room -= 1;
      if (!isAgain) this.#begun += 1;
    }
    return true;
  }

  /** What the run has come to, with all that may still be spent. */
  get costMicros(): number {
    const { spentMicros, estimatedMicros } = this.state.whole;
    return spentMicros + estimatedMicros + this.#estimatedMicros;
  }

  /** Undefined when a result has to be fetched first. */
  loading<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (thrown) {
      if (!(thrown instanceof NotHere)) throw thrown;
      this.loads.push(thrown.result);
      return undefined;
    }
  }
}
