/** All endpoints of one target as this node sees them: who is eligible now, who gets the next call, and what calls teach. */
import type { RoutePlan, TargetEntry } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { REFUSED, type Verdict } from '../kernel/index.ts';
import { type Choices, latencyAt, pick, warmAtMs } from './balance.ts';
import type { BreakerFor } from './breakers.ts';
import type { Candidate } from './candidates.ts';
import { ignoredInPanic, isHost, type Obstacle, obstacleOf, reasonOf } from './eligible.ts';
import { type EndpointRecord, EndpointTable } from './endpoints.ts';
import { type Learner, Lease } from './lease.ts';
import { pickNear, sharesOf, type Tier } from './near.ts';
import { judgeRates, keepHalf, noteFailure, noteSuccess, type RateWindow, rateWindow } from './outlier.ts';

/** Time alone ends ejections and opens breakers to probes: nobody waits longer than this to see it. */
const REFRESH_MS = 250;
/** Taken for usual until anything is measured. */
const UNKNOWN_MS = 1;
/** Breakers may change their mind between two looks; after a few surprises the pool is taken at its word. */
const MAX_SURPRISES = 4;
/** Endpoints that fit in a message; the facts have them all. */
const MAX_LISTED = 8;

export class Pool implements Choices, Learner {
  readonly table: EndpointTable;
  #target: TargetEntry;
  #members: EndpointRecord[] = [];
  #hosts: readonly EndpointRecord[] = [];
  /** By distance, the nearest first; empty when all are equally far, or that does not matter. */
  #tiers: readonly Tier[] = [];
  #refreshAtMs = Number.NEGATIVE_INFINITY;
  readonly #window: RateWindow;

  readonly via: RoutePlan['via'];
  panic = false;
  topWeight = 0;
  even = true;
  warmAtMs = Number.NEGATIVE_INFINITY;
  /** What its endpoints usually take. */
  typicalMs = UNKNOWN_MS;

  constructor({ target, via }: Pick<RoutePlan, 'target' | 'via'>, breakerFor: BreakerFor, nowMs: number) {
    this.#target = target;
    this.via = via;
    this.#window = rateWindow(nowMs);
    this.table = new EndpointTable((id) => breakerFor(id, target));
  }

  get target(): TargetEntry {
    return this.#target;
  }

  /** Endpoints that take calls now: the eligible ones, or in panic all but those that must not (H3). */
  get members(): readonly EndpointRecord[] {
    return this.#members;
  }

  get concurrency(): number {
    return this.#target.concurrency;
  }

  adopt(target: TargetEntry, candidates: readonly Candidate[], nowMs: number): void {
    this.#target = target;
    this.table.adopt(candidates, nowMs);
    this.refresh(nowMs);
  }

