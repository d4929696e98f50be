/** The database as a lane: one connection writes, a few others read what was committed. */
import pg from 'pg';
import { READERS } from '../sql/commands.ts';
import type { Lane, Session } from '../sql/index.ts';
import type { Address } from './address.ts';
import { clientConfig, setUp, type Tuning } from './connection.ts';
import type { Plans } from './database.ts';
import { closed, codeOf, isLost, storageFault } from './fault.ts';
import { PostgresSession } from './session.ts';
import type { Writer } from './writer.ts';

type Read = (session: Session, args: unknown) => Promise<unknown>;

const readers = READERS as unknown as Readonly<Record<string, Read>>;

/** Connections for reading. Searches through telemetry have their own, so that they never stand before a call. */
export const openPool = (address: Address, schema: string, sync: Tuning['sync'], max: number): pg.Pool => {
  const pool = new pg.Pool({
    ...clientConfig(address, schema),
    max,
    idleTimeoutMillis: 60_000,
    allowExitOnIdle: true,
    onConnect: async (client) => void (await client.query(setUp(schema, sync))),
  });
  // An idle connection that breaks is replaced by the next question; nobody was waiting for it.
  pool.on('error', () => {});
  return pool;
};

export const laneOver = (address: Address, writer: Writer, pool: pg.Pool, plans: Plans): Lane => {
  const session = new PostgresSession(pool as Pick<pg.Client, 'query'>, plans);
  return {
    write: (name, args) => writer.ask(name, args) as never,
    read: async (name, args) => {
      try {
        return (await again(() => readers[name]!(session, args), pool.options.max)) as never;
      } catch (thrown) {
        throw pool.ending ? closed(address.name) : storageFault(address.name, thrown);
      }
    },
  };
};

/** After a restart of the server each connection of the pool may be one that is none any more; the one after them is new. */
const again = async <T>(read: () => Promise<T>, max: number): Promise<T> => {
  for (let stale = 0; ; stale++) {
    try {
      return await read();
    } catch (thrown) {
      if (!isLost(thrown) || stale === max || codeOf(thrown).startsWith('E')) throw thrown;
    }
  }
};
