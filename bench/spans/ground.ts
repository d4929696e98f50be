/** The store that is measured: opened, closed, looked at from outside, and made cold. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { startPostgres } from '../../src/conformance/postgres/index.ts';
import type { Stores } from '../../src/contract/index.ts';
import { openPostgres, openSqlite } from '../../src/stores/index.ts';

export interface Ground {
  /** Of SQLite. */
  readonly file?: string;
  readonly open: () => Promise<Stores>;
  /** Bytes on the disk, of telemetry, with logs that were not written back. */
  readonly bytes: () => Promise<number>;
  /** By table and index, the largest first; only of a store that nobody has open. */
  readonly parts: () => Promise<readonly (readonly [string, number])[]>;
  /** Nothing of it is in memory afterwards, as far as this machine lets us say so. Of a store that nobody has open. */
  readonly chill: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const sqliteGround = async (kept?: string): Promise<Ground> => {
  const dir = kept ?? mkdtempSync(join(tmpdir(), 'airspace-bench-spans-'));
  const file = join(dir, 'telemetry.db');
  return {
    file,
    open: () => openSqlite({ dir }),
    bytes: async () =>
      readdirSync(dir)
        .filter((name) => name.startsWith('telemetry.db'))
        .reduce((sum, name) => sum + statSync(join(dir, name)).size, 0),
    parts: async () => {
      const db = new DatabaseSync(file, { readOnly: true });
      try {
        return db
          .prepare('select name, sum(pgsize) as bytes from dbstat group by name order by 2 desc limit 12')
          .all()
          .map(({ name, bytes }) => [String(name), Number(bytes)] as const);
      } catch {
        return [];
      } finally {
        db.close();
      }
    },
    chill: async () => forget([file]),
    close: async () => {
      if (kept === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** As an operator would start it, but for waits for the disk. */
const SETTINGS = ['shared_buffers = 256MB', 'max_wal_size = 2GB', 'autovacuum = on', 'checkpoint_timeout = 5min'];

export const postgresGround = async (): Promise<Ground> => {
  const server = await startPostgres(SETTINGS);
  const asked = async (text: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  const relations = `pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'airspace_telemetry'`;
  return {
    open: () => openPostgres({ url: server.url }),
    bytes: async () =>
      Number(
        (await asked(`select sum(pg_total_relation_size(c.oid)) as bytes from ${relations} and c.relkind = 'r'`))[0]![
          'bytes'
        ],
      ),
    parts: async () =>
      (
        await asked(
          `select relname, pg_relation_size(c.oid) as bytes from ${relations} and c.relkind in ('r', 'i', 't') order by 2 desc limit 12`,
        )
      ).map(({ relname, bytes }) => [String(relname), Number(bytes)] as const),
    chill: async () => {
      await server.crash();
      await server.start();
      const files = await asked(
        `select current_setting('data_directory') || '/' || pg_relation_filepath(c.oid) as path from ${relations} and c.relkind in ('r', 'i')`,
      );
      forget(files.map(({ path }) => String(path)));
    },
    close: () => server.stop(),
  };
};

/** The kernel lets go of what it keeps of these files, and of no others. */
const forget = (paths: readonly string[]): void => {
  for (const path of paths) {
    try {
      execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
    } catch {
      // Without dd the figures of a cold cache are those of the store's own cache alone.
    }
  }
};
