/** What this node has seen of each tree: how many calls, of how many agents, and how many by each call. */
import type { Tree } from '../contract/index.ts';
import { Recent } from '../kernel/index.ts';

/** A root that was idle for long goes first, and its tree then counts from what its tokens say. */
const MOST_ROOTS = 50_000;

export interface Root {
  calls: number;
  /** Names of the agents that were called. */
  readonly agents: Set<string>;
  /** By id of the parent. */
  readonly children: Map<string, number>;
  /** Monotonic. */
  readonly endsAtMs: number;
}

export class Roots {
  readonly #recent = new Recent<Root>(MOST_ROOTS);

  get(tenant: string, root: string): Root | undefined {
    return this.#recent.get(`${tenant}/${root}`);
  }

  /** Known, or begun with what the call itself knows: it is one of `tree.calls`. */
  of(tenant: string, root: string, { calls, hops, endsAtMs }: Tree): Root {
    const key = `${tenant}/${root}`;
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    const state = { calls: calls - 1, agents: new Set<string>(), children: new Map<string, number>(), endsAtMs };
    for (const { target } of hops.slice(0, -1)) {
      const [kind, name] = target.split('/');
      if (kind === 'agent' && name !== undefined) state.agents.add(name);
    }
    this.#recent.set(key, state);
    return state;
  }
}
