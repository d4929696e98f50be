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

export class Fleet {
  readonly #breakerFor: BreakerFor;
  readonly #held = new Map<string, Held>();
  #generation = 0;
  #candidatesOf: CandidatesOf = () => [];
  #targets: ReadonlyMap<string, TargetEntry> = new Map();

  constructor(breakerFor: BreakerFor) {
    this.#breakerFor = breakerFor;
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

  /** The pool of a planned call. One target may have two: the hub's and the sidecars' are different endpoints. */
  pool({ target, via }: Pick<RoutePlan, 'target' | 'via'>, nowMs: number): Pool {
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
