/** The two schemas of one database: which tables each holds, and how they are brought up to date. */
import type pg from 'pg';
import { Fault } from '../../contract/index.ts';
import {
  CONTROL_MIGRATIONS,
  controlPlans,
  type Migration,
  migrate,
  type Plan,
  TELEMETRY_MIGRATIONS,
  telemetryPlans,
} from '../sql/index.ts';
import { kyselyOver, POSTGRES_TYPES } from './adapter.ts';
import type { Address } from './address.ts';
import { connect } from './connection.ts';
import { storageFault } from './fault.ts';
import { LOCKS } from './locks.ts';

/** `pg_current_xact_id` came with this one. */
const OLDEST = 130_000;

export type Plans = ReadonlyMap<string, Plan>;

/**
 * Brings the tables up to date and compiles the statements. Hubs that start together come one after the other here.
 * Throws Fault `storage`.
 */
export const prepareDatabase = async (address: Address, schema: string): Promise<Plans> => {
  let client: pg.Client | undefined;
  try {
    client = await connect(address, schema, { sync: 'full', pipeline: false }, () => {});
    await refuseUnfit(client, address);
    await client.query('select pg_advisory_lock(hashtext($1), $2)', [schema, LOCKS.migrate]);
    await bringUpToDate(client, address, schema, CONTROL_MIGRATIONS);
    await bringUpToDate(client, address, `${schema}_telemetry`, TELEMETRY_MIGRATIONS);
    const db = kyselyOver(client);
    return new Map([...controlPlans(db), ...telemetryPlans(db)].map((plan) => [plan.name, plan]));
  } catch (thrown) {
    throw storageFault(address.name, thrown);
  } finally {
    // The lock is the connection's, and goes with it.
    await client?.end().catch(() => {});
  }
};

const refuseUnfit = async (client: pg.Client, { name }: Address): Promise<void> => {
  const { rows } = await client.query(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
     pg_is_in_recovery() as standby`,
  );
  const { version, encoding, standby } = rows[0];
  if (version < OLDEST) throw unfit(name, 'version', `is of version ${version}; version 13 or later is needed`);
  if (encoding !== 'UTF8')
    throw unfit(
      name,
      'encoding',
      `stores texts as ${encoding}; create one with encoding UTF8, nothing else holds all names`,
    );
  if (standby) throw unfit(name, 'read_only', 'is a read-only standby; name the primary');
};

const bringUpToDate = async (
  client: pg.Client,
  { name, user }: Address,
  schema: string,
  migrations: readonly Migration[],
): Promise<void> => {
  const { rowCount } = await client.query('select 1 from pg_namespace where nspname = $1', [schema]);
  if (rowCount === 0) await createSchema(client, name, user, schema);
  await client.query(`set search_path to "${schema}"`);
  const newer = await migrate(kyselyOver(client), migrations, POSTGRES_TYPES);
  if (newer !== undefined)
    throw unfit(
      name,
      'newer',
      `was written by a newer airspace (schema \`${schema}\` is of version ${newer}, this one knows ${migrations.length}); run that version`,
    );
};

const createSchema = async (client: pg.Client, name: string, user: string, schema: string): Promise<void> => {
  try {
    await client.query(`create schema "${schema}"`);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== '42501') throw cause;
    throw unfit(
      name,
      'permission',
      `has no schema \`${schema}\`, and \`${user}\` may not create one; let its owner run: create schema ${schema} authorization "${user}"`,
    );
  }
};

const unfit = (database: string, reason: string, problem: string): Fault =>
  new Fault('storage', `database \`${database}\` ${problem}`, { facts: { database, reason } });
