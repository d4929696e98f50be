/** Which call trees came by this node and what each began in: while a release is on trial, a tree keeps its arm. */
import type { Call } from '../contract/index.ts';

/** Of one generation. Two of them are about 15 MB, and 5,000 new trees a second are remembered for 10 s at least. */
const MOST_TREES = 50_000;

/**
 * INVARIANT: what was first said about a tree stays, however the percentage rises. It is always kept, also while nothing is on
 * trial: a tree that began before a trial must be known when the trial begins.
 *
 * Two generations instead of a clock: what was touched last goes last, and nobody has to sweep.
 */
export class Trees {
  readonly #most: number;
  #young = new Map<string, string>();
  #old: ReadonlyMap<string, string> = new Map();

  constructor(most = MOST_TREES) {
    this.#most = most;
  }

  /** The trial whose canary the tree began in, empty for none, undefined for a tree that never came by. */
  arm(tree: string): string | undefined {
    const young = this.#young.get(tree);
    if (young !== undefined) return young;
    const old = this.#old.get(tree);
    return old === undefined ? undefined : this.#keep(tree, old);
  }

  /** The same, after the first word about a tree that never came by. */
  begin(tree: string, trial: string): string {
    return this.arm(tree) ?? this.#keep(tree, trial);
  }

  #keep(tree: string, trial: string): string {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(tree, trial);
    return trial;
  }
}

/**
 * A tree is a trace: agents that call on begin a new root but pass `traceparent` on. Of one tenant, so that no tenant can say
 * anything about another's.
 */
export const treeOf = (tenant: string, { trace }: Pick<Call, 'trace'>): string => `${tenant}/${trace.trace}`;
