/** The stores: everything behind the ports of `contract/ports.ts`. */
import type { Stores } from '../contract/index.ts';
import type { PostgresOptions } from './postgres/index.ts';
import type { SqliteOptions } from './sqlite/index.ts';

export { memoryStores } from './memory/index.ts';
export type { PostgresOptions } from './postgres/index.ts';
export { hasPassword, isPostgres } from './postgres/words.ts';
export type { SqliteOptions } from './sqlite/index.ts';

/** Opens or creates a data directory. Loaded on demand, so that nobody pays for SQL who keeps nothing on disk. */
export const openSqlite = async (options: SqliteOptions): Promise<Stores> =>
  (await import('./sqlite/index.ts')).openSqlite(options);

/** Opens or creates the stores of a PostgreSQL database, which other hubs may have open too. Loaded on demand as well. */
export const openPostgres = async (options: PostgresOptions): Promise<Stores> =>
  (await import('./postgres/index.ts')).openPostgres(options);
