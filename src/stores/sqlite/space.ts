/** How large the file of telemetry is, what of it is free, and how some of that goes back to the system. */
import type { Disk, Plan, Session } from '../sql/index.ts';
import type { Run } from './batch.ts';
import type { WriterThread } from './thread.ts';

/** 4 MiB: each is moved from the end of the file, and what finishes meanwhile waits for it. */
const PAGES = 1_000;
/** Free space that stays in the file, for what comes next. */
const SPARE = 0.1;

const SIZE = 'space.size';
const GIVE_BACK = 'space.giveBack';

/** In words of SQLite alone, so that no query builder writes them. */
export const SPACE_PLANS: readonly Plan[] = [
  {
    name: SIZE,
    sql: `select page_count * page_size as bytes, freelist_count * page_size as free, auto_vacuum as gives
      from pragma_page_count(), pragma_page_size(), pragma_freelist_count(), pragma_auto_vacuum()`,
    parameters: [],
  },
  { name: GIVE_BACK, sql: `pragma incremental_vacuum(${PAGES})`, parameters: [] },
];

interface Space {
  readonly bytes: number;
  readonly free: number;
  /** 0: the file was made by an earlier version, and never gets smaller. */
  readonly gives: number;
}

const spaceOf = async (session: Session): Promise<Space> =>
  (await session.all({ name: SIZE, build: never }, {}))[0] as Space;

const giveBack = async (session: Session): Promise<boolean> => {
  const { bytes, free, gives } = await spaceOf(session);
  if (gives === 0 || free <= bytes * SPARE) return false;
  await session.all({ name: GIVE_BACK, build: never }, {});
  return true;
};

/** It was written by hand. */
const never = (): never => {
  throw new Error('there is nothing to compile');
};

/** What a thread of telemetry can be asked besides what every database can. */
export const SPACE_OPERATIONS: Readonly<Record<string, Run>> = { spaceOf, giveBack };

export const diskOf = (thread: WriterThread, reader: () => Promise<WriterThread>): Disk => ({
  size: async () => {
    const { bytes, free } = (await (await reader()).ask('read', 'spaceOf', null)) as Space;
    return { fileBytes: bytes, freeBytes: free };
  },
  giveBack: async () => (await thread.ask('write', 'giveBack', null)) as boolean,
});
