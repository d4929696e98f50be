/**
 * What stands between the decision and the record in this world: a layer that asks people, and one that sets money aside. Both are
 * the plainest correct ones; a room of the product can take the place of either.
 */
import type { Layer } from '../../../kernel/index.ts';
import type { Life } from './life.ts';
import type { Kept } from './vault.ts';

export interface RoomParts {
  /** Over the wire of this process. */
  readonly store: Kept;
  readonly life: Life;
  /** Name of the process. */
  readonly node: string;
}

export interface Room {
  readonly layer: Layer;
  /** How often a call that may run twice is tried: 1 where nobody pays for a second time. */
  readonly attempts: number;
  /** What it does by itself for as long as its process lives. */
  start(): void;
}
