/** What this node has learnt about each endpoint: plain numbers that outlive snapshots and rosters. */
import type { BreakerLike } from './breakers.ts';
import type { Candidate } from './candidates.ts';

/** One endpoint of one target. All instants are on the monotonic clock. */
export interface EndpointRecord {
  candidate: Candidate;
  readonly breaker: BreakerLike;
  /** An operator asked for it: no new calls until told otherwise. */
  draining: boolean;
  /** Run when a draining endpoint has no call left. */
  readonly whenIdle: Set<() => void>;

  inFlight: number;
  requests: number;
  failures: number;

  /** Peak-sensitive EWMA as of `measuredAtMs` (H4); no value yet while that is -1. */
  latencyMs: number;
  measuredAtMs: number;
  /** Start of the slow start after joining or recovering (H5). */
  warmFromMs: number;
  /** Something stood between it and new calls when its pool last looked. */
  away: boolean;

  consecutiveFailures: number;
  windowCalls: number;
  windowOks: number;
  /** Ejections not yet forgiven (H1), and the end of the latest one. */
  ejections: number;
  ejectedUntilMs: number;
  forgivenAtMs: number;

  /** Active checks (H2). */
  reachable: boolean;
  checking: boolean;
  checksAgainst: number;
  nextCheckMs: number;

  /** When it left the set of candidates; -1 while it is in. */
  goneAtMs: number;
}

/** A departed endpoint is remembered this long, so that one that flaps does not lose its record. */
const MEMORY_MS = 600_000;

export class EndpointTable {
  readonly #records = new Map<string, EndpointRecord>();
  readonly #breakerFor: (endpointId: string) => BreakerLike;
  #present: readonly EndpointRecord[] = [];

  constructor(breakerFor: (endpointId: string) => BreakerLike) {
    this.#breakerFor = breakerFor;
  }

  /** Endpoints that exist now, in the order of the candidates. */
  get present(): readonly EndpointRecord[] {
    return this.#present;
  }

  get(id: string): EndpointRecord | undefined {
    const record = this.#records.get(id);
    return record === undefined || record.goneAtMs >= 0 ? undefined : record;
  }

  /** Also one that is not there now. */
  remembered(id: string): EndpointRecord | undefined {
    return this.#records.get(id);
  }

  /** Takes a new set of candidates and keeps what is known about those that stay or come back. */
  adopt(candidates: readonly Candidate[], nowMs: number): void {
    // The first ones of all are equally new: there is nobody to spare them for.
    const warmFromMs = this.#records.size === 0 ? Number.NEGATIVE_INFINITY : nowMs;
    const ids = new Set(candidates.map((candidate) => candidate.id));
    for (const record of this.#records.values()) this.#depart(record, ids, nowMs);
    this.#present = candidates
      .filter((candidate) => ids.delete(candidate.id))
      .map((candidate) => this.#arrive(candidate, warmFromMs));
  }

  #depart(record: EndpointRecord, ids: ReadonlySet<string>, nowMs: number): void {
    const { id } = record.candidate;
    if (ids.has(id)) return;
    if (record.goneAtMs < 0) record.goneAtMs = nowMs;
    if (record.inFlight === 0 && nowMs - record.goneAtMs > MEMORY_MS) this.#records.delete(id);
  }

  #arrive(candidate: Candidate, warmFromMs: number): EndpointRecord {
    const known = this.#records.get(candidate.id);
    if (known === undefined) {
      const record = newRecord(candidate, this.#breakerFor(candidate.id), warmFromMs);
      this.#records.set(candidate.id, record);
      return record;
    }
    if (hasRestarted(known.candidate, candidate)) return this.#renew(known, candidate, warmFromMs);
    if (known.goneAtMs >= 0) known.away = true;
    known.goneAtMs = -1;
    known.candidate = candidate;
    return known;
  }

  /** INVARIANT: a record of its own, so that calls still under way to the run before say nothing about this one. */
  #renew({ draining, whenIdle }: EndpointRecord, candidate: Candidate, warmFromMs: number): EndpointRecord {
    const fresh = newRecord(candidate, this.#breakerFor(candidate.id), warmFromMs);
    const record: EndpointRecord = { ...fresh, draining, whenIdle };
    this.#records.set(candidate.id, record);
    return record;
  }
}

/** Its breaker rests and its ejection lasts for what an earlier run did: a process that came back is another one. */
const hasRestarted = (before: Candidate, now: Candidate): boolean =>
  before.epoch !== undefined && now.epoch !== undefined && before.epoch !== now.epoch;

const newRecord = (candidate: Candidate, breaker: BreakerLike, warmFromMs: number): EndpointRecord => ({
  candidate,
  breaker,
  draining: false,
  whenIdle: new Set(),
  inFlight: 0,
  requests: 0,
  failures: 0,
  latencyMs: 0,
  measuredAtMs: -1,
  warmFromMs,
  away: false,
  consecutiveFailures: 0,
  windowCalls: 0,
  windowOks: 0,
  ejections: 0,
  ejectedUntilMs: Number.NEGATIVE_INFINITY,
  forgivenAtMs: Number.NEGATIVE_INFINITY,
  reachable: true,
  checking: false,
  checksAgainst: 0,
  nextCheckMs: -1,
  goneAtMs: -1,
});