  /** Something outside the flow of calls changed: a drain, a health check. */
  touch(): void {
    this.#refreshAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Answers whether it knows such an endpoint; one that is gone may come back with its breaker. */
  force(endpoint: string, mode: 'open' | 'closed' | null, nowMs: number): boolean {
    const record = this.table.remembered(endpoint);
    record?.breaker.force(mode, nowMs);
    this.touch();
    return record !== undefined;
  }

  /** Would a call find an endpoint that is no worse than its siblings? Looks anew when it is time: nobody may have called since. */
  isWell(nowMs: number): boolean {
    if (nowMs >= this.#refreshAtMs) this.refresh(nowMs);
    return this.#members.length > 0 && !this.panic;
  }

  /**
   * `pin`: the endpoint that has what the call is about. Throws `unavailable` when no endpoint is eligible, `overloaded` when all that
   * are have their hands full, `not_found` when the pinned one is gone.
   */
  take(avoid: readonly string[], nowMs: number, random: () => number, pin?: string): Lease {
    const pinned = pin === undefined ? undefined : this.#pinned(pin);
    if (pinned !== undefined) return this.#takePinned(pinned, nowMs, random);
    for (let surprises = 0; surprises < MAX_SURPRISES; surprises++) {
      if (nowMs >= this.#refreshAtMs) this.refresh(nowMs);
      const record =
        this.#tiers.length === 0 ? pick(this, avoid, nowMs, random) : pickNear(this.#tiers, avoid, nowMs, random);
      if (record === undefined) throw this.#nobody(nowMs, random);
      const ticket = record.breaker.enter(nowMs);
      if (ticket !== REFUSED) return new Lease(record, this.panic, ticket, this);
      this.touch();
    }
    throw this.#nobody(nowMs, random);
  }

  /** Undefined where other nodes stand before the target: one of them has it. */
  #pinned(pin: string): EndpointRecord | undefined {
    const record = this.table.present.find(({ candidate }) => candidate.id === pin);
    if (record !== undefined || this.table.present.some(({ candidate }) => candidate.protocol === 'airspace'))
      return record;
    const { kind, name } = this.#target;
    throw new Fault('not_found', `the endpoint of ${kind} \`${name}\` that had this is gone, and what it had with it`);
  }

  /** What it has nobody else has: it is asked also while it drains or looks ill, as long as its breaker lets anything through. */
  #takePinned(record: EndpointRecord, nowMs: number, random: () => number): Lease {
    const ticket = record.inFlight < this.concurrency ? record.breaker.enter(nowMs) : REFUSED;
    if (ticket === REFUSED) throw this.#nobody(nowMs, random);
    return new Lease(record, this.panic, ticket, this);
  }

  /** Works out anew who is eligible. Costs a pass over the pool, so it happens on news and a few times a second. */
  refresh(nowMs: number): void {
    this.#refreshAtMs = nowMs + REFRESH_MS;
    const hosts = this.table.present.filter((record) => isHost(obstacleOf(record, nowMs)));
    keepHalf(hosts, nowMs);
    const eligible: EndpointRecord[] = [];
    const tolerable: EndpointRecord[] = [];
    for (const record of this.table.present) {
      const obstacle = obstacleOf(record, nowMs);
      welcome(record, obstacle, nowMs);
      if (obstacle === undefined) eligible.push(record);
      if (ignoredInPanic(obstacle)) tolerable.push(record);
    }
    this.panic = eligible.length < hosts.length / 2 && tolerable.length > eligible.length;
    this.#hosts = hosts;
    this.#members = this.panic ? tolerable : eligible;
    this.#prepare(nowMs);
  }

  #prepare(nowMs: number): void {
    const { topWeight, even, warmAtMs } = choicesOf(this.#members, this.concurrency);
    this.topWeight = topWeight;
    this.even = even;
    this.warmAtMs = warmAtMs;
    this.#tiers = this.panic ? [] : this.#byDistance();
    this.typicalMs = median(this.#members.map((record) => latencyAt(record, nowMs))) ?? UNKNOWN_MS;
  }

  /** In panic distance does not matter: whoever may still be there is asked. */
  #byDistance(): readonly Tier[] {
    const hosts = Map.groupBy(this.#hosts, distanceOf);
    if (hosts.size < 2) return [];
    const near = [...hosts.keys()].sort((a, b) => a - b);
    const members = Map.groupBy(this.#members, distanceOf);
    const eligible = near.map((distance) => members.get(distance) ?? []);
    const shares = sharesOf(
      near.map((distance, at) => ({ eligible: eligible[at]!.length, hosts: hosts.get(distance)!.length })),
    );
    return eligible.flatMap((all, at) =>
      all.length === 0 ? [] : [{ ...choicesOf(all, this.concurrency), share: shares[at]! }],
    );
  }

  /** Takes in what a call says about its endpoint. */
  learn(record: EndpointRecord, verdict: Verdict, nowMs: number): void {
    if (verdict === 'nothing') return;
    if (verdict === 'success') noteSuccess(record, nowMs);
    else this.#learnFailure(record, nowMs);
    if (judgeRates(this.#hosts, this.#window, nowMs)) this.touch();
  }

  #learnFailure(record: EndpointRecord, nowMs: number): void {
    record.failures++;
    const ejected = noteFailure(record, this.#hosts, nowMs);
    if (ejected || !record.breaker.accepts(nowMs)) this.touch();
  }

  /** Names each endpoint's reason, so that nobody has to guess which of them to look at. */
  #nobody(nowMs: number, random: () => number): Fault {
    const { kind, name } = this.#target;
    const facts = { endpoints: this.reasons(nowMs) };
    if (facts.endpoints.length === 0) {
      const { exportedBy, domain } = this.#target;
      if (exportedBy !== undefined)
        return new Fault(
          'unavailable',
          `domain \`${domain}\` is away: \`${exportedBy}\`, which serves ${kind} \`${name}\`, is not there; try again later`,
        );
      const residency = this.#target.labels['residency'];
      const help =
        residency !== undefined
          ? `its data stay in \`${residency}\`, and no endpoint with the label \`residency: ${residency}\` is there`
          : this.via === 'mesh'
            ? 'no sidecar of it has joined; start one, or route `via: hub`'
            : 'add one, or start an instance';
      return new Fault('unavailable', `${kind} \`${name}\` has no endpoint here: ${help}`);
    }
    const more = facts.endpoints.length > MAX_LISTED ? `; and ${facts.endpoints.length - MAX_LISTED} more` : '';
    const listed = facts.endpoints.slice(0, MAX_LISTED).join('; ') + more;
    const retryAfterMs = this.#retryAfterMs(nowMs, random);
    if (this.#members.some((record) => record.inFlight >= this.concurrency)) {
      return new Fault('overloaded', `${kind} \`${name}\` is busy: ${listed}`, { facts, retryAfterMs });
    }
    const where = this.#target.exportedBy === undefined ? '' : ` of domain \`${this.#target.domain}\``;
    return new Fault('unavailable', `no endpoint of ${kind} \`${name}\`${where} can take the call: ${listed}`, {
      facts,
      retryAfterMs,
    });
  }

  /** Why each endpoint cannot take a call now, in words. */
  reasons(nowMs: number): readonly string[] {
    return this.table.present.map((record) => {
      const obstacle: Obstacle = obstacleOf(record, nowMs) ?? 'full';
      return `\`${record.candidate.id}\` ${reasonOf(record, obstacle, nowMs)}`;
    });
  }

  /** The soonest instant at which time alone may help, spread so that not all callers come back at once (L6). */
  #retryAfterMs(nowMs: number, random: () => number): number {
    const waits = this.table.present
      .map((record) => Math.max(record.breaker.retryAfterMs(nowMs), record.ejectedUntilMs - nowMs))
      .filter((waitMs) => waitMs > 0);
    const soonest = waits.length > 0 ? Math.min(...waits) : Math.max(100, Math.min(this.typicalMs, 10_000));
    return Math.round(soonest * (1 + 0.2 * random()));
  }
}

/**
 * Whoever comes back, for whatever reason it was out, starts slowly (H5, C3) and as unknown: what it was like before
 * would keep the calls away by which alone it could show that it is well.
 */
const welcome = (record: EndpointRecord, obstacle: Obstacle | undefined, nowMs: number): void => {
  if (obstacle === undefined && record.away) {
    record.warmFromMs = nowMs;
    record.measuredAtMs = -1;
  }
  record.away = obstacle !== undefined;
};

const distanceOf = ({ candidate }: EndpointRecord): number => candidate.distance ?? 0;

const choicesOf = (members: readonly EndpointRecord[], concurrency: number): Choices => {
  const weights = members.map(({ candidate }) => candidate.weight);
  const topWeight = Math.max(0, ...weights);
  return {
    members,
    topWeight,
    even: weights.every((weight) => weight === topWeight),
    warmAtMs: Math.max(Number.NEGATIVE_INFINITY, ...members.map(warmAtMs)),
    concurrency,
  };
};

/** Of the values that are known; undefined when none is. A mean would follow the one endpoint that fails. */
const median = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)];
};
