/**
 * The embedded store: a directory with two SQLite databases, one for what calls depend on and one for telemetry.
 *
 * Each has a thread that writes; control.db is read on the calling thread and telemetry.db on one of its own, through connections
 * that cannot write.
 */
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Stores } from '../../contract/index.ts';
import {
  agentSpansOver,
  approvalsOver,
  auditOver,
  callsOver,
  incidentsOver,
  killsOver,
  ledgerOver,
  logsOver,
  marksOver,
  nodeAuditOver,
  nodesOver,
  type Plan,
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
import { CONTROL, type Layout, prepareDatabase, TELEMETRY } from './database.ts';
import { makeDirectory } from './directory.ts';
import { controlLane, telemetryLane } from './lanes.ts';
import { type DirectoryLock, LOCK_FILE, lockDirectory } from './lock.ts';
import { Searcher } from './searcher.ts';
import { SqliteSession } from './session.ts';
import { diskOf } from './space.ts';
import { type WorkerSetup, WriterThread } from './thread.ts';

export interface SqliteOptions {
  /** Created with mode 0700 when it does not exist. Never on a network file system: SQLite's locks do not hold there. */
  readonly dir: string;
  /** Upper bound of control.db in bytes, to leave room for others on the disk. Default: none. */
  readonly maxBytes?: number;
}

/**
 * Opens or creates the stores of a directory and brings their tables up to date.
 * Throws Fault `conflict` when another process has it open, `storage` when a file is damaged, unwritable or too new.
 */
export const openSqlite = async ({ dir: path, maxBytes }: SqliteOptions): Promise<Stores> => {
  const dir = resolve(path);
  makeDirectory(dir, [LOCK_FILE, CONTROL.file, TELEMETRY.file]);
  const lock = lockDirectory(dir);
  try {
    return await openLocked(dir, maxBytes ?? null, lock);
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
};

const openLocked = async (dir: string, maxBytes: number | null, lock: DirectoryLock): Promise<Stores> => {
  const plans = await prepareDatabase(dir, CONTROL);
  const telemetryPlans = await prepareDatabase(dir, TELEMETRY);
  const [control, telemetry] = await startBoth(
    startThread(dir, CONTROL, plans, maxBytes),
    startThread(dir, TELEMETRY, telemetryPlans, null),
  );
  const reader = new DatabaseSync(join(dir, CONTROL.file), { readOnly: true, timeout: 5_000 });
  const lane = controlLane(CONTROL.file, control, new SqliteSession(reader, plans));
  const searcher = new Searcher(TELEMETRY.file, setupOf(dir, TELEMETRY, telemetryPlans, null));
  const searches = telemetryLane(telemetry, () => searcher.thread());
  const closeAll = async (): Promise<void> => {
    await searcher.close();
    await Promise.all([control.close(), telemetry.close()]);
    reader.close();
    lock.release();
  };
  // Whoever worked on runs here is gone: this process has the directory.
  await lane.write('freeRuns', { opener: '' }).catch(async (thrown: unknown) => {
    await closeAll();
    throw thrown;
  });
  let closing: Promise<void> | undefined;
  return {
    resources: resourcesOver(lane),
    calls: callsOver(lane),
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
    plans: plansOver(lane),
    traces: tracesOver(searches),
    agentSpans: agentSpansOver(searches),
    sums: sumsOver(searches),
    usage: usageOver(searches),
    logs: logsOver(searches),
    room: roomOver(
      searches,
      diskOf(telemetry, () => searcher.thread()),
    ),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
};

const startThread = (...of: Parameters<typeof setupOf>): Promise<WriterThread> =>
  WriterThread.open(of[1].file, setupOf(...of));

const setupOf = (
  dir: string,
  { file, sync }: Layout,
  plans: readonly Plan[],
  maxBytes: number | null,
): WorkerSetup => ({ path: join(dir, file), plans, sync, maxBytes });

/** When one cannot start, the other is stopped before the failure is told. */
const startBoth = async (
  ...starting: readonly [Promise<WriterThread>, Promise<WriterThread>]
): Promise<readonly [WriterThread, WriterThread]> => {
  const settled = await Promise.allSettled(starting);
  if (settled.some(({ status }) => status === 'rejected')) {
    for (const started of settled) if (started.status === 'fulfilled') await started.value.close();
  }
  return Promise.all(starting);
};
