/** How each connection is set up, and why. */
import type { DatabaseSync } from 'node:sqlite';

export interface Tuning {
  /** `full`: what was acknowledged survives power loss. `normal`: survives a crash of the process; the last batches may be lost at power loss. */
  readonly sync: 'full' | 'normal';
  /** Upper bound of the file, or null. */
  readonly maxBytes: number | null;
}

const PAGE_BYTES = 4096;

/** A connection that only reads. A search may look at much, so it has a cache of its own. */
export const configureReader = (db: DatabaseSync): void => {
  db.exec('pragma busy_timeout = 5000');
  db.exec('pragma cache_size = -32768');
  db.exec('pragma temp_store = memory');
};

export const configure = (db: DatabaseSync, { sync, maxBytes }: Tuning): void => {
  // Readers see the last commit while the writer works, and a commit is one append and one flush.
  db.exec('pragma journal_mode = wal');
  db.exec(`pragma synchronous = ${sync}`);
  // Only a checkpoint of our own reader or a backup tool can be in the way, and both are short.
  db.exec('pragma busy_timeout = 5000');
  db.exec('pragma cache_size = -32768');
  db.exec('pragma temp_store = memory');
  // 16 MiB: a page that many commits touch is copied back to the database once, a sixth less work per call than SQLite's 4 MiB.
  db.exec('pragma wal_autocheckpoint = 4000');
  if (maxBytes !== null) db.exec(`pragma max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`);
};

/** A file of an earlier version is written anew for it; a larger one than this takes too long for a start, and stays as it is. */
const QUICK_PAGES = 32_768;

/** Before anything else is said to a new file: how it keeps its free pages is settled with its first page. */
export const letShrink = (db: DatabaseSync): void => {
  db.exec('pragma auto_vacuum = incremental');
  const [{ mode, pages } = { mode: 2, pages: 0 }] = db
    .prepare('select auto_vacuum as mode, page_count as pages from pragma_auto_vacuum(), pragma_page_count()')
    .all() as { readonly mode: number; readonly pages: number }[];
  if (mode === 0 && pages > 0 && pages <= QUICK_PAGES) db.exec('vacuum');
};
