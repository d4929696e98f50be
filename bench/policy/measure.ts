/** Interleaved timing: every engine gets its slice of every round, so that a slow second of the machine hits all of them. */
import type { Engine, Ready } from './engine.ts';
import { allowed, type Request, type Rule } from './rules.ts';

export interface Row {
  readonly engine: string;
  readonly rules: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
  readonly decisions: number;
}

export interface Plan {
  readonly rounds: number;
  /** Of one engine in one round. */
  readonly sliceMs: number;
}

interface Runner {
  readonly name: string;
  readonly ready: Ready;
  readonly encoded: readonly unknown[];
  readonly timesUs: number[];
  at: number;
}

/** Throws Error when an engine answers a request in another way than the rules in plain words. */
export const measure = async (
  engines: readonly Engine[],
  rules: readonly Rule[],
  requests: readonly Request[],
  { rounds, sliceMs }: Plan,
): Promise<readonly Row[]> => {
  const runners: Runner[] = [];
  for (const { name, prepare } of engines) {
    const ready = await prepare(rules);
    const encoded = requests.map(ready.encode);
    assertSame(name, ready, encoded, rules, requests);
    runners.push({ name, ready, encoded, timesUs: [], at: 0 });
  }
  for (const runner of runners) slice(runner, sliceMs); // warm
  for (const runner of runners) runner.timesUs.length = 0;
  for (let round = 0; round < rounds; round += 1)
    for (let turn = 0; turn < runners.length; turn += 1) slice(runners[(round + turn) % runners.length]!, sliceMs);
  return runners.map((runner) => rowOf(runner, rules.length));
};

const assertSame = (
  name: string,
  { allows }: Ready,
  encoded: readonly unknown[],
  rules: readonly Rule[],
  requests: readonly Request[],
): void => {
  const wrong = requests.find((request, at) => allows(encoded[at]) !== allowed(rules, request));
  if (wrong !== undefined)
    throw new Error(`\`${name}\` answers ${JSON.stringify(wrong)} in another way; nothing to compare`);
};

const slice = (runner: Runner, sliceMs: number): void => {
  const { ready, encoded, timesUs } = runner;
  const endMs = performance.now() + sliceMs;
  for (let nowMs = performance.now(); nowMs < endMs; ) {
    ready.allows(encoded[runner.at]);
    const thenMs = performance.now();
    timesUs.push((thenMs - nowMs) * 1000);
    runner.at = (runner.at + 1) % encoded.length;
    nowMs = thenMs;
  }
};

const rowOf = ({ name, timesUs }: Runner, rules: number): Row => {
  const sorted = Float64Array.from(timesUs).sort();
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const totalUs = sorted.reduce((sum, time) => sum + time, 0);
  return {
    engine: name,
    rules,
    p50Us: quantile(0.5),
    p99Us: quantile(0.99),
    perSecond: (sorted.length / totalUs) * 1e6,
    decisions: sorted.length,
  };
};
