/** The two database files: which tables each holds, how hard it syncs, and how it is brought up to date. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../contract/index.ts';
import {
  CONTROL_MIGRATIONS,
  controlPlans,
  type Db,
  type Migration,
  migrate,
  type Plan,
  TELEMETRY_MIGRATIONS,
  telemetryPlans,
} from '../sql/index.ts';
import { kyselyOver, SQLITE_TYPES } from './adapter.ts';
import { storageFault } from './fault.ts';
import { configure, letShrink, type Tuning } from './pragmas.ts';
import { tellShape } from './shape.ts';
import { SPACE_PLANS } from './space.ts';
import { troubleOf } from './trouble.ts';

export interface Layout {
  readonly file: string;
  readonly sync: Tuning['sync'];
  readonly migrations: readonly Migration[];
  readonly plansOf: (db: Db) => readonly Plan[];
  /** Tells the planner what the tables will look like. */
  readonly tellShape?: (db: DatabaseSync) => void;
  /** What is free in it can be given back to the system. Default: it is used again, and the file never gets smaller. */
  readonly shrinks?: true;
}

/** What calls and configuration depend on. */
export const CONTROL: Layout = {
  file: 'control.db',
  sync: 'full',
  migrations: CONTROL_MIGRATIONS,
  plansOf: controlPlans,
};

/** What people look at afterwards. */
export const TELEMETRY: Layout = {
  file: 'telemetry.db',
  sync: 'normal',
  migrations: TELEMETRY_MIGRATIONS,
  plansOf: (db) => [...telemetryPlans(db), ...SPACE_PLANS],
  tellShape,
  shrinks: true,
};

/**
 * Brings the tables up to date and compiles the statements, on a connection that is gone before the thread opens its own.
 * Throws Fault `storage`.
 */
export const prepareDatabase = async (dir: string, layout: Layout): Promise<readonly Plan[]> => {
  const { file, sync, migrations, plansOf } = layout;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(join(dir, file));
    if (layout.shrinks === true) letShrink(db);
    configure(db, { sync, maxBytes: null });
    const kysely = kyselyOver(db);
    const newer = await migrate(kysely, migrations, SQLITE_TYPES);
    if (newer !== undefined) throw newerDatabase(file, newer, migrations.length);
    layout.tellShape?.(db);
    return plansOf(kysely);
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : storageFault(file, troubleOf(thrown));
  } finally {
    db?.close();
  }
};

const newerDatabase = (file: string, found: number, known: number): Fault =>
  new Fault(
    'storage',
    `\`${file}\` was written by a newer airspace (its tables are of version ${found}, this one knows ${known}); run that version, or restore an older backup`,
    { facts: { file, reason: 'newer', found, known } },
  );
