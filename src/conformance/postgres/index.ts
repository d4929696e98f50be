/**
 * A PostgreSQL server of our own that is thrown away afterwards: on a port of the loopback, in a directory under the system's
 * temporary one, without asking for passwords except of one user. For suites, tests and scenarios.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Account, accountFor, findPrograms, type Programs } from './binaries.ts';

export { freshSchema, inSchemas } from './schemas.ts';

export interface PostgresServer {
  /** Address of an empty database. Several stores live in it side by side in schemas of their own. */
  readonly url: string;
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Ends at once, as a crash does: nothing is written any more, and the next start recovers from the log. */
  crash(): Promise<void>;
  /** Begins again on the same data and port. */
  start(): Promise<void>;
  /** Ends in order, and takes the data along. */
  stop(): Promise<void>;
}

/** Why there can be no server here, or undefined when there can be one. With CI=true that is a failure, and not a reason to skip. */
export const postgresMissing = (): string | undefined => {
  if (findPrograms() !== undefined) return undefined;
  const reason = 'PostgreSQL is not installed here (initdb and postgres in PATH or /usr/lib/postgresql/*/bin)';
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true wants everything checked`);
  return reason;
};

/** Throws when there is no PostgreSQL. `settings` are lines of postgresql.conf. */
export const startPostgres = async (settings: readonly string[] = []): Promise<PostgresServer> => {
  const programs = findPrograms();
  if (programs === undefined) throw new Error(postgresMissing());
  const account = accountFor();
  const home = privateDirectory(account);
  const data = join(home, 'data');
  await copyTemplate(programs, account, data);
  const port = await freePort();
  appendFileSync(join(data, 'postgresql.conf'), [...SETTINGS, `port = ${port}`, ...settings, ''].join('\n'));
  const server = new Server(programs.postgres, data, account);
  await server.start();
  return {
    url: `postgres://airspace@127.0.0.1:${port}/postgres`,
    port,
    start: () => server.start(),
    crash: () => server.end('SIGQUIT'),
    stop: async () => {
      await server.end('SIGINT');
      rmSync(home, { recursive: true, force: true });
    },
  };
};

/** Nothing here outlives the test, so no disk is waited for. A crash of the server alone loses nothing for that. */
const SETTINGS = [
  "listen_addresses = '127.0.0.1'",
  "unix_socket_directories = ''",
  'fsync = off',
  'shared_buffers = 32MB',
  'max_connections = 200',
  'autovacuum = off',
];

/** The user `guarded` needs its password, which is `secret`; nobody else needs one. */
const ACCESS = [
  'host all guarded 127.0.0.1/32 scram-sha-256',
  'host all all 127.0.0.1/32 trust',
  'local all all trust',
  '',
].join('\n');

const privateDirectory = (account: Account | undefined): string => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-postgres-'));
  if (account !== undefined) chownSync(dir, account.uid, account.gid);
  return dir;
};

/**
 * `initdb` takes seconds and a copy of what it made takes a moment, so it runs once on a machine. Whoever comes first makes it
 * in a directory of its own, which takes the common name in one step.
 */
const copyTemplate = async (programs: Programs, account: Account | undefined, data: string): Promise<void> => {
  const owner = account?.uid ?? process.getuid?.() ?? 0;
  const { stdout } = await promisify(execFile)(programs.postgres, ['--version']);
  const version = /[\d.]+/.exec(stdout)?.[0] ?? 'unknown';
  const template = join(tmpdir(), `airspace-postgres-template-${owner}-${version}`);
  if (!existsSync(template)) {
    const home = privateDirectory(account);
    const made = join(home, 'data');
    await initialize(programs.initdb, account, made);
    try {
      renameSync(made, template);
    } catch {} // Another process was faster, and made the same.
    rmSync(home, { recursive: true, force: true });
  }
  // The name can be guessed: what somebody else put there is not used.
  const { uid, mode } = statSync(template);
  if (uid !== owner || (mode & 0o077) !== 0) throw new Error(`\`${template}\` belongs to somebody else; remove it`);
  cpSync(template, data, { recursive: true, preserveTimestamps: true });
  if (account !== undefined) await promisify(execFile)('chown', ['-R', `${account.uid}:${account.gid}`, data]);
};

const initialize = async (initdb: string, account: Account | undefined, data: string): Promise<void> => {
  const words = ['-D', data, '-U', 'airspace', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=trust', '--no-sync'];
  await promisify(execFile)(initdb, words, { ...account, cwd: '/' });
  writeFileSync(join(data, 'pg_hba.conf'), ACCESS);
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

class Server {
  readonly #program: string;
  readonly #data: string;
  readonly #account: Account | undefined;
  #child: ChildProcess | undefined;
  /** Nobody stays behind when this process goes first. */
  readonly #leave = (): void => void this.#child?.kill('SIGQUIT');

  constructor(program: string, data: string, account: Account | undefined) {
    this.#program = program;
    this.#data = data;
    this.#account = account;
    process.on('exit', this.#leave);
  }

  async start(): Promise<void> {
    const child = spawn(this.#program, ['-D', this.#data], {
      ...this.#account,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    });
    this.#child = child;
    const said: string[] = [];
    const ready = Promise.withResolvers<void>();
    createInterface({ input: child.stderr! }).on('line', (line) => {
      said.push(line);
      if (line.includes('database system is ready to accept connections')) ready.resolve();
    });
    child.once('exit', () => ready.reject(new Error(`postgres ended by itself: ${said.slice(-5).join('\n')}`)));
    child.once('error', ready.reject);
    await ready.promise;
    // What is waited for keeps the tests alive; a server does not.
    child.unref();
    (child.stderr as unknown as { unref(): void }).unref();
  }

  async end(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    if (signal === 'SIGINT') process.off('exit', this.#leave);
  }
}
