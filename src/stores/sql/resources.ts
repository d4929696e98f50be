/** Versioned desired state in SQL: a version is current from the revision that brought it until the one that ended it. */
import type { Revision } from '../../contract/index.ts';
import type { Refusal } from '../refusals.ts';
import { type Session, statement } from './statement.ts';
import type { ResourceRow, RevisionRow } from './tables.ts';

const S = {
  newest: statement('resources.newest', (db, _: Record<never, never>) =>
    db.selectFrom('revision').select('revision').orderBy('revision', 'desc').limit(1),
  ),
  /** The newest version ever, current or not. */
  lastVersion: statement('resources.last', (db, p: { key: string }) =>
    db
      .selectFrom('resource')
      .select(['version', 'ended_by'])
      .where('key', '=', p.key)
      .orderBy('version', 'desc')
      .limit(1),
  ),
  end: statement('resources.end', (db, p: { key: string; revision: number }) =>
    db.updateTable('resource').set({ ended_by: p.revision }).where('key', '=', p.key).where('ended_by', 'is', null),
  ),
  put: statement('resources.put', (db, p: Omit<ResourceRow, 'ended_by'>) =>
    db
      .insertInto('resource')
      .values({ key: p.key, version: p.version, revision: p.revision, ended_by: null, body: p.body }),
  ),
  revise: statement('resources.revise', (db, p: RevisionRow) =>
    db.insertInto('revision').values({
      revision: p.revision,
      at_ms: p.at_ms,
      author: p.author,
      reason: p.reason,
      rollback_of: p.rollback_of,
      put_keys: p.put_keys,
      deleted_keys: p.deleted_keys,
    }),
  ),
  listAt: statement('resources.list', (db, p: { revision: number }) =>
    db
      .selectFrom('resource')
      .select(['body', 'version', 'revision'])
      .where('revision', '<=', p.revision)
      .where((or) => or.or([or('ended_by', 'is', null), or('ended_by', '>', p.revision)]))
      .orderBy('key'),
  ),
  history: statement('resources.history', (db, p: { limit: number }) =>
    db.selectFrom('revision').selectAll().orderBy('revision', 'desc').limit(p.limit),
  ),
  historyOf: statement('resources.historyOf', (db, p: { key: string; limit: number }) =>
    db
      .selectFrom('revision')
      .selectAll()
      .where('revision', 'in', (q) =>
        q
          .selectFrom('resource')
          .select('revision')
          .where('key', '=', p.key)
          .union(
            q
              .selectFrom('resource')
              .select((column) => column.ref('ended_by').$notNull().as('revision'))
              .where('key', '=', p.key)
              .where('ended_by', 'is not', null),
          ),
      )
      .orderBy('revision', 'desc')
      .limit(p.limit),
  ),
  version: statement('resources.version', (db, p: { key: string; version: number }) =>
    db
      .selectFrom('resource')
      .select(['body', 'version', 'revision'])
      .where('key', '=', p.key)
      .where('version', '=', p.version),
  ),
};

export const resourceStatements = Object.values(S);

export interface CommitArgs {
  readonly puts: readonly { readonly key: string; readonly body: string }[];
  readonly deletes: readonly string[];
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  readonly ifRevision: number | null;
  readonly ifVersions: readonly (readonly [string, number])[];
  readonly rollbackOf: number | null;
}

/** INVARIANT: everything is checked before anything is written. */
export const commit = async (session: Session, args: CommitArgs): Promise<Revision | Refusal> => {
  const newest = await newestRevision(session);
  const refusal = await checkConditions(session, args, newest);
  if (refusal !== null) return refusal;
  const revision = newest + 1;
  for (const key of args.deletes) await session.run(S.end, { key, revision });
  for (const { key, body } of args.puts) {
    const [last] = await session.all(S.lastVersion, { key });
    await session.run(S.end, { key, revision });
    // Versions go on counting after a deletion, so that a number never means two things.
    await session.run(S.put, { key, version: (last?.version ?? 0) + 1, revision, body });
  }
  const row: RevisionRow = {
    revision,
    at_ms: args.atMs,
    author: args.by,
    reason: args.reason,
    rollback_of: args.rollbackOf,
    put_keys: JSON.stringify(args.puts.map((put) => put.key)),
    deleted_keys: JSON.stringify(args.deletes),
  };
  await session.run(S.revise, row);
  return revisionOf(row);
};

const checkConditions = async (session: Session, args: CommitArgs, newest: number): Promise<Refusal | null> => {
  if (args.ifRevision !== null && args.ifRevision !== newest)
    return { refusal: 'staleRevision', details: [args.ifRevision, newest] };
  for (const [key, expected] of args.ifVersions) {
    const actual = await currentVersion(session, key);
    if (actual !== expected) return { refusal: 'staleVersion', details: [key, expected, actual] };
  }
  for (const key of args.deletes) {
    if ((await currentVersion(session, key)) === 0) return { refusal: 'unknownResource', details: [key] };
  }
  return null;
};

/** 0 when it does not exist, or not any more. */
const currentVersion = async (session: Session, key: string): Promise<number> => {
  const [last] = await session.all(S.lastVersion, { key });
  return last === undefined || last.ended_by !== null ? 0 : last.version;
};

const newestRevision = async (session: Session): Promise<number> => (await session.all(S.newest, {}))[0]?.revision ?? 0;

export interface StoredText {
  readonly body: string;
  readonly version: number;
  readonly revision: number;
}

/** Null stands for the newest revision. What a revision holds never changes, so the two reads cannot disagree. */
export const listResources = async (
  session: Session,
  at: number | null,
): Promise<{ readonly revision: number; readonly rows: readonly StoredText[] } | Refusal> => {
  const newest = await newestRevision(session);
  const revision = at ?? newest;
  if (!Number.isInteger(revision) || revision < 0 || revision > newest)
    return { refusal: 'unknownRevision', details: [revision, newest] };
  return { revision, rows: await session.all(S.listAt, { revision }) };
};

export const readHistory = async (
  session: Session,
  { limit, key }: { readonly limit: number; readonly key: string | null },
): Promise<readonly Revision[]> => {
  const rows = await (key === null ? session.all(S.history, { limit }) : session.all(S.historyOf, { key, limit }));
  return rows.map(revisionOf);
};

export const readVersion = async (
  session: Session,
  args: { readonly key: string; readonly version: number },
): Promise<StoredText | undefined> => (await session.all(S.version, args))[0];

const revisionOf = (row: RevisionRow): Revision => ({
  revision: row.revision,
  atMs: row.at_ms,
  by: row.author,
  reason: row.reason,
  rollbackOf: row.rollback_of,
  put: JSON.parse(row.put_keys),
  deleted: JSON.parse(row.deleted_keys),
});
