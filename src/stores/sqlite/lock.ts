/** Keeps a second process away from a data directory. The lock is the operating system's own: it dies with the process, even by kill -9. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../contract/index.ts';
import { storageFault } from './fault.ts';
import { troubleOf } from './trouble.ts';

/** SQLite's result code for a lock that another connection holds. */
const BUSY = 5;

export const LOCK_FILE = 'lock.db';

export interface DirectoryLock {
  release(): void;
}

/**
 * Throws Fault `conflict` (facts: `dir`, `pid`) while another process has the directory open. An open write transaction on an
 * empty database is the lock. The process id lies in a file of its own: reading the locked file would drop its POSIX locks.
 */
export const lockDirectory = (dir: string): DirectoryLock => {
  const pidFile = join(dir, 'lock.pid');
  const db = takeLock(dir, pidFile);
  writeFileSync(pidFile, String(process.pid), { mode: 0o600 });
  return {
    // Whoever could not begin gives it back on more than one way.
    release: () => {
      if (!db.isOpen) return;
      rmSync(pidFile, { force: true });
      db.close();
    },
  };
};

const takeLock = (dir: string, pidFile: string): DatabaseSync => {
  const db = new DatabaseSync(join(dir, LOCK_FILE));
  try {
    db.exec('begin exclusive');
    return db;
  } catch (thrown) {
    db.close();
    const trouble = troubleOf(thrown);
    throw (trouble.errcode & 0xff) === BUSY ? inUse(dir, pidFile) : storageFault(LOCK_FILE, trouble);
  }
};

const inUse = (dir: string, pidFile: string): Fault => {
  const pid = readPid(pidFile);
  return new Fault(
    'conflict',
    `data directory \`${dir}\` is in use by process ${pid ?? '(unknown)'}; stop it, or name another directory`,
    { facts: pid === null ? { dir } : { dir, pid } },
  );
};

/** Null in the short moment in which a winner has the lock and has not written its id yet. */
const readPid = (pidFile: string): number | null => {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || null;
  } catch {
    return null;
  }
};
