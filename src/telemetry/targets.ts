/** Calls per target with exact latencies, and how its work ended, as `top` and `status` show them. */
import type { CallStatus, TaskResult } from '../contract/index.ts';
import { Histogram } from './histogram.ts';
import { keyOf } from './labels.ts';

export interface TargetStats {
  readonly kind: string;
  readonly target: string;
  readonly calls: number;
  readonly failed: number;
  readonly denied: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Absent: it said none. */
  readonly outcomes?: number;
  readonly completed?: number;
}

interface Counted {
  readonly tenant: string;
  readonly kind: string;
  readonly target: string;
  readonly counts: TargetCounts;
}

export class Targets {
  readonly #most: number;
  readonly #known = new Map<string, Counted>();

  /** `most`: targets with counts of their own; the rest of a tenant is one, `other`. */
  constructor(most: number) {
    this.#most = most;
  }

  record(tenant: string, kind: string, target: string, status: CallStatus, ms: number): void {
    this.#of(tenant, kind, target).counts.record(status, ms);
  }

  /** How a piece of work of it ended. */
  ended(tenant: string, kind: string, target: string, result: TaskResult): void {
    this.#of(tenant, kind, target).counts.ended(result);
  }

  /** Busiest first; `tenant` null for all tenants. */
  stats(tenant: string | null): readonly TargetStats[] {
    return [...this.#known.values()]
      .filter((one) => tenant === null || one.tenant === tenant)
      .map(({ kind, target, counts }) => counts.stats(kind, target))
      .sort((a, b) => b.calls - a.calls);
  }

  #of(tenant: string, kind: string, target: string): Counted {
    const key = keyOf([tenant, kind, target]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#most && kind !== 'other') return this.#of(tenant, 'other', 'other');
    const opened = { tenant, kind, target, counts: new TargetCounts() };
    this.#known.set(key, opened);
    return opened;
  }
}

class TargetCounts {
  #calls = 0;
  #failed = 0;
  #denied = 0;
  #outcomes = 0;
  #completed = 0;
  /** Apart: what was turned away took no time, and says nothing about the target. */
  readonly #answered = new Histogram();
  readonly #turnedAway = new Histogram();

  record(status: CallStatus, ms: number): void {
    this.#calls += 1;
    if (status === 'denied') this.#denied += 1;
    if (status === 'failed' || status === 'unknown' || status === 'refused') this.#failed += 1;
    if (status === 'denied' || status === 'refused') this.#turnedAway.record(ms);
    else this.#answered.record(ms);
  }

  ended(result: TaskResult): void {
    this.#outcomes += 1;
    if (result === 'completed') this.#completed += 1;
  }

  /** The latencies are those of calls that were answered, while there are any. */
  stats(kind: string, target: string): TargetStats {
    const latency = this.#answered.count > 0 ? this.#answered : this.#turnedAway;
    return {
      ...{ kind, target, calls: this.#calls, failed: this.#failed, denied: this.#denied },
      p50Ms: latency.quantile(0.5),
      p99Ms: latency.quantile(0.99),
      ...(this.#outcomes === 0 ? {} : { outcomes: this.#outcomes, completed: this.#completed }),
    };
  }
}
