/** Keeps calls away from one endpoint that fails, and lets it back as soon as it is well (C1 to C6). */
import type { Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { whenEnded } from './ended.ts';
import { invoke, type Layer } from './handler.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** What a finished call says about its endpoint. `unreachable`: no connection, or no answer in time. `nothing`: not its fault. */
export type Verdict = 'success' | 'failure' | 'unreachable' | 'nothing';

export interface BreakerOptions {
  /** Id of the endpoint, for messages and the listener. */
  readonly endpoint: string;
  /** Uniform in [0, 1); spreads the end of the rest (C2), so that nodes do not probe in step. */
  readonly random: () => number;
  /** Hears every change of state, manual ones as well. Must not throw. */
  readonly onTransition?: (endpoint: string, from: BreakerState, to: BreakerState, nowMs: number) => void;
}

/** C1. */
const BUCKETS = 10;
const BUCKET_MS = 1000;
const LEAST_CALLS = 20;
const FAILURE_SHARE = 0.5;
const UNREACHABLE_IN_A_ROW = 5;
/** C2. */
const FIRST_REST_MS = 5000;
const LONGEST_REST_MS = 300_000;
const JITTER = 0.2;
/** C3. */
const PROBES_AT_ONCE = 3;
const SUCCESSES_TO_CLOSE = 3;
/** C5: probes that never come back count as failed after this, or an upstream that ignores cancels would hold the door half open for ever. */
const LONGEST_PROBE_MS = 300_000;

/** `enter` answers this when the call must not pass. */
export const REFUSED = -1;

/** Pure state machine on the monotonic time that it is given: no timers, so it cannot stick (C5). */
export class Breaker {
  readonly endpoint: string;
  readonly #options: BreakerOptions;
  readonly #successes = new Uint32Array(BUCKETS);
  readonly #failures = new Uint32Array(BUCKETS);
  #bucket = 0;
  #state: BreakerState = 'closed';
  #forced: 'open' | 'closed' | null = null;
  /** C4: the number of the state generation, and the ticket of a call that began in it. */
  #epoch = 0;
  #unreachableInARow = 0;
  #openings = 0;
  #restEndsMs = 0;
  #probes = 0;
  #probedAtMs = 0;
  #probeSuccesses = 0;

  constructor(options: BreakerOptions) {
    this.endpoint = options.endpoint;
    this.#options = options;
  }

  state(nowMs: number): BreakerState {
    if (this.#forced !== null) return this.#forced;
    this.#advance(nowMs);
    return this.#state;
  }

  /** What somebody holds it at; null when it follows the evidence. */
  get forced(): 'open' | 'closed' | null {
    return this.#forced;
  }

  /** Would a call pass now? Takes nothing: for a router that looks before it picks. */
  accepts(nowMs: number): boolean {
    const state = this.state(nowMs);
    return state === 'closed' || (state === 'half_open' && this.#probes < PROBES_AT_ONCE);
  }

  /** A ticket for `settle`, or `REFUSED` at once (C2, C3). */
  enter(nowMs: number): number {
    if (!this.accepts(nowMs)) return REFUSED;
    if (this.#forced === null && this.#state === 'half_open') {
      this.#probes += 1;
      this.#probedAtMs = nowMs;
    }
    return this.#epoch;
  }

  /** Takes the result of a call that entered. INVARIANT: exactly once per ticket; tickets of an earlier state say nothing (C4). */
  settle(ticket: number, verdict: Verdict, nowMs: number): void {
    if (!this.#current(ticket, nowMs)) return;
    if (this.#state === 'half_open') this.#settleProbe(verdict, nowMs);
    else this.#count(verdict, nowMs);
  }

  /** A call that was settled as a success broke later, in the middle of its stream. */
  blame(ticket: number, nowMs: number): void {
    if (!this.#current(ticket, nowMs)) return;
    if (this.#state === 'half_open') this.#open(nowMs);
    else this.#count('failure', nowMs);
  }

  /** Milliseconds until a call may pass again; 0 when one may pass now. */
  retryAfterMs(nowMs: number): number {
    if (this.accepts(nowMs)) return 0;
    if (this.#forced === 'open') return LONGEST_REST_MS;
    return this.#state === 'open' ? this.#restEndsMs - nowMs : BUCKET_MS;
  }

  /** C6: `open` refuses everything, `closed` lets everything pass, null gives it back to the evidence, with a clean sheet. */
  force(mode: 'open' | 'closed' | null, nowMs: number): void {
    const before = this.state(nowMs);
    this.#forced = mode;
    this.#openings = 0;
    this.#become('closed');
    this.#report(before, mode ?? 'closed', nowMs);
  }

  #current(ticket: number, nowMs: number): boolean {
    this.#advance(nowMs);
    return ticket === this.#epoch && this.#forced === null;
  }

  /** C5: whatever time alone changes, computed on use. */
  #advance(nowMs: number): void {
    if (this.#state === 'open' && nowMs >= this.#restEndsMs) {
      this.#become('half_open');
      this.#report('open', 'half_open', nowMs);
    }
    const stuck = this.#state === 'half_open' && this.#probes > 0 && nowMs - this.#probedAtMs >= LONGEST_PROBE_MS;
    if (stuck) this.#open(nowMs);
  }

  #settleProbe(verdict: Verdict, nowMs: number): void {
    this.#probes -= 1;
    if (verdict === 'nothing') return;
    if (verdict !== 'success') {
      this.#open(nowMs);
      return;
    }
    this.#probeSuccesses += 1;
    if (this.#probeSuccesses < SUCCESSES_TO_CLOSE) return;
    this.#openings = 0;
    this.#become('closed');
    this.#report('half_open', 'closed', nowMs);
  }

  #count(verdict: Verdict, nowMs: number): void {
    if (verdict === 'nothing') return;
    this.#turn(nowMs);
    const counts = verdict === 'success' ? this.#successes : this.#failures;
    const at = this.#bucket % BUCKETS;
    counts[at] = counts[at]! + 1;
    this.#unreachableInARow = verdict === 'unreachable' ? this.#unreachableInARow + 1 : 0;
    if (this.#unreachableInARow >= UNREACHABLE_IN_A_ROW || (verdict !== 'success' && this.#tooManyFailed()))
      this.#open(nowMs);
  }

  #tooManyFailed(): boolean {
    let successes = 0;
    let failures = 0;
    for (let at = 0; at < BUCKETS; at += 1) {
      successes += this.#successes[at]!;
      failures += this.#failures[at]!;
    }
    const calls = successes + failures;
    return calls >= LEAST_CALLS && failures >= calls * FAILURE_SHARE;
  }

  /** Empties the buckets whose second has passed. */
  #turn(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    const from = Math.max(this.#bucket + 1, bucket - BUCKETS + 1);
    for (let passed = from; passed <= bucket; passed += 1) {
      this.#successes[passed % BUCKETS] = 0;
      this.#failures[passed % BUCKETS] = 0;
    }
    this.#bucket = Math.max(this.#bucket, bucket);
  }

  /** C2: 5 s, doubled with every failed return, at most 5 min, give or take 20 %. */
  #open(nowMs: number): void {
    const from = this.#state;
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.#openings);
    const spread = 1 - JITTER + 2 * JITTER * this.#options.random();
    this.#restEndsMs = nowMs + Math.min(LONGEST_REST_MS, restMs * spread);
    this.#openings += 1;
    this.#become('open');
    this.#report(from, 'open', nowMs);
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#epoch += 1;
    this.#probes = 0;
    this.#probeSuccesses = 0;
    this.#unreachableInARow = 0;
    this.#successes.fill(0);
    this.#failures.fill(0);
  }

  #report(from: BreakerState, to: BreakerState, nowMs: number): void {
    if (from !== to) this.#options.onTransition?.(this.endpoint, from, to, nowMs);
  }
}

export interface GuardOptions {
  /**
   * A timeout speaks against an endpoint that had at least this long. Default 1000: with less, callers who grant a
   * millisecond could open the breaker for everybody (C1: never what the client caused).
   */
  readonly fairMs?: number;
}

/** Lets a call through to its endpoint while the breaker allows, and tells the breaker how it went. */
export const guard =
  (breaker: Breaker, { fairMs = 1000 }: GuardOptions = {}): Layer =>
  (next) =>
  (call, scope) => {
    const startMs = scope.clock.nowMs();
    const ticket = breaker.enter(startMs);
    if (ticket === REFUSED) return Promise.reject(resting(breaker, startMs));
    const answered = invoke(next, call, scope).then(
      (reply) => {
        breaker.settle(ticket, reply.status >= 500 ? 'failure' : 'success', scope.clock.nowMs());
        return reply;
      },
      (thrown) => {
        const fault = Fault.from(thrown);
        breaker.settle(ticket, verdictOn(fault, scope, startMs, fairMs), scope.clock.nowMs());
        throw fault;
      },
    );
    return whenEnded(answered, scope.signal, (fault, reply) => {
      const brokeLate = reply !== undefined && fault?.blamesEndpoint === true && fault.code !== 'timeout';
      if (brokeLate) breaker.blame(ticket, scope.clock.nowMs());
    });
  };

const resting = (breaker: Breaker, nowMs: number): Fault =>
  new Fault('unavailable', `endpoint \`${breaker.endpoint}\` rests after failures; try again later`, {
    retryAfterMs: Math.ceil(breaker.retryAfterMs(nowMs)),
  });

const verdictOn = (fault: Fault, scope: Scope, startMs: number, fairMs: number): Verdict => {
  if (!fault.blamesEndpoint) return 'nothing';
  if (fault.code === 'unreachable') return 'unreachable';
  if (fault.code !== 'timeout') return 'failure';
  return scope.clock.nowMs() - startMs >= fairMs ? 'unreachable' : 'nothing';
};
