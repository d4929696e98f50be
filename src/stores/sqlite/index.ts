/**
 * The embedded store: a directory with two SQLite databases, one for what calls depend on and one for telemetry.
 *
 * Each has a thread that writes; control.db is read on the calling thread through a connection that cannot write.
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Stores } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import {
  CONTROL_MIGRATIONS,
  callsOver,
  controlPlans,
  type Migration,
  migrate,
  nodesOver,
  type Plan,
  resourcesOver,
  TELEMETRY_MIGRATIONS,
  telemetryPlans,
  tracesOver,
} from '../sql/index.ts';
import { kyselyOver, SQLITE_TYPES } from './adapter.ts';
import { controlLane, telemetryLane } from './lanes.ts';
import { lockDirectory } from './lock.ts';
import { configure, type Tuning } from './pragmas.ts';
import { SqliteSession } from './session.ts';
import { WriterThread } from './thread.ts';
import { storageFault, troubleOf } from './trouble.ts';

export interface SqliteOptions {
  /** Created with mode 0700 when it does not exist. Never on a network file system: SQLite's locks do not hold there. */
  readonly dir: string;
  /** Upper bound of control.db, to leave room for others on the disk. Default: none. */
  readonly maxBytes?: number;
}

/**
 * Opens or creates the stores of a directory and brings their tables up to date.
 * Throws Fault `conflict` when another process has it open, `storage` when a file is damaged, unwritable or too new.
 */
export const openSqlite = async ({ dir, maxBytes }: SqliteOptions): Promise<Stores> => {
  makeDirectory(dir);
  const lock = lockDirectory(dir);
  const opened: { close(): Promise<void> }[] = [{ close: async () => lock.release() }];
  const close = async (): Promise<void> => {
    for (const each of opened.splice(0).reverse()) await each.close();
  };
  try {
    const control = await openDatabase(dir, 'control.db', {
      tuning: { sync: 'full', maxBytes: maxBytes ?? null },
      migrations: CONTROL_MIGRATIONS,
      plansOf: controlPlans,
    });
    opened.push(control.thread);
    const telemetry = await openDatabase(dir, 'telemetry.db', {
      tuning: { sync: 'normal', maxBytes: null },
      migrations: TELEMETRY_MIGRATIONS,
      plansOf: telemetryPlans,
    });
    opened.push(telemetry.thread);
    const reader = new DatabaseSync(join(dir, 'control.db'), { readOnly: true, timeout: 5_000 });
    opened.push({ close: async () => reader.close() });
    const lane = controlLane('control.db', control.thread, new SqliteSession(reader, control.plans));
    return {
      resources: resourcesOver(lane),
      calls: callsOver(lane),
      nodes: nodesOver(lane),
      traces: tracesOver(telemetryLane(telemetry.thread)),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};

const makeDirectory = (dir: string): void => {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const name of ['lock.db', 'control.db', 'telemetry.db']) makePrivate(join(dir, name));
  } catch (cause) {
    throw new Fault('storage', `cannot write in data directory \`${dir}\`; check that it is a directory and yours`, {
      cause,
      facts: { dir, reason: 'open' },
    });
  }
};

/**
 * SQLite gives its companion files the mode of the database itself. A file that is there is never opened here: closing it again
 * would drop the POSIX locks that another connection of this process holds on it.
 */
const makePrivate = (path: string): void => {
  if (existsSync(path)) chmodSync(path, 0o600);
  else closeSync(openSync(path, 'ax', 0o600));
};

interface Layout {
  readonly tuning: Tuning;
  readonly migrations: readonly Migration[];
  readonly plansOf: (db: ReturnType<typeof kyselyOver>) => readonly Plan[];
}

interface OpenDatabase {
  readonly thread: WriterThread;
  readonly plans: readonly Plan[];
}

const openDatabase = async (dir: string, file: string, layout: Layout): Promise<OpenDatabase> => {
  const path = join(dir, file);
  const plans = await prepareFile(path, file, layout);
  return { plans, thread: await WriterThread.open(file, { path, plans, ...layout.tuning }) };
};

/** Brings the tables up to date and compiles the statements, on a connection that is gone before the thread opens its own. */
const prepareFile = async (path: string, file: string, layout: Layout): Promise<readonly Plan[]> => {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    configure(db, layout.tuning);
    const kysely = kyselyOver(db);
    const tooNew = await migrate(kysely, layout.migrations, SQLITE_TYPES);
    if (tooNew !== undefined) throw newerDatabase(file, tooNew, layout.migrations.length);
    return layout.plansOf(kysely);
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : storageFault(file, troubleOf(thrown));
  } finally {
    db?.close();
  }
};

const newerDatabase = (file: string, found: number, known: number): Fault =>
  new Fault(
    'storage',
    `\`${file}\` was written by a newer airspace (tables of version ${found}, this one knows ${known}); run that version, or restore an older backup`,
    { facts: { file, reason: 'newer', found, known } },
  );
