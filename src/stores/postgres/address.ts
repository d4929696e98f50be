/** Where a database is, and how it is called in messages: by host and name, never with its password. */
import pg from 'pg';
import { Fault } from '../../contract/index.ts';
import { isPostgres } from './words.ts';

export interface Address {
  /** `host/database`. */
  readonly name: string;
  /** Of the user. */
  readonly user: string;
  /** The network reads what goes to it and comes from it. */
  readonly isPlain: boolean;
  readonly url: string;
}

/** Throws `bad_request` for what is no address of a PostgreSQL database. The text itself is never quoted: it may hold a password. */
export const addressOf = (url: string): Address => {
  if (!isPostgres(url)) throw malformed();
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: url });
  } catch {
    throw malformed();
  }
  const { host, database, user, ssl } = client;
  const isNear = host.startsWith('/') || LOOPBACK.has(host);
  return { name: `${host}/${database ?? ''}`, user: user ?? '', isPlain: !isNear && ssl === false, url };
};

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

const malformed = (): Fault =>
  new Fault('bad_request', 'a PostgreSQL store is written as postgres://user@host:5432/database');
