/** Runs the commands of one event-loop turn as one transaction, so that all of them share one flush to the disk. */
import type pg from 'pg';
import type { StoreTopic } from '../../contract/index.ts';
import type { Session } from '../sql/index.ts';
import { nextOf } from '../sql/nodes.ts';
import type { Plans } from './database.ts';
import { LOCKS, subjectsOf } from './locks.ts';
import { PostgresSession } from './session.ts';
import { counterOf, topicsOf } from './topics.ts';

export interface Work {
  readonly name: string;
  readonly args: unknown;
  readonly run: (session: Session, args: unknown) => unknown;
}

export interface Committed {
  /** One per command, in order. */
  readonly answers: readonly unknown[];
  /** What others are told, with the new counters. */
  readonly told: readonly (readonly [StoreTopic, number])[];
}

/** The connection broke when the commit was on its way. `xid` can be asked for what became of it. */
export class LostCommit extends Error {
  readonly xid: string;
  readonly committed: Committed;

  constructor(xid: string, committed: Committed, cause: unknown) {
    super('the connection broke during a commit', { cause });
    this.xid = xid;
    this.committed = committed;
  }
}

export interface Place {
  readonly client: pg.Client;
  readonly schema: string;
  readonly plans: Plans;
}

/**
 * All or nothing. Throws `LostCommit` when nobody knows which, and what the driver throws when nothing was written.
 * The connection is a pipeline: `begin` and the first statements of all commands go out together.
 */
export const transact = async ({ client, schema, plans }: Place, work: readonly Work[]): Promise<Committed> => {
  const session = new PostgresSession(client, plans);
  const began = begin(client, schema, work);
  const [xid, answers] = await Promise.allSettled([began, runAll(session, work)]);
  let committed: Committed;
  try {
    if (xid.status === 'rejected') throw xid.reason;
    if (answers.status === 'rejected') throw answers.reason;
    committed = { answers: answers.value, told: await tell(client, session, schema, work) };
  } catch (thrown) {
    await client.query('rollback').catch(() => {});
    throw thrown;
  }
  try {
    await client.query('commit');
  } catch (cause) {
    throw new LostCommit(xid.value, committed, cause);
  }
  return committed;
};

/** Answers the number of the transaction, so that it can be asked for after an accident. */
const begin = async (client: pg.Client, schema: string, work: readonly Work[]): Promise<string> => {
  const started = client.query('begin');
  const locked = work.some(({ name, args }) => subjectsOf(name, args) === null)
    ? client.query({
        name: 'airspace.lock',
        text: 'select pg_advisory_xact_lock(hashtext($1), $2)',
        values: [schema, LOCKS.write],
      })
    : undefined;
  const numbered = client.query({ name: 'airspace.xid', text: 'select pg_current_xact_id()::text as xid' });
  const [, , { rows }] = await Promise.all([started, locked, numbered]);
  return rows[0].xid;
};

/**
 * Commands about the same thing run one after the other, those that want to be alone run alone, and the rest side by side.
 * Waits for all of them, also when one fails: nothing may be sent after the transaction is over.
 */
const runAll = async (session: Session, work: readonly Work[]): Promise<readonly unknown[]> => {
  const running: Promise<unknown>[] = [];
  const last = new Map<string, Promise<unknown>>();
  let barrier: Promise<unknown> | undefined;
  for (const { name, args, run } of work) {
    const subjects = subjectsOf(name, args);
    const before =
      subjects === null ? [...running] : [barrier, ...subjects.map((subject) => last.get(subject))].filter(isThere);
    const answer =
      before.length === 0 ? (async () => run(session, args))() : Promise.all(before).then(() => run(session, args));
    running.push(answer);
    if (subjects === null) barrier = answer;
    else for (const subject of subjects) last.set(subject, answer);
  }
  await Promise.allSettled(running);
  return Promise.all(running);
};

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

/** In the same transaction, and therefore heard when it is committed, or never. */
const tell = (
  client: pg.Client,
  session: Session,
  schema: string,
  work: readonly Work[],
): Promise<readonly (readonly [StoreTopic, number])[]> =>
  Promise.all(
    topicsOf(work.map(({ name }) => name)).map(async (topic) => {
      const [count] = await Promise.all([
        nextOf(session, { name: counterOf(topic) }),
        client.query({ name: 'airspace.notify', text: 'select pg_notify($1, $2)', values: [schema, topic] }),
      ]);
      return [topic, count] as const;
    }),
  );
