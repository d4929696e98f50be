/** Everything a layer may want from the world besides the call: time, chance, identity, the end of it all, and a place to note what it saw. */
import type { Fault } from './fault.ts';

export interface Timer {
  cancel(): void;
}

/** `nowMs` is monotonic and has no meaning across processes; `wallMs` is for stored timestamps only. */
export interface Clock {
  nowMs(): number;
  wallMs(): number;
  after(delayMs: number, run: () => void): Timer;
}

export interface Ids {
  /** 32 hex digits. */
  traceId(): string;
  /** 16 hex digits. */
  spanId(): string;
  /** 32 hex digits, for calls and other things that must not be guessed. */
  callId(): string;
}

/** A synchronous, dependency-free abort signal: deterministic in simulation and cheap on the hot path. */
export interface CancelSignal {
  /** Why everything below must stop, or undefined while it may go on. */
  readonly reason: Fault | undefined;
  /** Runs `listener` at once if already cancelled. Returns the function that takes the listener away. */
  onCancel(listener: (reason: Fault) => void): () => void;
}

/** One finished step of a call as its layer saw it. Values must be small and must never hold payload bytes. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** The open record of one call on one node. Layers write to it; the trace layer closes and emits it. */
export interface Span {
  readonly spanId: string;
  /** Adds or replaces attributes of the call itself. */
  set(attributes: Attributes): void;
  /** Records a finished child step: a decision, one attempt, a wait. `startMs` is on the monotonic clock. */
  step(name: string, startMs: number, attributes?: Attributes, spanId?: string): void;
}

export interface Scope {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: CancelSignal;
  /** Monotonic instant at which this scope is over; Infinity when nothing bounds it. */
  readonly deadlineMs: number;
  readonly span: Span;
}
