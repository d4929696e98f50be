/** What a journal is made of: where it writes, and how it comes back to the pipeline that it is a part of. */
import type { CallJournal } from '../contract/index.ts';
import type { Handler, World } from '../kernel/index.ts';

export interface JournalOptions {
  readonly store: CallJournal;
  readonly world: World;
  /** The whole pipeline as it is now: detached calls run through it like any other. */
  readonly handler: () => Handler;
  /** A call whose outcome nobody knows is on record. Must not throw. */
  readonly unknown?: (tenant: string, id: string) => void;
}
