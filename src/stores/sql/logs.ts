/** Logs in SQL: the record as text, beside it what it is searched by. Few are kept, and whoever looks wants the newest: calls alone are indexed. */
import { type Db, type Session, statement } from './statement.ts';
import type { LogRow } from './tables.ts';

export type NewLog = Omit<LogRow, 'seq'>;

/** Ends are the smallest texts behind everything that begins so. */
export interface AskedLogs {
  readonly tenant: string;
  readonly level: number;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly call: string;
  readonly callEnd: string;
  readonly trace: string;
  readonly traceEnd: string;
  readonly beforeSeq: number;
  readonly limit: number;
}

const fitting = (db: Db, p: AskedLogs) =>
  db
    .selectFrom('log')
    .select(['seq', 'body'])
    .where('seq', '<', p.beforeSeq)
    .where('tenant', '=', p.tenant)
    .where('level', '>=', p.level)
    .where('at_ms', '>=', p.sinceMs)
    .where('at_ms', '<=', p.untilMs)
    .where('trace', '>=', p.trace)
    .where('trace', '<', p.traceEnd)
    .orderBy('seq', 'desc')
    .limit(p.limit);

const S = {
  insert: statement('logs.insert', (db, p: NewLog) =>
    db.insertInto('log').values({
      ...{ at_ms: p.at_ms, tenant: p.tenant, level: p.level, call_id: p.call_id, trace: p.trace, body: p.body },
    }),
  ),
  newest: statement('logs.newest', (db, _: object) =>
    db.selectFrom('log').select('seq').orderBy('seq', 'desc').limit(1),
  ),
  trim: statement('logs.trim', (db, p: { upTo: number }) => db.deleteFrom('log').where('seq', '<=', p.upTo)),
  read: statement('logs.read', (db, p: AskedLogs) => fitting(db, p)),
  readOfCall: statement('logs.readOfCall', (db, p: AskedLogs) =>
    fitting(db, p).where('call_id', '>=', p.call).where('call_id', '<', p.callEnd),
  ),
  prune: statement('logs.prune', (db, p: { beforeMs: number; limit: number }) =>
    db.deleteFrom('log').where('seq', 'in', (q) =>
      q
        .selectFrom('log')
        .select((column) => column.ref('seq').$notNull().as('seq'))
        .where('at_ms', '<', p.beforeMs)
        .limit(p.limit),
    ),
  ),
};

export const logStatements = Object.values(S);

export interface AppendLogsArgs {
  readonly rows: readonly NewLog[];
  readonly most: number;
}

export const appendLogs = async (session: Session, { rows, most }: AppendLogsArgs): Promise<null> => {
  // One after the other: their order is the order of what happened.
  for (const row of rows) await session.run(S.insert, row);
  const [newest] = await session.all(S.newest, {});
  const upTo = (newest?.seq ?? 0) - most;
  if (upTo > 0) await session.run(S.trim, { upTo });
  return null;
};

export const readLogs = async (
  session: Session,
  asked: AskedLogs,
): Promise<readonly { readonly seq: number; readonly body: string }[]> =>
  (await session.all(asked.call === '' ? S.read : S.readOfCall, asked)).map(({ seq = 0, body }) => ({ seq, body }));

export const pruneLogs = (session: Session, args: { readonly beforeMs: number; readonly limit: number }) =>
  session.run(S.prune, args);
