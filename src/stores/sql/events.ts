/** Finished calls in SQL: the event as text, beside it the few columns that somebody searches by. */
import type { ExpressionBuilder } from 'kysely';
import type { CallEvent } from '../../contract/index.ts';
import { MIN_PREFIX, NAMED_MATCHES } from '../identity.ts';
import type { Refusal } from '../refusals.ts';
import { searched } from '../searched.ts';
import { eventTextBytes } from '../sizes.ts';
import { type Db, type Session, statement } from './statement.ts';
import { type AddSumsArgs, addSums } from './sums.ts';
import type { EventRow, SumColumns, Tables } from './tables.ts';
import { count } from './tally.ts';
import { type AddUsageArgs, addUsage } from './usage.ts';
import type { Used } from './usage-rows.ts';

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

/** One statement for each choice of columns: so each is answered by the index that fits it, and none looks at what it does not want. */
const recentBy = (...columns: readonly Column[]) =>
  statement(`events.recent.${columns.join('.')}`, (db, p: EventFilter) =>
    columns
      .reduce(
        (query, column) => query.where(column, '=', p[column]),
        db.selectFrom('event').select('body').where('started_at', '>=', p.sinceMs).where('started_at', '<=', p.untilMs),
      )
      .orderBy('started_at', 'desc')
      .orderBy('seq', 'desc')
      .limit(p.limit),
  );

const COLUMNS = ['tenant', 'principal', 'target', 'status'] as const satisfies readonly Column[];

/** Every choice of them, in their order. */
const CHOICES = COLUMNS.reduce<readonly (readonly Column[])[]>(
  (all, column) => all.concat(all.map((one) => [...one, column])),
  [[]],
);
const RECENT = new Map(CHOICES.map((columns) => [columns.join('.'), recentBy(...columns)]));

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
        worth: p.worth,
        bytes: p.bytes,
        body: p.body,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  /** The lock on what a node has handed over, so that hubs over one database take it one after the other. */
  taken: statement('events.taken', (db, p: { node: string; name: string }) =>
    db.updateTable('taken').set({ node: p.name }).where('node', '=', p.node).returningAll(),
  ),
  take: statement('events.take', (db, p: { node: string; epoch: string; seq: number }) =>
    db
      .insertInto('taken')
      .values({ node: p.node, epoch: p.epoch, seq: p.seq })
      .onConflict((conflict) => conflict.column('node').doUpdateSet({ epoch: p.epoch, seq: p.seq })),
  ),
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
    db
      .deleteFrom('event')
      .where('seq', 'in', (q) =>
        q
          .selectFrom('event')
          .select((column) => column.ref('seq').$notNull().as('seq'))
          .where('started_at', '<', p.beforeMs)
          .limit(p.limit),
      )
      .returning('bytes'),
  ),
};

export const eventStatements = [...Object.values(S), ...RECENT.values()];

/** Columns beside the text: to copy nine of them to the writer costs a fraction of parsing the text again there. */
export const eventRow = (event: CallEvent, worth: NewEvent['worth']): NewEvent => {
  const body = JSON.stringify(event);
  return { ...columnsOf(event), worth, bytes: eventTextBytes(body), body };
};

const columnsOf = (event: CallEvent): Omit<NewEvent, 'worth' | 'bytes' | 'body'> => ({
  trace: event.trace,
  call_id: event.callId,
  span: event.span,
  node: event.node,
  tenant: event.tenant,
  target: searched(event.target.name),
  principal: event.principal === null ? null : searched(event.principal.id),
  status: event.status,
  started_at: event.startedAtMs,
});

export interface AppendArgs {
  readonly rows: readonly NewEvent[];
  /** What they add to the sums; null: nothing. */
  readonly sums: AddSumsArgs | null;
  /** The same for the usage. */
  readonly usage: AddUsageArgs | null;
  /** Who counts them. */
  readonly part: string;
}

export const appendEvents = async (session: Session, { rows, sums, usage, part }: AppendArgs): Promise<null> => {
  // All at once: a connection that answers later can send them one behind the other.
  const inserted = await Promise.all(rows.map((row) => session.run(S.insert, row)));
  if (sums !== null) await addSums(session, sums);
  if (usage !== null) await addUsage(session, usage);
  await count(
    session,
    part,
    'event',
    1,
    rows.filter((_, at) => inserted[at] === 1),
  );
  return null;
};

/** `sum` and `usage`: what it adds to them; null: nothing. */
interface NewNumbered {
  readonly seq: number;
  readonly row: NewEvent;
  readonly sum: SumColumns | null;
  readonly usage: Used | null;
}

export interface TakeArgs {
  readonly node: string;
  readonly epoch: string;
  readonly events: readonly NewNumbered[];
  readonly onward: boolean;
  readonly most: number;
  readonly room: Omit<AddUsageArgs, 'used'>;
  readonly part: string;
}

/** One transaction for the events, for what they add to the sums, and for how far the node has come. */
export const takeEvents = async (
  session: Session,
  { node, epoch, events, room, part, ...counting }: TakeArgs,
): Promise<{ readonly before: number }> => {
  const [found] = await session.all(S.taken, { node, name: node });
  const before = found !== undefined && found.epoch === epoch ? found.seq : 0;
  const fresh = events.filter(({ seq }) => seq > before);
  const sums = fresh.flatMap(({ sum }) => sum ?? []);
  await appendEvents(session, {
    rows: fresh.map(({ row }) => row),
    sums: sums.length === 0 ? null : { ...counting, rows: sums },
    usage: { ...room, used: fresh.flatMap(({ usage }) => usage ?? []) },
    part,
  });
  const last = fresh.at(-1);
  if (last !== undefined) await session.run(S.take, { node, epoch, seq: last.seq });
  return { before };
};

export interface PruneArgs {
  readonly beforeMs: number;
  readonly limit: number;
  readonly part: string;
}

export const pruneEvents = async (session: Session, { part, ...args }: PruneArgs): Promise<number> => {
  const gone = await session.all(S.prune, args);
  await count(session, part, 'event', -1, gone);
  return gone.length;
};

export const recentEvents = async (session: Session, filter: EventFilter): Promise<readonly string[]> => {
  const wanted = COLUMNS.filter((column) => filter[column] !== null);
  const rows = await session.all(RECENT.get(wanted.join('.'))!, filter);
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
