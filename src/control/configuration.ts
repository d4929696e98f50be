/** A whole configuration, and what is found out about it before it is in force. */
import type { Resource } from '../contract/index.ts';

/** The whole configuration as it would be, by `resourceKey`. */
export type Configuration = ReadonlyMap<string, Resource>;

export interface Checked {
  readonly problems: readonly string[];
  /** Allowed, but most likely not meant. */
  readonly warnings: readonly string[];
}
