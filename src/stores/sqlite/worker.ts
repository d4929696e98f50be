/**
 * The thread that owns a connection to one database: flushes to the disk, and searches through much of it, stop this thread and no other.
 *
 * It starts without the query builder and without our schemas: what it runs was compiled by the thread that started it.
 */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { READERS, WRITERS } from '../sql/commands.ts';
import { type Outcome, type Run, runTogether } from './batch.ts';
import { configure, configureReader } from './pragmas.ts';
import { SqliteSession } from './session.ts';
import { SPACE_OPERATIONS } from './space.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './thread.ts';
import { troubleOf } from './trouble.ts';

const setup = workerData as WorkerSetup;
const port = parentPort!;
const answer = (message: FromWorker): void => port.postMessage(message);

const operations = { ...WRITERS, ...READERS, ...SPACE_OPERATIONS } as unknown as Readonly<Record<string, Run>>;

const open = (): { readonly db: DatabaseSync; readonly session: SqliteSession } => {
  const db = new DatabaseSync(setup.path, { readOnly: setup.readOnly === true });
  if (setup.readOnly === true) configureReader(db);
  else configure(db, setup);
  return { db, session: new SqliteSession(db, setup.plans) };
};

const serve = (): void => {
  const { db, session } = open();
  const handle = async (message: ToWorker): Promise<void> => {
    if (message.kind === 'close') {
      db.close();
      port.close();
      return;
    }
    const work = message.requests.map(({ name, args }) => ({ run: operations[name]!, args }));
    if (message.kind === 'write') {
      answer({ outcomes: await runTogether(db, session, work, troubleOf) });
    } else {
      const outcomes: Outcome[] = [];
      for (const { run, args } of work) {
        try {
          outcomes.push({ answer: await run(session, args) });
        } catch (thrown) {
          outcomes.push({ trouble: troubleOf(thrown) });
        }
      }
      answer({ outcomes });
    }
  };
  // Messages are handled one after another: a transaction may never see another one's statements.
  let last = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    last = last.then(() => handle(message));
  });
};

try {
  serve();
  answer({ outcomes: [] });
} catch (thrown) {
  answer({ outcomes: [{ trouble: troubleOf(thrown) }] });
  port.close();
}
