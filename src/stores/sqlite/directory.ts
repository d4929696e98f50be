/** A data directory and its files, readable by nobody else. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../contract/index.ts';

/** A directory that exists keeps its mode, because it may be shared; its files are private either way. Throws Fault `storage`. */
export const makeDirectory = (dir: string, files: readonly string[]): void => {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const file of files) makePrivate(join(dir, file));
  } catch (cause) {
    throw new Fault('storage', `cannot write in data directory \`${dir}\`; check that it is a directory and yours`, {
      cause,
      facts: { dir, reason: 'open' },
    });
  }
};

/**
 * SQLite gives its companion files the mode of the database itself. A file that is there is never opened here: closing it again
 * would drop the POSIX locks that another connection of this process holds on it.
 */
const makePrivate = (path: string): void => {
  if (existsSync(path)) chmodSync(path, 0o600);
  else closeSync(openSync(path, 'ax', 0o600));
};
