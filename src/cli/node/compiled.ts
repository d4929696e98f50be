/** What a snapshot comes to by itself: worked out once for all pipelines of a node, because rosters come often and change nothing about it. */
import type { Snapshot } from '../../contract/index.ts';
import {
  type FallbackSet,
  fallbackSets,
  type PreparedPolicy,
  preparePolicy,
  prepareTrials,
  type Trials,
  type WatchOf,
} from '../../policy/index.ts';
import { planner } from '../../routing/index.ts';

export interface Compiled {
  readonly snapshot: Snapshot;
  readonly policy: PreparedPolicy;
  readonly trials: Trials;
  readonly planOf: ReturnType<typeof planner>;
  /** Sets of rules that cedar-wasm evaluates. */
  readonly fallback: readonly FallbackSet[];
}

export class SnapshotCompiler {
  readonly #watchTrial: WatchOf | undefined;
  #fallbacks = 0;
  #last: Compiled | undefined;

  /** `watchTrial`: who sees the decisions of a canary. Default: nobody. */
  constructor(watchTrial?: WatchOf) {
    this.#watchTrial = watchTrial;
  }

  /** Evaluations by cedar-wasm, because an operator is unknown to our engine. */
  get fallbacks(): number {
    return this.#fallbacks;
  }

  /** Throws Fault `bad_request` for a policy that cannot be compiled here. */
  of(snapshot: Snapshot): Compiled {
    if (this.#last?.snapshot !== snapshot) this.#last = this.#compiled(snapshot);
    return this.#last;
  }

  #compiled(snapshot: Snapshot): Compiled {
    const options = {
      onFallback: () => {
        this.#fallbacks += 1;
      },
    };
    return {
      snapshot,
      policy: preparePolicy(snapshot, undefined, options),
      trials: prepareTrials(snapshot, this.#watchTrial, options),
      planOf: planner(snapshot),
      fallback: fallbackSets(snapshot.policy),
    };
  }
}
