/** Finished calls in SQL: the event as text, beside it the few columns that somebody searches by. */
import type { ExpressionBuilder } from 'kysely';
import type { CallEvent } from '../../contract/index.ts';
import { MIN_PREFIX, NAMED_MATCHES } from '../identity.ts';
import type { Refusal } from '../refusals.ts';
import { type Db, type Session, statement } from './statement.ts';
import type { EventRow, Tables } from './tables.ts';

/** Null filters nothing. */
export interface EventFilter {
  readonly tenant: string | null;
  readonly status: string | null;
  readonly target: string | null;
  readonly principal: string | null;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly limit: number;
}

interface Lookup {
  readonly tenant: string | null;
  readonly id: string;
  readonly limit: number;
}

/** `end` is the smallest text after everything that begins with the prefix. */
interface PrefixLookup extends Lookup {
  readonly end: string;
}

type NewEvent = Omit<EventRow, 'seq'>;

type Column = 'tenant' | 'status' | 'target' | 'principal';

/** The cast tells PostgreSQL what a parameter is that is only held against null. */
const fits = (or: ExpressionBuilder<Tables, 'event'>, column: Column, wanted: string | null) =>
  or.or([or(or.cast(or.val(wanted), 'text'), 'is', null), or(column, '=', wanted)]);

const filtered = (db: Db, p: EventFilter) =>
  db
    .selectFrom('event')
    .select('body')
    .where('started_at', '>=', p.sinceMs)
    .where('started_at', '<=', p.untilMs)
    .where((or) => fits(or, 'status', p.status))
    .where((or) => fits(or, 'target', p.target))
    .where((or) => fits(or, 'principal', p.principal))
    .orderBy('started_at', 'desc')
    .orderBy('seq', 'desc')
    .limit(p.limit);

/** Distinct traces of the tenant's events; tenant null sees all. */
const traces = (db: Db, p: Lookup) =>
  db
    .selectFrom('event')
    .select('trace')
    .distinct()
    .where((or) => fits(or, 'tenant', p.tenant))
    .limit(p.limit);

const S = {
  insert: statement('events.insert', (db, p: NewEvent) =>
    db
      .insertInto('event')
      .values({
        trace: p.trace,
        call_id: p.call_id,
        span: p.span,
        node: p.node,
        tenant: p.tenant,
        target: p.target,
        principal: p.principal,
        status: p.status,
        started_at: p.started_at,
        body: p.body,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  recentAll: statement('events.recentAll', (db, p: EventFilter) => filtered(db, p)),
  recentOf: statement('events.recentOf', (db, p: EventFilter) => filtered(db, p).where('tenant', '=', p.tenant)),
  byTrace: statement('events.byTrace', (db, p: { tenant: string | null; trace: string }) =>
    db
      .selectFrom('event')
      .select('body')
      .where('trace', '=', p.trace)
      .where((or) => fits(or, 'tenant', p.tenant))
      .orderBy('started_at')
      .orderBy('seq'),
  ),
  traceExactly: statement('events.traceExactly', (db, p: Lookup) => traces(db, p).where('trace', '=', p.id)),
  callExactly: statement('events.callExactly', (db, p: Lookup) => traces(db, p).where('call_id', '=', p.id)),
  tracePrefix: statement('events.tracePrefix', (db, p: PrefixLookup) =>
    traces(db, p).where('trace', '>=', p.id).where('trace', '<', p.end),
  ),
  callPrefix: statement('events.callPrefix', (db, p: PrefixLookup) =>
    traces(db, p).where('call_id', '>=', p.id).where('call_id', '<', p.end),
  ),
  prune: statement('events.prune', (db, p: { beforeMs: number; limit: number }) =>
    db.deleteFrom('event').where('seq', 'in', (q) =>
      q
        .selectFrom('event')
        .select((column) => column.ref('seq').$notNull().as('seq'))
        .where('started_at', '<', p.beforeMs)
        .limit(p.limit),
    ),
  ),
};

export const eventStatements = Object.values(S);

/** Columns beside the text: to copy nine of them to the writer costs a fraction of parsing the text again there. */
export const eventRow = (event: CallEvent): NewEvent => ({
  trace: event.trace,
  call_id: event.callId,
  span: event.span,
  node: event.node,
  tenant: event.tenant,
  target: event.target.name,
  principal: event.principal?.id ?? null,
  status: event.status,
  started_at: event.startedAtMs,
  body: JSON.stringify(event),
});

export const appendEvents = async (session: Session, rows: readonly NewEvent[]): Promise<null> => {
  // All at once: a connection that answers later can send them one behind the other.
  await Promise.all(rows.map((row) => session.run(S.insert, row)));
  return null;
};

export const pruneEvents = (session: Session, args: { readonly beforeMs: number; readonly limit: number }) =>
  session.run(S.prune, args);

export const recentEvents = async (session: Session, filter: EventFilter): Promise<readonly string[]> => {
  const rows = await session.all(filter.tenant === null ? S.recentAll : S.recentOf, filter);
  return rows.map((row) => row.body);
};

export const readTrace = async (
  session: Session,
  { tenant, id }: { readonly tenant: string | null; readonly id: string },
): Promise<readonly string[] | Refusal> => {
  const found = await findTraces(session, { tenant, id, limit: NAMED_MATCHES + 1 });
  if (found === null) return { refusal: 'shortPrefix', details: [id] };
  if (found.length > 1) return { refusal: 'ambiguousPrefix', details: [id, found] };
  if (found[0] === undefined) return [];
  const rows = await session.all(S.byTrace, { tenant, trace: found[0] });
  return rows.map((row) => row.body);
};

/** Trace ids that an id means: exact ones win, then prefixes of trace and call ids alike. Null: too short to be a prefix. */
const findTraces = async (session: Session, lookup: Lookup): Promise<readonly string[] | null> => {
  for (const exactly of [S.traceExactly, S.callExactly]) {
    const rows = await session.all(exactly, lookup);
    if (rows.length > 0) return rows.map((row) => row.trace);
  }
  if (lookup.id.length < MIN_PREFIX) return null;
  const prefix = { ...lookup, end: `${lookup.id}\u{10FFFF}` };
  const rows = [...(await session.all(S.tracePrefix, prefix)), ...(await session.all(S.callPrefix, prefix))];
  return [...new Set(rows.map((row) => row.trace))];
};
