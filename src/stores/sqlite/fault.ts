/** Says in our words what SQLite says in its own: callers learn what to do, and the raw text stays in the cause. */
import { Fault } from '../../contract/index.ts';
import type { Trouble } from './trouble.ts';

interface Kind {
  readonly problem: string;
  readonly advice: string;
}

/** By SQLite's primary result code. */
const KINDS: Readonly<Record<number, Kind & { readonly reason: string }>> = {
  3: { reason: 'permission', problem: 'may not be opened', advice: 'check who owns the file' },
  5: { reason: 'busy', problem: 'is in use by another process', advice: 'stop the other process' },
  6: { reason: 'busy', problem: 'is in use by another process', advice: 'stop the other process' },
  8: { reason: 'read_only', problem: 'cannot be written', advice: 'check permissions and how its disk is mounted' },
  10: { reason: 'io', problem: 'could not be read or written', advice: 'check the disk' },
  11: { reason: 'corrupt', problem: 'is damaged', advice: 'stop the node and restore a backup' },
  13: { reason: 'full', problem: 'has no room left', advice: 'free disk space or prune; it recovers by itself' },
  14: { reason: 'open', problem: 'could not be opened', advice: 'check that its directory exists and is writable' },
  26: { reason: 'corrupt', problem: 'is not a database', advice: 'restore a backup, or name another directory' },
};

const OTHER = { reason: 'other', problem: 'did not do what it was asked', advice: 'the node log has the cause' };

/** Always code `storage`; facts name the file and the reason: full, read_only, corrupt, io, busy, permission, open, other. */
export const storageFault = (file: string, trouble: Trouble): Fault => {
  // The low byte is the primary code; the rest says where inside SQLite it arose.
  const { reason, problem, advice } = KINDS[trouble.errcode & 0xff] ?? OTHER;
  return new Fault('storage', `\`${file}\` ${problem}; ${advice}`, {
    cause: new Error(trouble.text),
    facts: { file, reason },
  });
};
