/** Runs the commands of one event-loop turn as one transaction, so that all of them share one flush to the disk. */
import type { DatabaseSync } from 'node:sqlite';
import type { Session } from '../sql/index.ts';
import type { Trouble } from './trouble.ts';

export type Run = (session: Session, args: unknown) => unknown;

export interface Work {
  readonly run: Run;
  readonly args: unknown;
}

export type Outcome = { readonly answer: unknown } | { readonly trouble: Trouble };

/**
 * One outcome per command, in order, after the commit. A command that throws undoes the shared transaction; then every
 * command gets one of its own, so that only those fail that would have failed alone.
 */
export const runTogether = async (
  db: DatabaseSync,
  session: Session,
  work: readonly Work[],
  describe: (thrown: unknown) => Trouble,
): Promise<readonly Outcome[]> => {
  try {
    return await transact(db, () => runInOrder(session, work));
  } catch {
    const outcomes: Outcome[] = [];
    for (const item of work) outcomes.push(await runAlone(db, session, item, describe));
    return outcomes;
  }
};

const runInOrder = async (session: Session, work: readonly Work[]): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const { run, args } of work) outcomes.push({ answer: await run(session, args) });
  return outcomes;
};

const runAlone = async (
  db: DatabaseSync,
  session: Session,
  { run, args }: Work,
  describe: (thrown: unknown) => Trouble,
): Promise<Outcome> => {
  try {
    return await transact(db, async () => ({ answer: await run(session, args) }));
  } catch (thrown) {
    return { trouble: describe(thrown) };
  }
};

const transact = async <T>(db: DatabaseSync, work: () => Promise<T>): Promise<T> => {
  db.exec('begin immediate');
  try {
    const result = await work();
    db.exec('commit');
    return result;
  } catch (thrown) {
    // A full disk or an I/O error may have rolled back already.
    if (db.isTransaction) db.exec('rollback');
    throw thrown;
  }
};
