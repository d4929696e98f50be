/** Where a crash round keeps what it writes: a data directory, or a database of its own. */
import type { Stores } from '../../src/contract/index.ts';
import { isPostgres, openPostgres, openSqlite } from '../../src/stores/index.ts';

export const openStores = (place: string): Promise<Stores> =>
  isPostgres(place) ? openPostgres({ url: place }) : openSqlite({ dir: place });
