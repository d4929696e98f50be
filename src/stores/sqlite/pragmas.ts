/** How each connection is set up, and why. */
import type { DatabaseSync } from 'node:sqlite';

export interface Tuning {
  /** `full`: what was acknowledged survives power loss. `normal`: survives a crash of the process; the last batches may be lost at power loss. */
  readonly sync: 'full' | 'normal';
  /** Upper bound of the file, or null. */
  readonly maxBytes: number | null;
}

const PAGE_BYTES = 4096;

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
