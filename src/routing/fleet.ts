/** The pools of all targets of a node. Snapshots and rosters come and go; what was learnt about endpoints stays. */
import type { RoutePlan, TargetEntry } from '../contract/index.ts';
import { targetKey } from '../contract/index.ts';
import type { BreakerFor } from './breakers.ts';
import type { CandidatesOf } from './candidates.ts';
import { Pool } from './pool.ts';

interface Held {
  readonly pool: Pool;
  /** Swap that its candidates come from. */
  generation: number;
}

/**
 * What a node chooses between: `either` way of a route; the `hub` way, which it is itself, whatever the route says; or nothing, with
 * what it calls right behind it (`own`).
 */
export type NodeWays = 'either' | 'hub' | 'own';

export class Fleet {
  readonly ways: NodeWays;
  readonly #breakerFor: BreakerFor;
  readonly #held = new Map<string, Held>();
  #generation = 0;
  #throughHub = 0;
  #candidatesOf: CandidatesOf = () => [];
  #targets: ReadonlyMap<string, TargetEntry> = new Map();

  constructor(breakerFor: BreakerFor, ways: NodeWays = 'either') {
    this.#breakerFor = breakerFor;
    this.ways = ways;
  }

  /** Takes new desired and observed state. Cheap: a pool looks at its candidates again when its next call comes. */
  swap(targets: readonly TargetEntry[], candidatesOf: CandidatesOf): void {
    this.#generation++;
    this.#candidatesOf = candidatesOf;
    this.#targets = new Map(targets.map((target) => [targetKey(target.tenant, target.kind, target.name), target]));
    for (const [key, { pool }] of this.#held) {
      const { tenant, kind, name } = pool.target;
      if (!this.#targets.has(targetKey(tenant, kind, name))) this.#held.delete(key);
    }
  }

  /**
   * The pool of a planned call. Where there is a choice one target may have two: the hub's and the sidecars' are different endpoints.
   * INVARIANT: elsewhere it has one, so that a route which moves neither doubles what an endpoint gets at once nor halves what is
   * known about it.
   */
  pool({ target, via: planned }: Pick<RoutePlan, 'target' | 'via'>, nowMs: number): Pool {
    const via = this.ways === 'either' ? planned : 'hub';
    const key = `${via}/${targetKey(target.tenant, target.kind, target.name)}`;
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { pool: new Pool({ target, via }, this.#breakerFor, nowMs), generation: -1 };
      this.#held.set(key, held);
    }
    if (held.generation !== this.#generation) {
      held.generation = this.#generation;
      held.pool.adopt(target, this.#candidatesOf({ target, via }), nowMs);
    }
    return held.pool;
  }

  /** A call that was to go directly found no sidecar, and its route sends such calls through the hub. */
  wentThroughHub(): void {
    this.#throughHub++;
  }

  /** Holds the breakers of an endpoint, of each way to it, or gives them back (C6). Answers whether there is one. */
  force(tenant: string, endpoint: string, mode: 'open' | 'closed' | null, nowMs: number): boolean {
    const pools = [...this.#held.values()].filter(({ pool }) => pool.target.tenant === tenant);
    return pools.map(({ pool }) => pool.force(endpoint, mode, nowMs)).includes(true);
  }

  /** Since this node started. */
  get throughHub(): number {
    return this.#throughHub;
  }

  /** A target of the newest snapshot. */
  target(tenant: string, kind: TargetEntry['kind'], name: string): TargetEntry | undefined {
    return this.#targets.get(targetKey(tenant, kind, name));
  }

  get targets(): Iterable<TargetEntry> {
    return this.#targets.values();
  }

  /** Pools of targets that have been called, checked or looked at, brought up to date. */
  pools(nowMs: number): readonly Pool[] {
    return [...this.#held.values()].map(({ pool }) => {
      const { tenant, kind, name } = pool.target;
      return this.pool({ target: this.target(tenant, kind, name) ?? pool.target, via: pool.via }, nowMs);
    });
  }
}
