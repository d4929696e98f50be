/** The promises, held against what really happened. It believes the ledgers of the agents and the sockets of the network, and nobody else. */
import type { Executed } from '../../contract/index.ts';
import type { Agent } from './agent.ts';

/** One call as its caller saw it. */
export interface Ended {
  readonly callId: string;
  readonly idempotent: boolean;
  readonly issuedAtMs: number;
  readonly endedAtMs: number;
  /** What the caller could count on: its own wish or the limit, the smaller of the two. */
  readonly grantedMs: number;
  /** `ok`, `failed` (the target answered with an error), or a fault code. */
  readonly outcome: string;
  readonly executed: Executed;
  readonly attempts: number;
}

/** D4. */
const LATE_MS = 250;
/** R1. */
const MOST_ATTEMPTS = 3;
/** R2. */
const BURST = 10;
/** I10. */
const LEAST_SUCCESS = 0.99;

export class Checker {
  readonly violations: string[] = [];
  readonly #attempts = new Map<string, number>();
  readonly #retries = new Map<string, { retries: number; successes: number }>();

  fail(invariant: string, what: string): void {
    this.violations.push(`${invariant}: ${what}`);
  }

  /** A try reaches the router of a node. `pair`: the node and the target that share a retry budget; `last`: agents come next. */
  attempt(pair: string, callId: string, nowMs: number, last: boolean): void {
    const all = last ? this.#nth(callId) : 0;
    if (all > MOST_ATTEMPTS) this.fail('R1', `call ${callId} was tried ${all} times`);
    const nth = this.#nth(`${pair} ${callId}`);
    const volume = this.#volume(pair);
    if (nth > 1) volume.retries += 1;
    const allowed = BURST + volume.successes / 10 + nowMs / 1000;
    if (volume.retries > allowed + 0.001) this.fail('R2', `${pair}: ${volume.retries} retries, ${allowed} allowed`);
  }

  succeeded(pair: string): void {
    this.#volume(pair).successes += 1;
  }

  opened(way: string, sockets: number, limit: number): void {
    if (sockets > limit) this.fail('D5', `${way}: ${sockets} sockets are open, ${limit} calls may be in the works`);
  }

  /** After everything is over. */
  calls(ended: readonly Ended[], issued: number, agents: readonly Agent[]): void {
    if (ended.length !== issued) this.fail('D4', `${issued - ended.length} calls never ended`);
    const executions = executionsOf(agents);
    for (const call of ended) this.#call(call, executions.get(call.callId) ?? 0);
  }

  #call(call: Ended, executions: number): void {
    const { callId, endedAtMs, outcome } = call;
    const latestMs = call.issuedAtMs + call.grantedMs + LATE_MS;
    if (endedAtMs > latestMs) this.fail('D4', `call ${callId} ended ${Math.round(endedAtMs - latestMs)} ms too late`);
    if (executions > 1 && !call.idempotent) this.fail('I4', `call ${callId} ran ${executions} times`);
    if (call.executed === 'no' && executions > 0)
      this.fail('I12', `call ${callId} was told \`${outcome}\`, not executed, and ran`);
    if (call.executed === 'yes' && executions === 0)
      this.fail('I12', `call ${callId} was told \`${outcome}\`, executed, and did not run`);
    if (call.attempts > MOST_ATTEMPTS) this.fail('R1', `call ${callId} says ${call.attempts} attempts`);
  }

  recovered(calls: readonly Ended[]): void {
    if (calls.length === 0) return;
    const good = calls.filter((call) => call.outcome === 'ok').length;
    if (good >= calls.length * LEAST_SUCCESS) return;
    const worst = calls.find((call) => call.outcome !== 'ok')?.outcome ?? '';
    this.fail('I10', `30 s after the faults ${good} of ${calls.length} calls succeed; the first other is \`${worst}\``);
  }

  #nth(key: string): number {
    const nth = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, nth);
    return nth;
  }

  #volume(pair: string): { retries: number; successes: number } {
    let volume = this.#retries.get(pair);
    if (volume === undefined) {
      volume = { retries: 0, successes: 0 };
      this.#retries.set(pair, volume);
    }
    return volume;
  }
}

const executionsOf = (agents: readonly Agent[]): ReadonlyMap<string, number> => {
  const executions = new Map<string, number>();
  for (const { ledger } of agents) for (const id of ledger) executions.set(id, (executions.get(id) ?? 0) + 1);
  return executions;
};
