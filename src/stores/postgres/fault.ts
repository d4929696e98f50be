/** Says in our words what PostgreSQL and the network say in theirs: callers learn what to do, and the raw text stays in the cause. */
import { Fault } from '../../contract/index.ts';

interface Kind {
  readonly reason: string;
  readonly problem: string;
  readonly advice: string;
}

const kind = (reason: string, problem: string, advice: string): Kind => ({ reason, problem, advice });

const GONE = kind('unreachable', 'cannot be reached', 'check that it runs and that this address is its own');
const CREDENTIALS = kind(
  'credentials',
  'does not accept this user and password',
  'check the user in the address, and PGPASSWORD or ~/.pgpass',
);
const FULL = kind('full', 'has no room left', 'free disk space or prune; it recovers by itself');
const READ_ONLY = kind('read_only', 'is a read-only standby', 'name the primary');
const STARTING = kind('starting', 'is starting or stopping', 'wait a moment; the connection is made again by itself');
const CORRUPT = kind('corrupt', 'is damaged', 'stop its hubs and restore a backup');
const OTHER = kind('other', 'did not do what it was asked', 'the node log has the cause');
const CLOSED = kind('closed', 'is closed', 'this node is stopping');

/** By SQLSTATE, or by the code of the network's error. */
const KINDS: Readonly<Record<string, Kind>> = {
  ECONNREFUSED: GONE,
  ENOTFOUND: kind('unreachable', 'has a host that nobody knows', 'check the address'),
  ENOENT: GONE,
  '28000': CREDENTIALS,
  '28P01': CREDENTIALS,
  '3D000': kind('missing', 'does not exist', 'create it: createdb, or `create database`'),
  '42501': kind('permission', 'does not let this user do that', 'grant it, or let the user own the schema'),
  '53100': FULL,
  '53200': kind('memory', 'has no memory left', 'look at the server'),
  '53300': kind('connections', 'takes no more connections', 'raise its max_connections: a hub needs up to nine'),
  '25006': READ_ONLY,
  '57014': kind('timeout', 'took too long', 'look for what keeps it busy'),
  '55P03': kind('timeout', 'is held up by another process', 'look for a hub or a backup tool that hangs'),
  '57P01': STARTING,
  '57P02': STARTING,
  '57P03': STARTING,
  XX001: CORRUPT,
  XX002: CORRUPT,
};

/**
 * Nothing useful can come over a connection after these; what was not committed over it never will be. 0A000: a newer hub has
 * changed a table below a prepared statement, and a new connection prepares it anew.
 */
const LOST = new Set(['57P01', '57P02', '57P03', '25006', '25P03', 'XX000', '0A000']);
const NETWORK = /^E[A-Z]+$/;

/** Two transactions were in each other's way: the same again goes through. */
const RACED = new Set(['40001', '40P01']);

export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

/** Whether the connection itself is what failed. The driver's own words about it have no code. */
export const isLost = (thrown: unknown): boolean => {
  const code = codeOf(thrown);
  if (code === '') return thrown instanceof Error && /connection|timeout|not queryable|closed/i.test(thrown.message);
  return code.startsWith('08') || LOST.has(code) || NETWORK.test(code);
};

/** Another process holds what every command would wait for. */
export const isHeldUp = (thrown: unknown): boolean => codeOf(thrown) === '55P03';

export const isRaced = (thrown: unknown): boolean => RACED.has(codeOf(thrown));

/** Always code `storage`; facts name the database and the reason. A Fault passes as it is. */
export const storageFault = (database: string, thrown: unknown): Fault => {
  if (thrown instanceof Fault) return thrown;
  const { reason, problem, advice } = KINDS[codeOf(thrown)] ?? (isLost(thrown) ? GONE : OTHER);
  return new Fault('storage', `database \`${database}\` ${problem}; ${advice}`, {
    cause: thrown,
    facts: { database, reason },
  });
};

export const closed = (database: string): Fault => {
  const { reason, problem, advice } = CLOSED;
  return new Fault('storage', `database \`${database}\` ${problem}; ${advice}`, { facts: { database, reason } });
};

/** The connection broke after a commit was asked for, and the server could not be asked what became of it. */
export const unknownOutcome = (database: string, cause: unknown): Fault =>
  new Fault(
    'storage',
    `the connection to database \`${database}\` broke during a commit, which may have gone through; look before you repeat it`,
    { executed: 'unknown', cause, facts: { database, reason: 'unknown' } },
  );
