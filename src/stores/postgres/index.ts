/**
 * The shared store: one PostgreSQL database for any number of hubs. One connection a process writes what calls depend on,
 * one writes telemetry, one hears what other hubs change, and a few read.
 */
import { resolve } from 'node:path';
import { Fault, type Stores } from '../../contract/index.ts';
import {
  agentSpansOver,
  approvalsOver,
  auditOver,
  callsOver,
  incidentsOver,
  killsOver,
  type Lane,
  ledgerOver,
  logsOver,
  marksOver,
  nodeAuditOver,
  nodesOver,
  plansOver,
  releasesOver,
  resourcesOver,
  roomOver,
  secretsOver,
  spoolOver,
  sumsOver,
  tasksOver,
  tracesOver,
  usageOver,
} from '../sql/index.ts';
import { makeDirectory } from '../sqlite/directory.ts';
import { LOCK_FILE, lockDirectory } from '../sqlite/lock.ts';
import { type Address, addressOf } from './address.ts';
import { prepareDatabase } from './database.ts';
import { storageFault } from './fault.ts';
import { holderOf } from './holder.ts';
import { laneOver, openPool } from './lanes.ts';
import { diskOf } from './space.ts';
import { ChangeWatch } from './watch.ts';
import { Writer } from './writer.ts';

export interface PostgresOptions {
  /** `postgres://user@host:5432/database`. A password that is not in it comes from PGPASSWORD or `~/.pgpass`. */
  readonly url: string;
  /** Where our tables are; telemetry has its own, with `_telemetry` behind the name. Default `airspace`. */
  readonly schema?: string;
  /**
   * Data directory of this process: nobody else may have it at the same time, and its name among those that share the database
   * lies there, so that a restart knows which open calls were its own. Default: none, for whoever is alone.
   */
  readonly dir?: string;
}

/** It becomes part of statements. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;
const READING = 4;
const SEARCHING = 2;

/**
 * Opens the stores of a database, or creates them, and brings the tables up to date. Throws Fault `bad_request` for what is no
 * address, `storage` when the database cannot be had as it must be, `conflict` when another process has the directory.
 */
export const openPostgres = async ({ url, schema = 'airspace', dir }: PostgresOptions): Promise<Stores> => {
  if (!SCHEMA.test(schema)) throw new Fault('bad_request', `\`${schema}\` is no name for a schema: a-z, 0-9 and _`);
  const address = addressOf(url);
  if (dir === undefined) return openAs(address, schema, '');
  const path = resolve(dir);
  makeDirectory(path, [LOCK_FILE]);
  const lock = lockDirectory(path);
  try {
    const stores = await openAs(address, schema, holderOf(path));
    return { ...stores, close: () => stores.close().finally(lock.release) };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
};

const openAs = async (address: Address, schema: string, holder: string): Promise<Stores> => {
  const plans = await prepareDatabase(address, schema);
  const pool = openPool(address, schema, 'full', READING);
  const searchPool = openPool(address, schema, 'normal', SEARCHING);
  const watch = new ChangeWatch({ address, schema, pool });
  const told = watch.told.bind(watch);
  const writer = new Writer({ address, schema, plans, sync: 'full', told });
  const telemetry = new Writer({ address, schema, plans, sync: 'normal', told });
  const close = once(async () => {
    // Idle connections keep no process alive, but whoever closes waits until they are closed.
    const awake = setInterval(() => {}, 1_000);
    await Promise.all([writer.close(), telemetry.close(), watch.stop()]);
    await Promise.all([pool.end(), searchPool.end()]);
    clearInterval(awake);
  });
  try {
    await watch.start();
  } catch (thrown) {
    await close();
    throw storageFault(address.name, thrown);
  }
  const lane = laneOver(address, writer, pool, plans);
  const searches = laneOver(address, telemetry, searchPool, plans);
  // Whoever worked on runs under this name is gone: this process has its directory.
  if (holder !== '')
    await lane.write('freeRuns', { opener: holder }).catch(async (thrown: unknown) => {
      await close();
      throw thrown;
    });
  return {
    shared: sharedOver(address, holder, lane, watch),
    resources: resourcesOver(lane),
    calls: callsOver(lane, holder),
    nodes: nodesOver(lane),
    kills: killsOver(lane),
    incidents: incidentsOver(lane),
    releases: releasesOver(lane),
    ledger: ledgerOver(lane),
    approvals: approvalsOver(lane),
    audit: auditOver(lane),
    nodeAudit: nodeAuditOver(lane),
    marks: marksOver(lane),
    spool: spoolOver(lane),
    secrets: secretsOver(lane),
    tasks: tasksOver(lane),
    plans: plansOver(lane, holder),
    traces: tracesOver(searches, holder),
    agentSpans: agentSpansOver(searches, holder),
    sums: sumsOver(searches),
    usage: usageOver(searches),
    logs: logsOver(searches),
    room: roomOver(searches, diskOf(address, `${schema}_telemetry`, searchPool), holder),
    close,
  };
};

const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
};

const sharedOver = (
  { name, isPlain }: Address,
  holder: string,
  lane: Lane,
  watch: ChangeWatch,
): NonNullable<Stores['shared']> => ({
  name,
  isPlain,
  holder,
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
