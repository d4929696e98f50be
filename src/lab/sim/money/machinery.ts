/** The places where a defect may be planted. `SOUND` is the product, with this world around it. */
import type { CallRecord, Clock } from '../../../contract/index.ts';
import type { Layer } from '../../../kernel/index.ts';
import { type MayVote, mayVote } from './desk.ts';
import type { Kept } from './vault.ts';

export interface Machinery {
  /** The store as the hubs have it, over the one that keeps the story. */
  readonly store: (sound: Kept, world: { readonly clock: Clock; readonly random: () => number }) => Kept;
  /** A call as it is sent again to find out. */
  readonly replayed: (record: CallRecord) => CallRecord;
  /** A call as a new process finds it. */
  readonly left: (record: CallRecord) => CallRecord;
  /** Around everything that is sent. */
  readonly way: Layer;
  /** Around the record. */
  readonly answers: Layer;
  readonly mayVote: MayVote;
}

const same = <T>(value: T): T => value;

export const SOUND: Machinery = { store: same, replayed: same, left: same, way: same, answers: same, mayVote };
