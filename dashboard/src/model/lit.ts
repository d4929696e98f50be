/** What the map shows of the selected request, and from when on it shows a failure. */
import type { CallEvent } from '../../../src/contract/index.ts';

export interface LitPath {
  /** By `kind/name`: the how-manieth thing that was called. */
  readonly order: ReadonlyMap<string, number>;
  /** Records of each call in it. */
  readonly calls: readonly (readonly CallEvent[])[];
  /** What a pointer is on in the trace; empty: nothing. */
  readonly hovered: string;
}

/** Something is red when a third of what goes over it or to it fails: less is what retries are for. */
export const FAILING = 0.34;
