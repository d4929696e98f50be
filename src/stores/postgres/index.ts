/**
 * The shared store: one PostgreSQL database for any number of hubs. One connection a process writes what calls depend on,
 * one writes telemetry, one hears what other hubs change, and a few read.
 */
import { Fault, type Stores } from '../../contract/index.ts';
import { callsOver, killsOver, type Lane, nodesOver, releasesOver, resourcesOver, tracesOver } from '../sql/index.ts';
import { addressOf } from './address.ts';
import { prepareDatabase } from './database.ts';
import { storageFault } from './fault.ts';
import { laneOver, openPool } from './lanes.ts';
import { ChangeWatch } from './watch.ts';
import { Writer } from './writer.ts';

export { addressOf, hasPassword, isPostgres } from './address.ts';

export interface PostgresOptions {
  /** `postgres://user@host:5432/database`. A password that is not in it comes from PGPASSWORD or `~/.pgpass`. */
  readonly url: string;
  /** Where our tables are; telemetry has its own, with `_telemetry` behind the name. Default `airspace`. */
  readonly schema?: string;
  /** Names this process among those that share the database, across restarts: its open calls are its own. Default: none. */
  readonly holder?: string;
}

/** It becomes part of statements. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;
const READING = 4;
const SEARCHING = 2;

/**
 * Opens the stores of a database, or creates them, and brings the tables up to date.
 * Throws Fault `bad_request` for what is no address, `storage` when the database cannot be had as it must be.
 */
export const openPostgres = async ({ url, schema = 'airspace', holder = '' }: PostgresOptions): Promise<Stores> => {
  if (!SCHEMA.test(schema)) throw new Fault('bad_request', `\`${schema}\` is no name for a schema: a-z, 0-9 and _`);
  const address = addressOf(url);
  const plans = await prepareDatabase(address, schema);
  const pool = openPool(address, schema, 'full', READING);
  const searchPool = openPool(address, schema, 'normal', SEARCHING);
  const watch = new ChangeWatch({ address, schema, pool });
  const told = watch.told.bind(watch);
  const writer = new Writer({ address, schema, plans, sync: 'full', told });
  const telemetry = new Writer({ address, schema, plans, sync: 'normal', told });
  const closeAll = async (): Promise<void> => {
    // Idle connections keep no process alive, but whoever closes waits until they are closed.
    const awake = setInterval(() => {}, 1_000);
    await Promise.all([writer.close(), telemetry.close(), watch.stop()]);
    await Promise.all([pool.end(), searchPool.end()]);
    clearInterval(awake);
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };
  try {
    await watch.start();
  } catch (thrown) {
    await close();
    throw storageFault(address.name, thrown);
  }
  const lane = laneOver(address, writer, pool, plans);
  return {
    shared: sharedOver(lane, watch),
    resources: resourcesOver(lane),
    calls: callsOver(lane, holder),
    nodes: nodesOver(lane),
    kills: killsOver(lane),
    releases: releasesOver(lane),
    traces: tracesOver(laneOver(address, telemetry, searchPool, plans)),
    close,
  };
};

const sharedOver = (lane: Lane, watch: ChangeWatch): NonNullable<Stores['shared']> => ({
  claim: (name, value) => lane.write('claimSetting', { name, value }),
  watch: (changed) => watch.subscribe(changed),
  putPeer: async (peer) => {
    await lane.write('putPeer', peer);
  },
  removePeer: async (id) => {
    await lane.write('removePeer', { id });
  },
  peers: (id) => lane.read('readPeers', { id }),
});
