/** The two databases as lanes: both write through their threads, and they differ in where they read. */

import { READERS } from '../sql/commands.ts';
import type { Lane } from '../sql/index.ts';
import type { Run } from './batch.ts';
import { storageFault } from './fault.ts';
import type { SqliteSession } from './session.ts';
import type { WriterThread } from './thread.ts';
import { troubleOf } from './trouble.ts';

const readers = READERS as unknown as Readonly<Record<string, Run>>;

/** Reads are few rows by key and wait for no disk, so a trip to another thread would cost more than they do. */
export const controlLane = (file: string, thread: WriterThread, reader: SqliteSession): Lane => ({
  write: (name, args) => thread.ask('write', name, args) as never,
  read: async (name, args) => {
    if (thread.over !== undefined) throw thread.over;
    try {
      return (await readers[name]!(reader, args)) as never;
    } catch (thrown) {
      throw storageFault(file, troubleOf(thrown));
    }
  },
});

/** Searches may look at many rows: they stay off the thread that serves calls, and off the one that keeps what is finished. */
export const telemetryLane = (thread: WriterThread, reader: () => Promise<WriterThread>): Lane => ({
  write: (name, args) => thread.ask('write', name, args) as never,
  read: async (name, args) => {
    if (thread.over !== undefined) throw thread.over;
    return (await (await reader()).ask('read', name, args)) as never;
  },
});
