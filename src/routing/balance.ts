/** Chooses between endpoints: the better of two drawn at random, where better means fast and little to do (H4, H5, R5). */
import type { EndpointRecord } from './endpoints.ts';

/** Time constant in which an old latency loses its weight (H4). */
const DECAY_MS = 10_000;
const WARM_UP_MS = 30_000;
const WARM_UP_FLOOR = 0.1;

/** Draws before giving up on chance: enough for a pool in which all have a tenth of the heaviest weight. */
const MAX_DRAWS = 32;

const NOBODY: readonly string[] = [];

/** A pool as `pick` needs it, prepared whenever its members change, so that a pick costs the same for any size. */
export interface Choices {
  readonly members: readonly EndpointRecord[];
  readonly topWeight: number;
  /** All weights are equal: then two different endpoints are compared. With unequal ones a second draw would distort the shares. */
  readonly even: boolean;
  /** When the last slow start is over. */
  readonly warmAtMs: number;
  /** Calls in flight that one endpoint may have (L1). */
  readonly concurrency: number;
}

/**
 * Undefined when every member is full. Endpoints in `avoid` are used only if there is no other (R5).
 * Allocates nothing; constant time, except that a scan replaces chance where chance found nobody.
 */
export const pick = (
  choices: Choices,
  avoid: readonly string[],
  nowMs: number,
  random: () => number,
): EndpointRecord | undefined => {
  const found = pickFresh(choices, avoid, nowMs, random);
  return found === undefined && avoid.length > 0 ? pickFresh(choices, NOBODY, nowMs, random) : found;
};

/** The same, and undefined when there is nobody but those in `avoid`. */
export const pickFresh = (
  choices: Choices,
  avoid: readonly string[],
  nowMs: number,
  random: () => number,
): EndpointRecord | undefined => {
  const first = drawOrScan(choices, avoid, nowMs, random);
  if (first === undefined) return undefined;
  const apart = choices.even && nowMs >= choices.warmAtMs;
  const second = draw(choices, apart ? first : undefined, avoid, nowMs, random);
  if (second === undefined) return first;
  return isBetter(second, first, nowMs) ? second : first;
};

const drawOrScan = (choices: Choices, avoid: readonly string[], nowMs: number, random: () => number) =>
  draw(choices, undefined, avoid, nowMs, random) ?? scan(choices, avoid);

/** One endpoint by weight and warmth: an even draw, accepted with the probability of its share. */
const draw = (
  choices: Choices,
  skip: EndpointRecord | undefined,
  avoid: readonly string[],
  nowMs: number,
  random: () => number,
): EndpointRecord | undefined => {
  const { members, topWeight, concurrency } = choices;
  const certain = choices.even && nowMs >= choices.warmAtMs;
  let last: EndpointRecord | undefined;
  for (let tries = 0; tries < MAX_DRAWS; tries++) {
    const record = members[Math.floor(random() * members.length)];
    if (record === undefined) return undefined;
    if (record === skip || !usable(record, avoid, concurrency)) continue;
    last = record;
    if (certain || random() * topWeight < record.candidate.weight * warmth(record, nowMs)) return record;
  }
  return last;
};

const scan = ({ members, concurrency }: Choices, avoid: readonly string[]): EndpointRecord | undefined =>
  members.find((record) => usable(record, avoid, concurrency));

const usable = (record: EndpointRecord, avoid: readonly string[], concurrency: number): boolean =>
  record.inFlight < concurrency && (avoid.length === 0 || !avoid.includes(record.candidate.id));

/** Share of its weight that an endpoint gets: linear over 30 s from a tenth (H5). */
export const warmth = (record: EndpointRecord, nowMs: number): number =>
  Math.min(1, Math.max(WARM_UP_FLOOR, (nowMs - record.warmFromMs) / WARM_UP_MS));

export const warmAtMs = (record: EndpointRecord): number => record.warmFromMs + WARM_UP_MS;

/**
 * Lower is better: expected latency times the calls that would share it. Beside an endpoint that nobody has measured
 * only calls in flight count: any guess of its latency would draw all calls to it, or none.
 */
const isBetter = (one: EndpointRecord, other: EndpointRecord, nowMs: number): boolean => {
  const latencyMs = latencyAt(one, nowMs);
  const otherMs = latencyAt(other, nowMs);
  if (latencyMs === undefined || otherMs === undefined) return one.inFlight < other.inFlight;
  return Math.max(latencyMs, 1) * (one.inFlight + 1) < Math.max(otherMs, 1) * (other.inFlight + 1);
};

/** The average fades while nothing is measured, so that a bad memory does not keep an endpoint idle for ever. */
export const latencyAt = (record: EndpointRecord, nowMs: number): number | undefined =>
  record.measuredAtMs < 0 ? undefined : record.latencyMs * Math.exp((record.measuredAtMs - nowMs) / DECAY_MS);

/** Peak-sensitive: worse news counts at once, better news slowly. A failed call counts as long as its timeout, so that failing fast is not rewarded. */
export const observeLatency = (record: EndpointRecord, latencyMs: number, nowMs: number): void => {
  const faded = latencyAt(record, nowMs);
  if (faded === undefined || latencyMs >= faded) {
    record.latencyMs = latencyMs;
  } else {
    const keep = Math.exp((record.measuredAtMs - nowMs) / DECAY_MS);
    record.latencyMs = record.latencyMs * keep + latencyMs * (1 - keep);
  }
  record.measuredAtMs = nowMs;
};
