/**
 * Ten agents, one of them bad, half of the capacity used: the table of H4 as a seeded simulation in virtual time.
 * The ratios matter, not the digits: who balances, who avoids, and who is fooled by an endpoint that fails fast.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Verdict, VirtualWorld } from '../kernel/index.ts';
import { type Choices, observeLatency, pick } from './balance.ts';
import { alwaysClosed } from './breakers.ts';
import { type EndpointRecord, EndpointTable } from './endpoints.ts';
import { Pool } from './pool.ts';
import { candidates, target } from './scene.ts';

const AGENTS = 10;
const MEAN_MS = 50;
const ARRIVALS_PER_MS = (AGENTS / MEAN_MS) * 0.5;
const TIMEOUT_MS = 2000;
const RUN_MS = 120_000;

type Bad = 'slow' | 'fails' | 'hangs';

interface Taken {
  readonly record: EndpointRecord;
  end(verdict: Verdict, countsMs: number, nowMs: number): void;
}
type Take = (nowMs: number) => Taken;
type Strategy = (random: () => number) => Take;

const freshRecords = () => {
  const table = new EndpointTable(() => alwaysClosed);
  table.adopt(candidates(AGENTS), 0);
  return table.present;
};

const counting = (record: EndpointRecord, learn: (countsMs: number, nowMs: number) => void): Taken => {
  record.inFlight++;
  return {
    record,
    end: (_, countsMs, nowMs) => {
      record.inFlight--;
      learn(countsMs, nowMs);
    },
  };
};

const atRandom: Strategy = (random) => {
  const records = freshRecords();
  return () => counting(records[Math.floor(random() * AGENTS)]!, () => {});
};

/** Two drawn, the one with fewer calls wins: what most proxies do. */
const leastRequest: Strategy = (random) => {
  const records = freshRecords();
  return () => {
    const first = Math.floor(random() * AGENTS);
    const second = (first + 1 + Math.floor(random() * (AGENTS - 1))) % AGENTS;
    const [a, b] = [records[first]!, records[second]!];
    return counting(b.inFlight < a.inFlight ? b : a, () => {});
  };
};

/** Our choice with its penalty for failures, but nobody is ever ejected. */
const withoutEjection: Strategy = (random) => {
  const members = freshRecords();
  const choices: Choices = {
    members,
    topWeight: 100,
    even: true,
    warmAtMs: 0,
    concurrency: Number.POSITIVE_INFINITY,
  };
  return (nowMs) => {
    const record = pick(choices, [], nowMs, random)!;
    return counting(record, (countsMs, endMs) => observeLatency(record, countsMs, endMs));
  };
};

const complete: Strategy = (random) => {
  const booking = target({ concurrency: 1_000_000, timeoutMs: TIMEOUT_MS });
  const pool = new Pool({ target: booking, via: 'hub' }, () => alwaysClosed, 0);
  pool.adopt(booking, candidates(AGENTS), 0);
  return (nowMs) => pool.take([], nowMs, random);
};

/** Each agent works on one call at a time; e0 is the bad one. */
const simulate = async (bad: Bad, strategy: Strategy, seed = 7) => {
  const world = new VirtualWorld(seed);
  const { clock, random } = world;
  const take = strategy(random);
  const exponential = (meanMs: number) => -meanMs * Math.log(1 - random());
  const freeAtMs = new Map<string, number>();
  const latencies: number[] = [];
  const tally = { calls: 0, failures: 0, toBad: 0 };

  const serve = (id: string, nowMs: number): { verdict: Verdict; tookMs: number } => {
    if (id === 'e0' && bad === 'fails') return { verdict: 'failure', tookMs: 1 };
    if (id === 'e0' && bad === 'hangs') return { verdict: 'unreachable', tookMs: TIMEOUT_MS };
    const meanMs = id === 'e0' ? MEAN_MS * 10 : MEAN_MS;
    const doneMs = Math.max(nowMs, freeAtMs.get(id) ?? 0) + exponential(meanMs);
    freeAtMs.set(id, doneMs);
    return { verdict: 'success', tookMs: doneMs - nowMs };
  };

  const arrive = (): void => {
    const nowMs = clock.nowMs();
    if (nowMs < RUN_MS) clock.after(exponential(1 / ARRIVALS_PER_MS), arrive);
    const taken = take(nowMs);
    const { id } = taken.record.candidate;
    const { verdict, tookMs } = serve(id, nowMs);
    tally.calls++;
    if (id === 'e0') tally.toBad++;
    clock.after(tookMs, () => {
      if (verdict === 'success') latencies.push(tookMs);
      else tally.failures++;
      taken.end(verdict, verdict === 'success' ? tookMs : TIMEOUT_MS, clock.nowMs());
    });
  };
  clock.after(0, arrive);
  await world.run();
  latencies.sort((a, b) => a - b);
  const p99Ms = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
  return { p99Ms, errorRate: tally.failures / tally.calls, share: tally.toBad / tally.calls };
};

const between = (value: number, low: number, high: number): void =>
  assert.ok(value >= low && value <= high, `${value} is not between ${low} and ${high}`);

test('one slow agent of ten: random choice queues without bound, ours hardly notices', async () => {
  between((await simulate('slow', atRandom)).p99Ms, 10_000, Number.POSITIVE_INFINITY);
  between((await simulate('slow', leastRequest)).p99Ms, 200, 1500);
  between((await simulate('slow', complete)).p99Ms, 100, 500);
});

test('an agent that fails at once is a black hole for a balancer that only counts calls', async () => {
  between((await simulate('fails', atRandom)).errorRate, 0.08, 0.12);
  // A tie between idle agents is a coin toss here; a balancer that prefers the first of its list comes near 0.2.
  between((await simulate('fails', leastRequest)).errorRate, 0.13, 0.25);
});

test('an agent that fails at once attracts nothing when a failure counts as its timeout', async () => {
  between((await simulate('fails', withoutEjection)).errorRate, 0.0001, 0.02);
});

test('with ejection hardly a call is lost to an agent that fails at once', async () => {
  between((await simulate('fails', complete)).errorRate, 0, 0.001);
});

test('an agent that hangs costs less than one call in two hundred', async () => {
  between((await simulate('hangs', complete)).errorRate, 0, 0.005);
  between((await simulate('hangs', complete)).share, 0, 0.005);
});

test('the same seed tells the same story', async () => {
  assert.deepEqual(await simulate('slow', complete, 3), await simulate('slow', complete, 3));
});
