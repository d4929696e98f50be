/** How each connection is made and set up, and why. */
import pg from 'pg';
import type { Address } from './address.ts';
import { TYPES } from './text.ts';

export interface Tuning {
  /** `full`: what was acknowledged survives a crash of the server. `normal`: the last moments may be lost, and nobody waits. */
  readonly sync: 'full' | 'normal';
  /** Statements are sent one behind the other without waiting for answers. */
  readonly pipeline: boolean;
}

/** Longer than any statement of ours takes on a healthy server, shorter than people wait. */
const STATEMENT_MS = 30_000;
/** Of one connection attempt. */
const CONNECT_MS = 5_000;

export const clientConfig = ({ url }: Address, schema: string): pg.ClientConfig => ({
  connectionString: url,
  types: TYPES,
  application_name: `airspace ${schema}`,
  connectionTimeoutMillis: CONNECT_MS,
  // A peer that is gone without a word is noticed at the latest when the server should have given up.
  query_timeout: STATEMENT_MS + 5_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
});

/** Text of what a new connection is told first. Telemetry has a schema of its own, as SQLite gives it a file. */
export const setUp = (schema: string, sync: Tuning['sync']): string =>
  [
    `set search_path to "${schema}", "${schema}_telemetry"`,
    `set statement_timeout to ${STATEMENT_MS}`,
    // A hub that hangs in the middle of a transaction is cut off before the others lose patience.
    'set lock_timeout to 15000',
    'set idle_in_transaction_session_timeout to 10000',
    'set default_transaction_isolation to "read committed"',
    // A server that was told to acknowledge before the disk has it is overruled; one that waits for standbys too is not.
    sync === 'normal'
      ? 'set synchronous_commit to off'
      : `select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`,
  ].join('; ');

/** Throws what the driver throws. `lost` hears once, when the connection ends by itself. */
export const connect = async (
  address: Address,
  schema: string,
  { sync, pipeline }: Tuning,
  lost: (cause: unknown) => void,
): Promise<pg.Client> => {
  const client = new pg.Client({ ...clientConfig(address, schema), pipeline });
  let why: unknown;
  // Without a listener an idle connection that breaks would end the process.
  client.on('error', (cause) => {
    why = cause;
  });
  client.once('end', () => lost(why));
  try {
    await client.connect();
    await client.query(setUp(schema, sync));
    return client;
  } catch (thrown) {
    void client.end().catch(() => {});
    throw thrown;
  }
};

/** Whether the process goes on for this connection's sake. The driver can, and its types do not say so. */
export const keepAlive = (client: pg.Client, alive: boolean): void => {
  const held = client as pg.Client & { ref(): void; unref(): void };
  if (alive) held.ref();
  else held.unref();
};
